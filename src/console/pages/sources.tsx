import { Outlet, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { factsOf } from '../lib/backup-facts.ts'
import { BackupProof } from '../lib/backup-words.tsx'
import { useEach, useRepositories, useSources } from '../lib/queries.ts'
import { useRefusal } from '../lib/rights.ts'
import type { Backup, Source } from '../lib/types.ts'
import { useMay } from '../session.ts'
import { Button } from '../ui/button.tsx'
import { PageHead } from '../ui/card.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/notes.tsx'
import { Table, type Column } from '../ui/table.tsx'
import { Code, Moment, Name } from '../ui/words.tsx'

export function SourcesPage() {
  const { t } = useTranslation()
  const sources = useSources()
  const repositories = useRepositories().data ?? []
  const rows = sources.data ?? []
  const newest = useEach<Backup>('backups', rows.map(({ name }) => ({ source: name })), 1) // prettier-ignore
  const latest = (row: Source) => newest.lists[rows.indexOf(row)]?.map(factsOf)[0]
  const isKnown = (row: Source) => newest.lists[rows.indexOf(row)] !== undefined

  const seesStorage = useMay('read', 'repositories')
  const storage: Column<Source> = {
    id: 'storage',
    head: t('storage.one'),
    cell: (row) => <Name>{repositories.find(({ id }) => id === row.repositoryId)?.name ?? ''}</Name>,
    width: '14%',
    from: 'md',
  }
  const columns: readonly Column<Source>[] = [
    { id: 'name', head: t('sources.name'), cell: ({ name }) => <Name>{name}</Name>, width: '18%' },
    { id: 'address', head: t('sources.address'), cell: ({ address }) => <Code>{address}</Code> },
    ...(seesStorage ? [storage] : []),
    {
      id: 'latest',
      head: t('sources.latest'),
      cell: (row) => {
        const found = latest(row)
        if (!isKnown(row)) return null
        return found === undefined ? (
          <span className="text-ink-3">{t('sources.never')}</span>
        ) : (
          <Moment at={found.moment} show="ago" />
        )
      },
      width: '16%',
    },
    {
      id: 'proof',
      head: t('backups.proof'),
      cell: (row) => {
        const found = latest(row)
        return found === undefined ? null : <BackupProof of={found} />
      },
      width: '15%',
      phone: 'aside',
    },
  ]

  return (
    <>
      <PageHead title={t('nav.sources')} about={t('sources.pageAbout')} actions={<AddSource />} />
      {sources.error !== null && <ErrorNote error={sources.error} retry={() => void sources.refetch()} />}
      {sources.data === undefined && sources.error === null && <Skeleton className="h-60" />}
      {sources.data !== undefined &&
        (sources.data.length === 0 ? (
          <EmptyState icon="sources" title={t('sources.empty.title')} action={<AddSource />}>
            {t('sources.empty.text')}
          </EmptyState>
        ) : (
          <Table
            label={t('nav.sources')}
            columns={columns}
            rows={sources.data}
            idOf={({ id }) => id}
            link={({ name }) => ({ to: '/sources/$name', params: { name } })}
          />
        ))}
      <Outlet />
    </>
  )
}

function AddSource() {
  const { t } = useTranslation()
  const refused = useRefusal('create', 'sources')
  const navigate = useNavigate()
  return (
    <Button look="main" icon="plus" refused={refused} onClick={() => void navigate({ to: '/sources/new' })}>
      {t('sources.new.title')}
    </Button>
  )
}
