import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../lib/api.ts'
import { DoorPage } from '../shell/door-page.tsx'
import { Button } from '../ui/button.tsx'
import { Input } from '../ui/field.tsx'
import { ErrorNote } from '../ui/notes.tsx'
import { NewPassword } from './password/new-password.tsx'

/** `/reset` asks for a link; the link leads to `/reset#TOKEN`, which asks for a new password. */
export function ResetPage() {
  const { t } = useTranslation()
  if (location.hash.length > 1)
    return <NewPassword to="reset" title={t('reset.newTitle')} about={t('reset.newAbout')} />
  return <AskForLink />
}

function AskForLink() {
  const { t } = useTranslation()
  const [email, setEmail] = useState('')
  const [sent, setSent] = useState(false)
  const [error, setError] = useState<unknown>(null)

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    try {
      await request('POST', '/reset', { body: { email } })
      setSent(true)
    } catch (caught) {
      setError(caught)
    }
  }

  return (
    <DoorPage title={t('reset.title')} about={t(sent ? 'reset.sent' : 'reset.about')}>
      {!sent && (
        <form className="grid gap-4" onSubmit={(event) => void submit(event)}>
          <Input
            required
            type="email"
            dir="ltr"
            autoComplete="username"
            label={t('signIn.email')}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
          {error !== null && <ErrorNote error={error} />}
          <Button type="submit" look="main" className="h-9 w-full">
            {t('reset.submit')}
          </Button>
        </form>
      )}
    </DoorPage>
  )
}
