import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { factsOf } from '../lib/backup-facts.ts'
import { useFormat } from '../lib/format.ts'
import { useNow } from '../lib/now.ts'
import { useBackups, useJobs, useRunningJobs, useSchedules, useSources } from '../lib/queries.ts'
import { useRefusal } from '../lib/rights.ts'
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
  const backups = useBackups()
  const schedules = useSchedules().data ?? []
  const jobs = useJobs().items ?? []
  const running = useRunningJobs().data ?? []
  const sentence = useStateSentence()
  const facts = useMemo(() => (backups.items ?? []).map(factsOf), [backups.items])
  const error = sources.error ?? backups.error

  if (error !== null) return <ErrorNote error={error} retry={() => void sources.refetch()} />
  if (sources.data === undefined || backups.items === undefined) return <Skeleton className="h-80" />
  if (sources.data.length === 0) return <FirstSteps />
  const cards = sources.data
    .map((source) => {
      const isOwn = ({ sourceId }: { sourceId: string | null }): boolean => sourceId === source.id
      const [own, planned] = [facts.filter(isOwn), schedules.filter(isOwn)]
      return {
        source,
        own,
        planned,
        state: stateOf({ backups: own, schedules: planned, jobs: jobs.filter(isOwn), now }),
      }
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
          <Lately jobs={jobs} />
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
