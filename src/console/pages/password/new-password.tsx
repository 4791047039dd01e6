import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { DoorPage } from '../../shell/door-page.tsx'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { toast } from '../../ui/toast.tsx'

const least = 12

interface NewPasswordProps {
  /** Where the token of the address is redeemed. */
  readonly path: '/invitation' | '/reset/password'
  readonly title: string
  readonly about: string
  readonly withName?: boolean
}

/** Redeems a link that works once. */
export function NewPassword({ path, title, about, withName = false }: NewPasswordProps) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const short = password !== '' && password.length < least

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    if (password.length < least) return
    setBusy(true)
    try {
      const token = location.hash.slice(1)
      await request('POST', path, { body: { token, password, ...(withName ? { name } : {}) } })
      toast(t('password.done'))
      await navigate({ to: '/sign-in', replace: true })
    } catch (caught) {
      setError(caught)
      setBusy(false)
    }
  }

  return (
    <DoorPage title={title} about={about}>
      <form className="grid gap-4" onSubmit={(event) => void submit(event)}>
        {withName && (
          <Input
            required
            autoComplete="name"
            label={t('password.name')}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
        <Input
          required
          type="password"
          dir="ltr"
          autoComplete="new-password"
          label={t('password.new')}
          hint={t('password.hint', { count: least })}
          problem={short ? t('password.short', { count: least - password.length }) : null}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        {error !== null && <ErrorNote error={error} />}
        <Button type="submit" look="main" busy={busy} className="h-9 w-full">
          {t('password.submit')}
        </Button>
      </form>
    </DoorPage>
  )
}
