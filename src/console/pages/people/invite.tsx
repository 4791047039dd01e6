import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError, request } from '../../lib/api.ts'
import { useChange } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Invited, PersonInput } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { ErrorNote } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { LinkOnce } from './link-once.tsx'
import { rightsOf, RoleFields, type RoleAndSources } from './role-fields.tsx'

export function InvitePerson() {
  const { t, i18n } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('create', 'people')
  const [given, setGiven] = useState({ name: '', email: '' })
  const [rights, setRights] = useState<RoleAndSources>({ role: 'read_only_admin', sources: [] })
  const invite = useChange((body: PersonInput) => request<Invited>('POST', '/people', { body }), ['people'])
  const close = (): void => void navigate({ to: '/people' })

  function submit(event: FormEvent): void {
    event.preventDefault()
    invite.mutate({ ...given, ...rightsOf(rights), language: i18n.language === 'ar' ? 'ar' : 'en' })
  }

  if (invite.data !== undefined)
    return (
      <Sheet
        title={t('people.invite.done', { name: invite.data.person.name })}
        onClose={close}
        actions={<Button onClick={close}>{t('common.close')}</Button>}
      >
        <LinkOnce link={invite.data.link} />
      </Sheet>
    )
  return (
    <Sheet title={t('people.invite.title')} about={t('people.invite.about')} onClose={close}>
      <form className="grid gap-5" onSubmit={submit}>
        <Input
          required
          label={t('people.name')}
          value={given.name}
          onChange={(event) => setGiven({ ...given, name: event.target.value })}
        />
        <Input
          required
          type="email"
          dir="ltr"
          label={t('people.email')}
          problem={isApiError(invite.error, 'name_taken') ? t('people.invite.taken') : null}
          value={given.email}
          onChange={(event) => setGiven({ ...given, email: event.target.value })}
        />
        <RoleFields value={rights} onChange={setRights} />
        {invite.error !== null && !isApiError(invite.error, 'name_taken') && (
          <ErrorNote error={invite.error} />
        )}
        <div className="flex gap-2">
          <Button type="submit" look="main" busy={invite.isPending} refused={refused}>
            {t('people.invite.submit')}
          </Button>
          <Button onClick={close}>{t('common.cancel')}</Button>
        </div>
      </form>
    </Sheet>
  )
}
