import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError } from '../lib/api.ts'
import { DoorPage } from '../shell/door-page.tsx'
import { signIn, signInWithKey } from '../session.ts'
import { Button } from '../ui/button.tsx'
import { Input } from '../ui/field.tsx'
import { ErrorNote } from '../ui/notes.tsx'

export function SignInPage() {
  const { t } = useTranslation()
  const { to } = useSearch({ from: '/sign-in' })
  const navigate = useNavigate()
  const [withKey, setWithKey] = useState(false)
  const [given, setGiven] = useState({ email: '', password: '', code: '', key: '' })
  const [needsCode, setNeedsCode] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const set = (name: keyof typeof given) => (event: { target: { value: string } }) =>
    setGiven({ ...given, [name]: event.target.value })

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    setBusy(true)
    setError(null)
    const { email, password, code, key } = given
    try {
      if (withKey) await signInWithKey(key.trim())
      else await signIn({ email, password, ...(needsCode ? { code } : {}) })
      // Only to a page of the console: what stands in an address may come from anyone.
      await navigate({ href: to !== undefined && /^\/(?!\/)/.test(to) ? to : '/', replace: true })
    } catch (caught) {
      if (isApiError(caught, 'code_needed')) setNeedsCode(true)
      else setError(caught)
      setBusy(false)
    }
  }

  return (
    <DoorPage title={t('signIn.title')} about={t('signIn.about')}>
      <form className="grid gap-4" onSubmit={(event) => void submit(event)}>
        {withKey ? (
          <Input
            code
            required
            type="password"
            autoComplete="off"
            label={t('signIn.key')}
            hint={t('signIn.keyHint')}
            value={given.key}
            onChange={set('key')}
          />
        ) : (
          <>
            <Input
              required
              type="email"
              dir="ltr"
              autoComplete="username"
              label={t('signIn.email')}
              value={given.email}
              onChange={set('email')}
            />
            <Input
              required
              type="password"
              dir="ltr"
              autoComplete="current-password"
              label={t('signIn.password')}
              value={given.password}
              onChange={set('password')}
            />
            <Link
              to="/reset"
              className="-mt-2 justify-self-start py-0.5 text-sm text-accent-text underline-offset-2 hover:underline"
            >
              {t('signIn.forgot')}
            </Link>
            {needsCode && (
              <Input
                required
                code
                inputMode="numeric"
                autoComplete="one-time-code"
                label={t('signIn.code')}
                hint={t('signIn.codeHint')}
                value={given.code}
                onChange={set('code')}
              />
            )}
          </>
        )}
        {error !== null && <ErrorNote error={error} />}
        <Button type="submit" look="main" busy={busy} className="h-9 w-full">
          {t('signIn.submit')}
        </Button>
        <Button look="quiet" className="w-full" onClick={() => setWithKey(!withKey)}>
          {t(withKey ? 'signIn.useAccount' : 'signIn.useKey')}
        </Button>
      </form>
    </DoorPage>
  )
}
