import { Outlet, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../lib/format.ts'
import { useEach, useRepositories, useSources } from '../lib/queries.ts'
import { useRefusal } from '../lib/rights.ts'
import { useSending } from '../lib/uploads.ts'
import type { Backup, Repository } from '../lib/types.ts'
import { Button } from '../ui/button.tsx'
import { PageHead } from '../ui/card.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/notes.tsx'
import { Table, type Column } from '../ui/table.tsx'
import { Code, Moment, Name } from '../ui/words.tsx'
import { SendingCard } from './storage/sending.tsx'

export function StoragePage() {
  const { t } = useTranslation()
  const format = useFormat()
  const repositories = useRepositories()
  const { data: sources = [], isLoading } = useSources()
  // Nothing is counted before all of it is known.
  const waits = repositories.data === undefined || isLoading
  const rows = repositories.data ?? []
  const sending = useSending()
  const newest = useEach<Backup>('backups', rows.map(({ name }) => ({ repository: name })), 1) // prettier-ignore
  const listOf = (row: Repository) => newest.lists[rows.indexOf(row)]

  const columns: readonly Column<Repository>[] = [
    { id: 'name', head: t('storage.name'), cell: ({ name }) => <Name>{name}</Name>, width: '18%' },
    {
      id: 'address',
      head: t('storage.address'),
      cell: ({ kind, address }) =>
        kind === 'upload' ? (
          <span className="text-ink-2">{t('uploads.archive')}</span>
        ) : (
          <Code>{address}</Code>
        ),
    },
    {
      id: 'sources',
      head: t('nav.sources'),
      cell: (row) => {
        if (row.kind === 'upload') return null
        const count = sources.filter(({ repositoryId }) => repositoryId === row.id).length
        return t('units.sources', { count, value: format.number(count) })
      },
      width: '14%',
      from: 'md',
    },
    {
      id: 'latest',
      head: t('sources.latest'),
      cell: (row) => {
        const list = listOf(row)
        if (list === undefined) return null
        const [latest] = list
        return latest === undefined ? (
          <span className="text-ink-3">{t('sources.never')}</span>
        ) : (
          <Moment at={latest.moment} show="ago" />
        )
      },
      width: '16%',
    },
  ]

  return (
    <>
      <PageHead title={t('nav.storage')} about={t('storage.pageAbout')} actions={<Actions />} />
      {sending !== null && (
        <div className="mb-5">
          <SendingCard of={sending} />
        </div>
      )}
      {repositories.error !== null && (
        <ErrorNote error={repositories.error} retry={() => void repositories.refetch()} />
      )}
      {waits && repositories.error === null && <Skeleton className="h-60" />}
      {!waits &&
        repositories.data !== undefined &&
        (repositories.data.length === 0 ? (
          <EmptyState icon="storage" title={t('storage.empty.title')} action={<AddRepository />}>
            {t('storage.empty.text')}
          </EmptyState>
        ) : (
          <Table
            label={t('nav.storage')}
            columns={columns}
            rows={repositories.data}
            idOf={({ id }) => id}
            link={({ name }) => ({ to: '/storage/$name', params: { name } })}
          />
        ))}
      <Outlet />
    </>
  )
}

function Actions() {
  const { t } = useTranslation()
  const refused = useRefusal('create', 'repositories')
  const navigate = useNavigate()
  return (
    <>
      <Button icon="upload" refused={refused} onClick={() => void navigate({ to: '/storage/upload' })}>
        {t('uploads.verb')}
      </Button>
      <AddRepository />
    </>
  )
}

function AddRepository() {
  const { t } = useTranslation()
  const refused = useRefusal('create', 'repositories')
  const navigate = useNavigate()
  return (
    <Button look="main" icon="plus" refused={refused} onClick={() => void navigate({ to: '/storage/new' })}>
      {t('storage.new.title')}
    </Button>
  )
}
