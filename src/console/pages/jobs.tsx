import { Outlet, useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useFormat, type Format } from '../lib/format.ts'
import { JobAbout, JobState, secondsOf } from '../lib/job-words.tsx'
import { useNow } from '../lib/now.ts'
import { useJobs, useSources } from '../lib/queries.ts'
import type { Job, JobKind, JobProgress, JobStatus } from '../lib/types.ts'
import { PageHead } from '../ui/card.tsx'
import { FilterBar } from '../ui/filter-bar.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/notes.tsx'
import { Table, type Column } from '../ui/table.tsx'
import { Moment } from '../ui/words.tsx'

const statuses: readonly JobStatus[] = ['running', 'pending', 'completed', 'failed', 'cancelled']
const kinds: readonly JobKind[] = ['backup', 'drill', 'check', 'prune', 'refresh']

export function JobsPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const now = useNow()
  const search = useSearch({ from: '/app/jobs' })
  const navigate = useNavigate({ from: '/jobs' })
  const { status, kind, source, sort } = search
  const filtered = status !== undefined || kind !== undefined || source !== undefined
  const jobs = useJobs({ status, kind, source })
  const { data: sources = [], isLoading } = useSources()
  const waits = isLoading || (jobs.items === undefined && jobs.error === null)
  const set = (changed: Readonly<Record<string, string | undefined>>): void =>
    void navigate({ search: (old) => ({ ...old, ...changed }), replace: true })

  const columns: readonly Column<Job>[] = [
    {
      id: 'kind',
      head: t('jobs.kind'),
      cell: (job) => t(`jobs.kinds.${job.kind}`, { defaultValue: job.kind }),
      width: '19%',
    },
    { id: 'about', head: t('jobs.about'), cell: ({ about }) => <JobAbout of={about} /> },
    {
      id: 'status',
      head: t('jobs.status'),
      cell: (job) => <Status job={job} format={format} />,
      width: '18%',
      phone: 'aside',
    },
    {
      id: 'started',
      head: t('jobs.started'),
      cell: ({ startedAt, createdAt }) => <Moment at={startedAt ?? createdAt} />,
      sort: ({ createdAt }) => Date.parse(createdAt),
      width: '26%',
    },
    {
      id: 'duration',
      head: t('jobs.duration'),
      cell: (job) => durationOf(job, now, format),
      sort: (job) => secondsOf(job, now) ?? 0,
      width: '112px',
      end: true,
    },
  ]

  return (
    <>
      <PageHead title={t('nav.jobs')} about={t('jobs.pageAbout')} />
      {!waits && (
        <FilterBar
          filters={[
            {
              name: 'status',
              label: t('jobs.status'),
              value: status,
              choices: statuses.map((value) => ({ value, text: t(`jobs.statuses.${value}`) })),
            },
            {
              name: 'kind',
              label: t('jobs.kind'),
              value: kind,
              choices: kinds.map((value) => ({ value, text: t(`jobs.kinds.${value}`) })),
            },
            {
              name: 'source',
              label: t('sources.one'),
              value: source,
              choices: sources.map(({ name }) => ({ value: name, text: name })),
            },
          ]}
          onFilter={set}
        />
      )}
      {jobs.error !== null && <ErrorNote error={jobs.error} retry={() => void jobs.refetch()} />}
      {waits && <Skeleton className="h-80" />}
      {!waits &&
        jobs.items !== undefined &&
        (jobs.items.length === 0 ? (
          <EmptyState icon="jobs" title={t(filtered ? 'table.nothing' : 'jobs.empty.title')}>
            {t(filtered ? 'table.nothingText' : 'jobs.empty.text')}
          </EmptyState>
        ) : (
          <Table
            label={t('nav.jobs')}
            columns={columns}
            rows={jobs.items}
            idOf={({ id }) => id}
            link={({ id }) => ({ to: '/jobs/$id', params: { id }, search: true })}
            sort={sort}
            onSort={(next) => set({ sort: next })}
            onEnd={jobs.hasNextPage && !jobs.isFetchingNextPage ? () => void jobs.fetchNextPage() : undefined}
          />
        ))}
      <Outlet />
    </>
  )
}

function Status({ job, format }: { job: Job; format: Format }) {
  const percent = (job.progress as JobProgress | null)?.percent ?? null
  return (
    <span className="flex items-center gap-2">
      <JobState status={job.status} />
      {job.status === 'running' && percent !== null && (
        <bdi className="text-ink-3">{format.percent(percent / 100)}</bdi>
      )}
    </span>
  )
}

function durationOf(job: Job, now: Date, format: Format): string {
  const seconds = secondsOf(job, now)
  return seconds === null ? '' : format.seconds(seconds)
}
