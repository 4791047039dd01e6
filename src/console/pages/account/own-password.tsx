import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useChange } from '../../lib/queries.ts'
import type { Me } from '../../lib/types.ts'
import { begin } from '../../session.ts'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { toast } from '../../ui/toast.tsx'
import { longEnough, PasswordInput } from '../password/password-input.tsx'

export function OwnPassword() {
  const { t } = useTranslation()
  const [given, setGiven] = useState({ current: '', password: '' })
  const change = useChange(() => request<Me>('POST', '/me/password', { body: given }), ['me'])

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (!longEnough(given.password)) return
    change.mutate(undefined, {
      onSuccess(me) {
        // All sessions have ended, and this one is another.
        begin(me)
        setGiven({ current: '', password: '' })
        toast(t('me.password.done'))
      },
    })
  }

  return (
    <section className="grid gap-4">
      <h2 className="text-lg">{t('me.password.title')}</h2>
      <form className="grid gap-4" onSubmit={submit}>
        <Input
          required
          type="password"
          dir="ltr"
          autoComplete="current-password"
          label={t('me.password.current')}
          value={given.current}
          onChange={(event) => setGiven({ ...given, current: event.target.value })}
        />
        <PasswordInput
          label={t('password.new')}
          value={given.password}
          onChange={(password) => setGiven({ ...given, password })}
        />
        {change.error !== null && <ErrorNote error={change.error} />}
        <div>
          <Button type="submit" busy={change.isPending}>
            {t('password.submit')}
          </Button>
        </div>
      </form>
    </section>
  )
}
