import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError } from '../lib/api.ts'
import { useSignInWays } from '../lib/queries.ts'
import { DoorPage } from '../shell/door-page.tsx'
import { signIn, signInWithKey } from '../session.ts'
import { Button } from '../ui/button.tsx'
import { Input } from '../ui/field.tsx'
import { ErrorNote } from '../ui/notes.tsx'

type Step = 'password' | 'code' | 'key'

export function SignInPage() {
  const { t } = useTranslation()
  const { to, error: failed } = useSearch({ from: '/sign-in' })
  const navigate = useNavigate()
  const [step, setStep] = useState<Step>('password')
  const [given, setGiven] = useState({ email: '', password: '', code: '', key: '' })
  // What a provider sent back with, if it was not somebody.
  const [error, setError] = useState<unknown>(failed === undefined ? null : { code: failed })
  const [busy, setBusy] = useState(false)
  const set = (name: keyof typeof given) => (event: { target: { value: string } }) =>
    setGiven({ ...given, [name]: event.target.value })

  function go(next: Step): void {
    setStep(next)
    setError(null)
    setGiven({ ...given, code: '', key: '' })
  }

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    setBusy(true)
    setError(null)
    const { email, password, code, key } = given
    try {
      if (step === 'key') await signInWithKey(key.trim())
      else await signIn({ email, password, ...(step === 'code' ? { code: code.trim() } : {}) })
      // Only to a page of the console: what stands in an address may come from anyone.
      await navigate({ href: to !== undefined && /^\/(?![/\\])/.test(to) ? to : '/', replace: true })
    } catch (caught) {
      if (isApiError(caught, 'code_needed')) setStep('code')
      else setError(caught)
      setBusy(false)
      return
    }
    setBusy(false)
  }

  return (
    <DoorPage
      title={t(step === 'code' ? 'signIn.codeTitle' : 'signIn.title')}
      about={t(step === 'code' ? 'signIn.codeAbout' : 'signIn.about')}
    >
      <form className="grid gap-4" onSubmit={(event) => void submit(event)}>
        {step === 'password' && (
          <>
            <Input
              required
              autoFocus
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
          </>
        )}
        {step === 'code' && (
          <Input
            key="code"
            required
            autoFocus
            code
            inputMode="numeric"
            autoComplete="one-time-code"
            label={t('signIn.code')}
            hint={t('signIn.codeHint')}
            value={given.code}
            onChange={set('code')}
          />
        )}
        {step === 'key' && (
          <Input
            key="key"
            required
            autoFocus
            code
            type="password"
            autoComplete="off"
            label={t('signIn.key')}
            hint={t('signIn.keyHint')}
            value={given.key}
            onChange={set('key')}
          />
        )}
        {error !== null && <ErrorNote error={error} />}
        <Button type="submit" look="main" busy={busy} className="h-9 w-full">
          {t('signIn.submit')}
        </Button>
        {step === 'password' ? (
          <div className="flex flex-wrap justify-center gap-1">
            <Button asChild look="quiet">
              <Link to="/reset">{t('signIn.forgot')}</Link>
            </Button>
            <Button look="quiet" onClick={() => go('key')}>
              {t('signIn.useKey')}
            </Button>
          </div>
        ) : (
          <Button look="quiet" className="w-full" onClick={() => go('password')}>
            {t(step === 'code' ? 'common.back' : 'signIn.useAccount')}
          </Button>
        )}
      </form>
      {step === 'password' && <Providers />}
    </DoorPage>
  )
}

/** Where else somebody can sign in. */
function Providers() {
  const { t } = useTranslation()
  const providers = useSignInWays().data?.providers ?? []
  if (providers.length === 0) return null
  return (
    <div className="grid gap-2 border-t pt-5">
      {providers.map(({ name, path }) => (
        <Button key={name} asChild className="h-9 w-full">
          <a href={path}>{t('signIn.with', { name })}</a>
        </Button>
      ))}
    </div>
  )
}
