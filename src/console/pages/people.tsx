import { Outlet, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { usePeople } from '../lib/queries.ts'
import { useRefusal } from '../lib/rights.ts'
import type { Person } from '../lib/types.ts'
import { State } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { PageHead } from '../ui/card.tsx'
import { ErrorNote, Skeleton } from '../ui/notes.tsx'
import { Table, type Column } from '../ui/table.tsx'
import { Code, Moment, Name } from '../ui/words.tsx'

export function PeoplePage() {
  const { t } = useTranslation()
  const people = usePeople()
  const navigate = useNavigate()
  const refused = useRefusal('create', 'people')
  const columns: readonly Column<Person>[] = [
    { id: 'name', head: t('people.name'), cell: ({ name }) => <Name>{name}</Name>, width: '22%' },
    { id: 'email', head: t('people.email'), cell: ({ email }) => <Code>{email}</Code> },
    { id: 'role', head: t('people.role'), cell: ({ role }) => t(`rights.roles.${role}`), width: '18%' },
    {
      id: 'seen',
      head: t('people.signedIn'),
      cell: ({ signedInAt }) => (signedInAt === null ? '' : <Moment at={signedInAt} show="ago" />),
      width: '16%',
      from: 'md',
    },
    {
      id: 'state',
      head: t('people.state'),
      cell: (person) => <PersonState of={person} />,
      width: '16%',
      phone: 'aside',
    },
  ]
  return (
    <>
      <PageHead
        title={t('nav.people')}
        about={t('people.pageAbout')}
        actions={
          <Button
            look="main"
            icon="plus"
            refused={refused}
            onClick={() => void navigate({ to: '/people/new' })}
          >
            {t('people.invite.title')}
          </Button>
        }
      />
      {people.error !== null && <ErrorNote error={people.error} retry={() => void people.refetch()} />}
      {people.data === undefined && people.error === null && <Skeleton className="h-60" />}
      {people.data !== undefined && (
        <Table
          label={t('nav.people')}
          columns={columns}
          rows={people.data}
          idOf={({ id }) => id}
          link={({ id }) => ({ to: '/people/$id', params: { id } })}
        />
      )}
      <Outlet />
    </>
  )
}

export function PersonState({ of }: { of: Person }) {
  const { t } = useTranslation()
  if (!of.active) return <State meaning="none" icon="off">{t('people.states.off')}</State> // prettier-ignore
  if (of.invited) return <State meaning="warn" icon="waiting">{t('people.states.invited')}</State> // prettier-ignore
  if (of.totp) return <State meaning="good" icon="proven">{t('people.states.codes')}</State> // prettier-ignore
  return <State meaning="none" icon="check">{t('people.states.active')}</State> // prettier-ignore
}
