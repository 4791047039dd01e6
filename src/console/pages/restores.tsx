import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useNow } from '../lib/now.ts'
import { useRestores, useSources } from '../lib/queries.ts'
import { stageOf } from '../lib/restore-stage.ts'
import { RestoreState } from '../lib/restore-words.tsx'
import { useRefusal } from '../lib/rights.ts'
import type { RestoreSummary } from '../lib/types.ts'
import { Button } from '../ui/button.tsx'
import { PageHead } from '../ui/card.tsx'
import { FilterBar } from '../ui/filter-bar.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/notes.tsx'
import { Table, type Column } from '../ui/table.tsx'
import { Code, Moment, Name } from '../ui/words.tsx'

export function RestoresPage() {
  const { t } = useTranslation()
  const { source } = useSearch({ from: '/app/restores' })
  const navigate = useNavigate({ from: '/restores' })
  const now = useNow()
  const restores = useRestores({ source })
  const { data: sources = [], isLoading } = useSources()
  const { items, error } = restores
  const waits = isLoading || (items === undefined && error === null)

  const columns: readonly Column<RestoreSummary>[] = [
    {
      id: 'when',
      head: t('restores.when.head'),
      cell: ({ createdAt }) => <Moment at={createdAt} />,
      width: '24%',
    },
    {
      id: 'kind',
      head: t('restores.kind'),
      cell: ({ kind, place }) => t(`restores.kinds.${kind === 'restore' ? (place === 'new' ? 'copy' : 'place') : kind}`), // prettier-ignore
      width: '18%',
    },
    { id: 'source', head: t('sources.one'), cell: (row) => <Name>{row.source}</Name>, width: '16%' },
    {
      id: 'database',
      head: t('restores.database'),
      cell: ({ database }) => (database === null ? null : <Code>{database}</Code>),
      from: 'md',
    },
    {
      id: 'state',
      head: t('jobs.status'),
      cell: (row) => <RestoreState of={stageOf(row, now)} />,
      width: '20%',
      phone: 'aside',
    },
  ]

  return (
    <>
      <PageHead title={t('nav.restores')} about={t('restores.pageAbout')} actions={<BeginRestore />} />
      {!waits && sources.length > 1 && (
        <FilterBar
          filters={[
            {
              name: 'source',
              label: t('sources.one'),
              value: source,
              choices: sources.map(({ name }) => ({ value: name, text: name })),
            },
          ]}
          onFilter={(changed) => void navigate({ search: (old) => ({ ...old, ...changed }), replace: true })}
        />
      )}
      {error !== null && <ErrorNote error={error} retry={() => void restores.refetch()} />}
      {waits && <Skeleton className="h-60" />}
      {!waits &&
        items !== undefined &&
        (items.length === 0 ? (
          <EmptyState
            icon="restores"
            title={t(source === undefined ? 'restores.empty.title' : 'table.nothing')}
            action={source === undefined ? <BeginRestore /> : undefined}
          >
            {t(source === undefined ? 'restores.empty.text' : 'table.nothingText')}
          </EmptyState>
        ) : (
          <Table
            label={t('nav.restores')}
            columns={columns}
            rows={items}
            idOf={({ id }) => id}
            link={({ id }) => ({ to: '/restores/$id', params: { id } })}
            onEnd={
              restores.hasNextPage && !restores.isFetchingNextPage
                ? () => void restores.fetchNextPage()
                : undefined
            }
          />
        ))}
    </>
  )
}

function BeginRestore() {
  const { t } = useTranslation()
  const refused = useRefusal('create', 'restores')
  const navigate = useNavigate()
  return (
    <Button
      look="main"
      icon="restores"
      refused={refused}
      onClick={() => void navigate({ to: '/restores/new' })}
    >
      {t('restores.new.title')}
    </Button>
  )
}
