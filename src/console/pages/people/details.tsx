import { useNavigate, useParams } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../../lib/api.ts'
import { useChange, usePeople } from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import type { Link, Person, PersonChange } from '../../lib/types.ts'
import { useSession } from '../../session.ts'
import { Button } from '../../ui/button.tsx'
import { Facts, SectionHead } from '../../ui/card.tsx'
import { Input } from '../../ui/field.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../../ui/notes.tsx'
import { ConfirmDialog, Sheet } from '../../ui/overlay.tsx'
import { toast } from '../../ui/toast.tsx'
import { Code, Moment, Name } from '../../ui/words.tsx'
import { PersonState } from '../people.tsx'
import { LinkOnce } from './link-once.tsx'
import { rightsOf, RoleFields, type RoleAndSources } from './role-fields.tsx'

export function PersonDetails() {
  const { t } = useTranslation()
  const { id } = useParams({ from: '/app/people/$id' })
  const navigate = useNavigate()
  const people = usePeople()
  const person = people.data?.find((one) => one.id === id)
  const close = (): void => void navigate({ to: '/people' })
  if (person !== undefined) return <Details key={person.changedAt} person={person} onClose={close} />
  return (
    <Sheet title={t('people.one')} onClose={close}>
      {people.error !== null ? (
        <ErrorNote error={people.error} />
      ) : people.data === undefined ? (
        <Skeleton />
      ) : (
        <EmptyState icon="person" title={t('people.gone.title')}>
          {t('people.gone.text')}
        </EmptyState>
      )}
    </Sheet>
  )
}

function Details({ person, onClose }: { person: Person; onClose: () => void }) {
  const { t } = useTranslation()
  const refused = useRefusal('change', 'people')
  const { id, name, email, active } = person
  const [given, setGiven] = useState({ name, email })
  const [rights, setRights] = useState<RoleAndSources>({ role: person.role, sources: person.sources })
  const change = useChange(
    (body: PersonChange) => request<Person>('PATCH', `/people/${id}`, { body }),
    ['people'],
  )

  function submit(event: FormEvent): void {
    event.preventDefault()
    change.mutate({ ...given, ...rightsOf(rights) }, { onSuccess: () => toast(t('people.saved')) })
  }

  const facts = [
    { name: t('people.state'), value: <PersonState of={person} /> },
    {
      name: t('people.signedIn'),
      value: person.signedInAt === null ? t('people.never') : <Moment at={person.signedInAt} />,
    },
    { name: t('people.codes'), value: t(person.totp ? 'people.codesOn' : 'people.codesOff') },
    { name: t('common.added'), value: <Moment at={person.createdAt} /> },
  ]
  return (
    <Sheet
      title={<Name>{name}</Name>}
      about={<Code>{email}</Code>}
      onClose={onClose}
      actions={
        <>
          <EndSessions person={person} />
          <Button
            icon={active ? 'off' : 'check'}
            refused={refused}
            busy={change.isPending}
            onClick={() => change.mutate({ active: !active })}
          >
            {t(active ? 'people.disable' : 'people.enable')}
          </Button>
          <Remove person={person} onDone={onClose} />
        </>
      }
    >
      <Facts facts={facts} />
      <section className="grid gap-3">
        <SectionHead>{t('people.edit')}</SectionHead>
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
            value={given.email}
            onChange={(event) => setGiven({ ...given, email: event.target.value })}
          />
          <RoleFields value={rights} onChange={setRights} />
          {change.error !== null && <ErrorNote error={change.error} />}
          <div>
            <Button type="submit" look="main" refused={refused} busy={change.isPending}>
              {t('common.save')}
            </Button>
          </div>
        </form>
      </section>
      <NewLink person={person} />
    </Sheet>
  )
}

function NewLink({ person }: { person: Person }) {
  const { t } = useTranslation()
  const refused = useRefusal('change', 'people')
  const make = useChange(() => request<Link>('POST', `/people/${person.id}/link`), [])
  return (
    <section className="grid justify-items-start gap-3">
      <SectionHead>{t('people.link.title')}</SectionHead>
      <p className="text-ink-2">{t(person.invited ? 'people.link.again' : 'people.link.reset')}</p>
      {make.data !== undefined && <LinkOnce link={make.data} />}
      {make.error !== null && <ErrorNote error={make.error} />}
      <Button
        icon="key"
        refused={person.active ? refused : t('people.link.off')}
        busy={make.isPending}
        onClick={() => make.mutate(undefined)}
      >
        {t('people.link.make')}
      </Button>
    </section>
  )
}

function EndSessions({ person }: { person: Person }) {
  const { t } = useTranslation()
  const refused = useRefusal('change', 'people')
  const end = useChange(() => request<{ ended: number }>('DELETE', `/people/${person.id}/sessions`), [])
  return (
    <Button
      icon="leave"
      refused={refused}
      busy={end.isPending}
      onClick={() =>
        end.mutate(undefined, {
          onSuccess: ({ ended }) => toast(t('people.ended', { count: ended })),
          onError: ({ message }) => toast(message, 'bad'),
        })
      }
    >
      {t('people.end')}
    </Button>
  )
}

function Remove({ person, onDone }: { person: Person; onDone: () => void }) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState(false)
  const may = useRefusal('remove', 'people')
  const own = useSession()?.id === person.id
  const remove = useChange(() => request('DELETE', `/people/${person.id}`), ['people'])
  return (
    <>
      <Button
        look="quiet"
        icon="trash"
        refused={own ? t('people.remove.own') : may}
        onClick={() => setAsked(true)}
      >
        {t('people.remove.verb')}
      </Button>
      {asked && (
        <ConfirmDialog
          title={t('people.remove.title', { name: person.name })}
          typed={person.email}
          verb={t('people.remove.verb')}
          busy={remove.isPending}
          onClose={() => setAsked(false)}
          onConfirm={() =>
            remove.mutate(undefined, {
              onSuccess() {
                toast(t('people.remove.done', { name: person.name }))
                onDone()
              },
            })
          }
        >
          <p>{t('people.remove.text')}</p>
          {remove.error !== null && <ErrorNote error={remove.error} />}
        </ConfirmDialog>
      )}
    </>
  )
}
