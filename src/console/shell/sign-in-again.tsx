import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useAsked } from '../lib/again.ts'
import { isApiError, request } from '../lib/api.ts'
import { useSignInWays } from '../lib/queries.ts'
import type { Me } from '../lib/types.ts'
import { begin, useSession } from '../session.ts'
import { Button } from '../ui/button.tsx'
import { Input } from '../ui/field.tsx'
import { ErrorNote } from '../ui/notes.tsx'
import { Dialog } from '../ui/overlay.tsx'

/** Asks whoever sits here to prove again who they are; what waited for it goes on by itself then. */
export function SignInAgain() {
  const answer = useAsked()
  return answer === null ? null : <Ask answer={answer} />
}

function Ask({ answer }: { answer: (proved: boolean) => void }) {
  const { t } = useTranslation()
  const session = useSession()
  const providers = useSignInWays().data?.providers ?? []
  const [given, setGiven] = useState({ password: '', code: '' })
  const [needsCode, setNeedsCode] = useState(session?.totp === true)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    setBusy(true)
    setError(null)
    const { password, code } = given
    try {
      const body = { password, ...(needsCode ? { code: code.trim() } : {}) }
      begin(await request<Me>('POST', '/session/confirm', { body }))
      answer(true)
    } catch (caught) {
      if (isApiError(caught, 'code_needed')) setNeedsCode(true)
      else setError(caught)
      setBusy(false)
    }
  }

  return (
    <Dialog title={t('again.title')} onClose={() => answer(false)}>
      <form className="grid gap-4" onSubmit={(event) => void submit(event)}>
        <p className="text-ink-2">{t('again.about')}</p>
        {/* For password managers: whose password it is. */}
        <input hidden readOnly autoComplete="username" value={session?.email ?? ''} />
        <Input
          required
          autoFocus
          type="password"
          dir="ltr"
          autoComplete="current-password"
          label={t('signIn.password')}
          value={given.password}
          onChange={(event) => setGiven({ ...given, password: event.target.value })}
        />
        {needsCode && (
          <Input
            required
            code
            inputMode="numeric"
            autoComplete="one-time-code"
            label={t('signIn.code')}
            hint={t('signIn.codeHint')}
            value={given.code}
            onChange={(event) => setGiven({ ...given, code: event.target.value })}
          />
        )}
        {error !== null && <ErrorNote error={error} />}
        <div className="flex flex-wrap justify-end gap-2">
          {providers.map(({ name, path }) => (
            <Button key={name} asChild look="quiet">
              <a href={`${path}?again`}>{t('again.at', { name })}</a>
            </Button>
          ))}
          <Button onClick={() => answer(false)}>{t('common.cancel')}</Button>
          <Button type="submit" look="main" busy={busy}>
            {t('again.submit')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
