import { Outlet, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../lib/format.ts'
import { useNow } from '../lib/now.ts'
import { useKeys } from '../lib/queries.ts'
import { useRefusal } from '../lib/rights.ts'
import type { Key } from '../lib/types.ts'
import { State } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { PageHead } from '../ui/card.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/notes.tsx'
import { Table, type Column } from '../ui/table.tsx'
import { Moment, Name } from '../ui/words.tsx'

export function KeysPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const keys = useKeys()
  const columns: readonly Column<Key>[] = [
    { id: 'name', head: t('keys.name'), cell: ({ name }) => <Name>{name}</Name>, width: '24%' },
    { id: 'role', head: t('people.role'), cell: ({ role }) => t(`rights.roles.${role}`), width: '18%' },
    {
      id: 'scopes',
      head: t('keys.scopes'),
      cell: ({ scopes }) => format.list(scopes.map((scope) => t(`keys.scope.${scope}`))),
    },
    {
      id: 'used',
      head: t('keys.used'),
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? '' : <Moment at={lastUsedAt} show="ago" />),
      width: '16%',
      from: 'md',
    },
    {
      id: 'state',
      head: t('people.state'),
      cell: (key) => <KeyState of={key} />,
      width: '15%',
      phone: 'aside',
    },
  ]
  return (
    <>
      <PageHead title={t('nav.keys')} about={t('keys.pageAbout')} actions={<AddKey />} />
      {keys.error !== null && <ErrorNote error={keys.error} retry={() => void keys.refetch()} />}
      {keys.data === undefined && keys.error === null && <Skeleton className="h-60" />}
      {keys.data?.length === 0 && (
        <EmptyState icon="key" title={t('keys.empty.title')} action={<AddKey />}>
          {t('keys.empty.text')}
        </EmptyState>
      )}
      {keys.data !== undefined && keys.data.length > 0 && (
        <Table
          label={t('nav.keys')}
          columns={columns}
          rows={keys.data}
          idOf={({ id }) => id}
          link={({ id }) => ({ to: '/keys/$id', params: { id } })}
        />
      )}
      <Outlet />
    </>
  )
}

function AddKey() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('create', 'api_keys')
  return (
    <Button look="main" icon="plus" refused={refused} onClick={() => void navigate({ to: '/keys/new' })}>
      {t('keys.new.title')}
    </Button>
  )
}

export function KeyState({ of: { revokedAt, expiresAt } }: { of: Key }) {
  const { t } = useTranslation()
  const now = useNow()
  if (revokedAt !== null) return <State meaning="none" icon="cancelled">{t('keys.states.revoked')}</State> // prettier-ignore
  if (expiresAt !== null && Date.parse(expiresAt) <= now.getTime())
    return <State meaning="none" icon="waiting">{t('keys.states.expired')}</State> // prettier-ignore
  return <State meaning="good" icon="check">{t('keys.states.good')}</State> // prettier-ignore
}
