import { Link, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { factsOf } from '../lib/backup-facts.ts'
import { useFormat } from '../lib/format.ts'
import { useNow } from '../lib/now.ts'
import { useEach, useJobs, useRunningJobs, useSchedules, useSources } from '../lib/queries.ts'
import { useRefusal } from '../lib/rights.ts'
import type { Backup, Job } from '../lib/types.ts'
import { Button } from '../ui/button.tsx'
import { PageHead } from '../ui/card.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/notes.tsx'
import { Lately } from './overview/lately.tsx'
import { RunningJobs } from './overview/running.tsx'
import { SourceCard } from './overview/source-card.tsx'
import { stateOf } from './overview/state.ts'
import { useStateSentence } from './overview/sentence.ts'

const urgency = { bad: 0, warn: 1, busy: 2, none: 2, good: 3 } as const

/** Am I safe, yes or no, and if no, what do I do. */
export function OverviewPage() {
  const { t } = useTranslation()
  const now = useNow()
  const format = useFormat()
  const sources = useSources()
  const schedules = useSchedules()
  const names = (sources.data ?? []).map(({ name }) => name)
  // Each for itself: in one list of all, a source that stopped long ago would look as if it had never begun.
  const backups = useEach<Backup>('backups', names.map((source) => ({ source })), 200) // prettier-ignore
  const attempts = useEach<Job>('jobs', names.map((source) => ({ source, kind: 'backup' })), 5) // prettier-ignore
  const jobs = useJobs()
  const running = useRunningJobs().data ?? []
  const sentence = useStateSentence()
  const error = sources.error ?? schedules.error ?? backups.error ?? attempts.error

  if (error !== null) return <ErrorNote error={error} retry={() => void sources.refetch()} />
  if (sources.data === undefined || schedules.data === undefined) return <Skeleton className="h-80" />
  if (sources.data.length === 0) return <FirstSteps />
  // Nothing is said of how safe it is before all of it is known.
  if ([...backups.lists, ...attempts.lists].includes(undefined)) return <Skeleton className="h-80" />
  const cards = sources.data
    .map((source, index) => {
      const own = (backups.lists[index] ?? []).map(factsOf)
      const planned = schedules.data.filter(({ sourceId }) => sourceId === source.id)
      const state = stateOf({ backups: own, schedules: planned, jobs: attempts.lists[index] ?? [], now })
      return { source, own, planned, state }
    })
    // What is wrong is seen first.
    .sort((a, b) => urgency[a.state.meaning] - urgency[b.state.meaning])
  const unsafe = cards.filter(({ state }) => state.meaning !== 'good').length
  return (
    <>
      <PageHead
        title={t('nav.overview')}
        about={
          unsafe === 0
            ? t('overview.allSafe', { count: cards.length, value: format.number(cards.length) })
            : t('overview.someNot', { count: unsafe, value: format.number(unsafe) })
        }
      />
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_320px]">
        <div className="grid gap-5">
          {cards.map(({ source, own, planned, state }) => (
            <SourceCard
              key={source.id}
              source={source}
              backups={own}
              schedules={planned}
              meaning={state.meaning}
              word={t(`overview.states.${state.word}`)}
              sentence={sentence(state)}
            />
          ))}
        </div>
        <aside className="grid gap-5">
          <RunningJobs jobs={running} />
          <Lately jobs={jobs.items ?? []} all={!jobs.hasNextPage} />
        </aside>
      </div>
    </>
  )
}

function FirstSteps() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const refused = useRefusal('create', 'sources')
  return (
    <>
      <PageHead title={t('nav.overview')} />
      <EmptyState
        icon="sources"
        title={t('overview.empty.title')}
        action={
          <div className="flex flex-wrap justify-center gap-2">
            <Button
              look="main"
              icon="plus"
              refused={refused}
              onClick={() => void navigate({ to: '/sources/new' })}
            >
              {t('sources.new.title')}
            </Button>
            <Button asChild>
              <Link to="/storage">{t('nav.storage')}</Link>
            </Button>
          </div>
        }
      >
        {t('overview.empty.text')}
      </EmptyState>
    </>
  )
}
