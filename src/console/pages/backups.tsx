import { Outlet, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { factsOf, proofOf, type BackupFacts } from '../lib/backup-facts.ts'
import { BackupProof, pointOf } from '../lib/backup-words.tsx'
import { useFormat } from '../lib/format.ts'
import { useBackups, useRepositories, useSources } from '../lib/queries.ts'
import { useRefusal } from '../lib/rights.ts'
import { useMay } from '../session.ts'
import { Button } from '../ui/button.tsx'
import { Card, PageHead } from '../ui/card.tsx'
import { FilterBar } from '../ui/filter-bar.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/notes.tsx'
import { Table, type Column } from '../ui/table.tsx'
import { Timeline, TimelineKey } from '../ui/timeline.tsx'
import { Bytes, Count, Moment, Name } from '../ui/words.tsx'

export function BackupsPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const { source, repository, sort } = useSearch({ from: '/app/backups' })
  const { id: selected } = useParams({ strict: false })
  const navigate = useNavigate()
  const backups = useBackups({ source, repository })
  const asked = [useSources(), useRepositories()] as const
  const [sources, repositories] = [asked[0].data ?? [], asked[1].data ?? []]
  const seesStorage = useMay('read', 'repositories')
  const rows = useMemo(() => (backups.items ?? []).map(factsOf), [backups.items])
  const nameOf = new Map(sources.map(({ id, name }) => [id, name]))
  const waits =
    asked.some(({ isLoading }) => isLoading) || (backups.items === undefined && backups.error === null)
  const filtered = source !== undefined || repository !== undefined
  const set = (changed: Readonly<Record<string, string | undefined>>): void =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...changed }), replace: true })

  const columns: readonly Column<BackupFacts>[] = [
    {
      id: 'moment',
      head: t('backups.moment'),
      cell: ({ moment }) => <Moment at={moment} />,
      sort: ({ moment }) => moment,
      width: '26%',
    },
    {
      id: 'source',
      head: t('sources.one'),
      cell: ({ sourceId }) => <Name>{nameOf.get(sourceId ?? '') ?? t('backups.otherSource')}</Name>,
    },
    { id: 'name', head: t('backups.name'), cell: (row) => <Label of={row} />, from: 'lg' },
    {
      id: 'proof',
      head: t('backups.proof'),
      cell: (row) => <BackupProof of={row} />,
      sort: proofOf,
      width: '17%',
      phone: 'aside',
    },
    {
      id: 'rows',
      head: t('backups.rows'),
      cell: ({ rows: count }) => <Count of={count} />,
      sort: (row) => row.rows,
      width: '104px',
      end: true,
      phone: 'none',
    },
    {
      id: 'new',
      head: t('backups.new_'),
      cell: ({ newBytes }) => <Bytes of={newBytes} />,
      sort: (row) => row.newBytes,
      width: '104px',
      end: true,
    },
    {
      id: 'duration',
      head: t('jobs.duration'),
      cell: ({ seconds }) => (seconds === null ? '' : format.seconds(seconds)),
      sort: ({ seconds }) => seconds ?? 0,
      width: '96px',
      end: true,
      phone: 'none',
      from: 'lg',
    },
  ]

  return (
    <>
      <PageHead title={t('nav.backups')} about={t('backups.pageAbout')} actions={<BackUpNow />} />
      {!waits && rows.length > 0 && (source !== undefined || sources.length === 1) && (
        <History rows={rows} selected={selected} />
      )}
      {!waits && (
        <FilterBar
          filters={[
            {
              name: 'source',
              label: t('sources.one'),
              value: source,
              choices: sources.map(({ name }) => ({ value: name, text: name })),
            },
            ...(seesStorage
              ? [
                  {
                    name: 'repository',
                    label: t('storage.one'),
                    value: repository,
                    choices: repositories.map(({ name }) => ({ value: name, text: name })),
                  },
                ]
              : []),
          ]}
          onFilter={set}
        />
      )}
      {backups.error !== null && <ErrorNote error={backups.error} retry={() => void backups.refetch()} />}
      {waits && <Skeleton className="h-80" />}
      {!waits &&
        backups.items !== undefined &&
        (rows.length === 0 ? (
          <EmptyState
            icon="backups"
            title={t(filtered ? 'table.nothing' : 'backups.empty.title')}
            action={filtered ? undefined : <BackUpNow />}
          >
            {t(filtered ? 'table.nothingText' : 'backups.empty.text')}
          </EmptyState>
        ) : (
          <Table
            label={t('nav.backups')}
            columns={columns}
            rows={rows}
            idOf={({ id, repositoryId }) => `${repositoryId}/${id}`}
            link={({ id }) => ({ to: '/backups/$id', params: { id }, search: true })}
            sort={sort}
            onSort={(next) => set({ sort: next })}
            onEnd={
              backups.hasNextPage && !backups.isFetchingNextPage
                ? () => void backups.fetchNextPage()
                : undefined
            }
          />
        ))}
      <Outlet />
    </>
  )
}

function BackUpNow() {
  const { t } = useTranslation()
  const refused = useRefusal('create', 'jobs')
  const navigate = useNavigate()
  return (
    <Button
      look="main"
      icon="plus"
      refused={refused}
      onClick={() => void navigate({ to: '/backups/new', search: true })}
    >
      {t('backups.new.title')}
    </Button>
  )
}

/** What it is called; otherwise what kind it is. */
function Label({ of: { name, kind, pins } }: { of: BackupFacts }) {
  const { t } = useTranslation()
  return (
    <span className="text-ink-2">
      {name === null ? t(`backups.kinds.${kind}`, { defaultValue: kind }) : <bdi>{name}</bdi>}
      {pins.length > 0 && ` · ${t('timeline.pinned')}`}
    </span>
  )
}

function History({ rows, selected }: { rows: readonly BackupFacts[]; selected: string | undefined }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const points = useMemo(() => rows.map(pointOf), [rows])
  const first = Math.min(...points.map(({ at }) => at))
  const last = Math.max(...points.map(({ at }) => at))
  // A little before the first, so that it does not stand at the edge.
  const from = first - Math.max((last - first) * 0.03, 3_600_000)
  return (
    <Card className="mb-5 grid gap-2 px-4 pt-4 pb-3">
      <Timeline
        label={t('backups.timeline')}
        points={points}
        from={from}
        selected={selected}
        onSelect={({ id }) =>
          void navigate({ to: '/backups/$id', params: { id }, search: true, replace: selected !== undefined })
        }
      />
      <TimelineKey />
    </Card>
  )
}
