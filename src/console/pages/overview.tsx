import { Link, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { factsOf } from '../lib/backup-facts.ts'
import { useFormat } from '../lib/format.ts'
import {
  useEach,
  useJobs,
  useOverview,
  useRunningJobs,
  useSchedules,
  useSources,
  useStatistics,
} from '../lib/queries.ts'
import { useRefusal } from '../lib/rights.ts'
import { levelMeanings, useStateSentence } from '../lib/source-state.ts'
import type { Backup } from '../lib/types.ts'
import { Button } from '../ui/button.tsx'
import { PageHead } from '../ui/card.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../ui/notes.tsx'
import { Figures } from './overview/figures.tsx'
import { Lately } from './overview/lately.tsx'
import { RunningJobs } from './overview/running.tsx'
import { SourceCard } from './overview/source-card.tsx'
import { StorageForecast } from './overview/storage-forecast.tsx'

const urgency = { danger: 0, attention: 1, new: 2, safe: 3 } as const

/** Am I safe, yes or no, and if no, what do I do. */
export function OverviewPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const sources = useSources()
  const schedules = useSchedules()
  const overview = useOverview()
  const names = (sources.data ?? []).map(({ name }) => name)
  // Each for itself: in one list of all, a source that stopped long ago would look as if it had never begun.
  const backups = useEach<Backup>('backups', names.map((source) => ({ source })), 200) // prettier-ignore
  const jobs = useJobs()
  const running = useRunningJobs()
  const statistics = useStatistics()
  const sentence = useStateSentence()
  const error = sources.error ?? schedules.error ?? backups.error ?? overview.error

  if (error !== null) return <ErrorNote error={error} retry={() => void overview.refetch()} />
  if (sources.data === undefined || schedules.isLoading) return <Skeleton className="h-80" />
  if (sources.data.length === 0) return <FirstSteps />
  // Nothing is said of how safe it is before all of it is known, and nothing moves when the rest comes.
  const waits =
    backups.lists.includes(undefined) || jobs.isLoading || running.isLoading || statistics.isLoading
  if (overview.data === undefined || waits) return <Skeleton className="h-80" />
  const states = new Map(overview.data.sources.map((state) => [state.source, state]))
  const cards = sources.data
    .flatMap((source, index) => {
      const state = states.get(source.name)
      if (state === undefined) return []
      const own = (backups.lists[index] ?? []).map(factsOf)
      const planned = schedules.data?.filter(({ sourceId }) => sourceId === source.id)
      return [{ source, own, planned, state }]
    })
    // What is wrong is seen first.
    .sort((a, b) => urgency[a.state.level] - urgency[b.state.level])
  const unsafe = cards.filter(({ state }) => state.level !== 'safe').length
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
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,1fr)_320px]">
        <div className="grid grid-cols-1 gap-5">
          {cards.map(({ source, own, planned, state }) => (
            <SourceCard
              key={source.id}
              source={source}
              backups={own}
              schedules={planned}
              meaning={levelMeanings[state.level]}
              word={t(`overview.levels.${state.level}`)}
              sentence={sentence(state.parts)}
              unproven={state.parts.some(({ key }) => key === 'never_proven')}
            />
          ))}
        </div>
        <aside className="grid grid-cols-1 gap-5">
          <RunningJobs jobs={running.data ?? []} />
          <StorageForecast storage={overview.data.storage} />
          <Figures />
          <Lately jobs={jobs.items ?? []} />
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
