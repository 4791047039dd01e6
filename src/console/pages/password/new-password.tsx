import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError, request } from '../../lib/api.ts'
import type { Me } from '../../lib/types.ts'
import { begin } from '../../session.ts'
import { DoorPage } from '../../shell/door-page.tsx'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { toast } from '../../ui/toast.tsx'
import { PasswordInput, longEnough } from './password-input.tsx'

interface NewPasswordProps {
  /** What the link of the address is for. An invitation also signs in. */
  readonly to: 'invitation' | 'reset'
  readonly title: string
  readonly about: string
}

/** Redeems a link that works once. */
export function NewPassword({ to, title, about }: NewPasswordProps) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  // Only the link of the first administrator is nobody's yet, which the service tells when it is used.
  const [needsEmail, setNeedsEmail] = useState(false)
  const [password, setPassword] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    if (!longEnough(password)) return
    setBusy(true)
    setError(null)
    try {
      await redeem()
    } catch (caught) {
      if (to === 'invitation' && !needsEmail && isApiError(caught, 'request_invalid')) setNeedsEmail(true)
      else setError(caught)
      setBusy(false)
    }
  }

  async function redeem(): Promise<void> {
    const link = location.hash.slice(1)
    if (to === 'reset') {
      await request('POST', '/reset/confirm', { body: { link, password } })
      toast(t('password.done'))
      return await navigate({ to: '/sign-in', replace: true })
    }
    const more = { ...(name === '' ? {} : { name }), ...(needsEmail ? { email } : {}) }
    begin(await request<Me>('POST', '/invitation', { body: { link, password, ...more } }))
    await navigate({ to: '/', replace: true })
  }

  return (
    <DoorPage title={title} about={about}>
      <form className="grid gap-4" onSubmit={(event) => void submit(event)}>
        {needsEmail && (
          <Input
            required
            autoFocus
            type="email"
            dir="ltr"
            autoComplete="username"
            label={t('signIn.email')}
            hint={t('password.emailHint')}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        )}
        {to === 'invitation' && (
          <Input
            autoComplete="name"
            label={t('password.name')}
            optional={t('common.optional')}
            hint={t('password.nameHint')}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
        <PasswordInput label={t('password.new')} value={password} onChange={setPassword} />
        {error !== null && <ErrorNote error={error} />}
        <Button type="submit" look="main" busy={busy} className="h-9 w-full">
          {t(to === 'invitation' ? 'password.open' : 'password.submit')}
        </Button>
      </form>
    </DoorPage>
  )
}
