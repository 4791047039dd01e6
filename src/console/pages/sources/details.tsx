import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { factsOf } from '../../lib/backup-facts.ts'
import { pointOf } from '../../lib/backup-words.tsx'
import {
  useBackups,
  useDestinations,
  useOverview,
  useRepositories,
  useSchedules,
  useSources,
  useSourceTables,
} from '../../lib/queries.ts'
import { useRefusal } from '../../lib/rights.ts'
import { useScheduleWords } from '../../lib/schedule-words.ts'
import type { Source } from '../../lib/types.ts'
import { Button } from '../../ui/button.tsx'
import { Facts, SectionHead } from '../../ui/card.tsx'
import { Destroy } from '../../ui/destroy.tsx'
import { EmptyState, ErrorNote, Skeleton } from '../../ui/notes.tsx'
import { Sheet } from '../../ui/overlay.tsx'
import { Timeline, TimelineKey } from '../../ui/timeline.tsx'
import { toast } from '../../ui/toast.tsx'
import { Code, Moment, Name } from '../../ui/words.tsx'
import { Watched } from '../destinations/watched.tsx'
import { Modules } from './modules.tsx'
import { Profile, Safety } from './profile.tsx'

export function SourceDetails() {
  const { t } = useTranslation()
  const { name } = useParams({ from: '/app/sources/$name' })
  const navigate = useNavigate()
  const sources = useSources()
  const source = sources.data?.find((one) => one.name === name)
  const close = (): void => void navigate({ to: '/sources' })
  if (source !== undefined) return <Details source={source} onClose={close} />
  return (
    <Sheet title={<Name>{name}</Name>} onClose={close}>
      {sources.error !== null ? (
        <ErrorNote error={sources.error} />
      ) : sources.data === undefined ? (
        <Skeleton />
      ) : (
        <EmptyState icon="sources" title={t('sources.gone.title')}>
          {t('sources.gone.text')}
        </EmptyState>
      )}
    </Sheet>
  )
}

function Details({ source, onClose }: { source: Source; onClose: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: '/sources/$name' })
  const words = useScheduleWords()
  const { at } = useSearch({ from: '/app/sources/$name' })
  const refused = useRefusal('create', 'jobs')
  const changeRefused = useRefusal('change', 'sources')
  const restoreRefused = useRefusal('create', 'restores')
  const repositories = useRepositories()
  const repository = repositories.data?.find(({ id }) => id === source.repositoryId)
  const planRefused = useRefusal('create', 'schedules')
  const planned = useSchedules()
  const schedules = planned.data?.filter(({ sourceId }) => sourceId === source.id)
  const backups = useBackups({ source: source.name }).items
  const waits =
    [repositories, planned, useSourceTables(source.name), useOverview(), useDestinations()].some(
      ({ isLoading }) => isLoading,
    ) || backups === undefined
  const found = useMemo(() => (backups ?? []).map(factsOf), [backups])
  const points = useMemo(() => found.map(pointOf), [found])
  const from = Math.min(...points.map((point) => point.at)) - 3_600_000
  const facts = [
    { name: t('sources.address'), value: <Code>{source.address}</Code> },
    ...(repository === undefined ? [] : [{ name: t('storage.one'), value: <Name>{repository.name}</Name> }]),
    { name: t('common.added'), value: <Moment at={source.createdAt} /> },
  ]
  return (
    <Sheet
      title={<Name>{source.name}</Name>}
      onClose={onClose}
      actions={
        <>
          <Button
            look="main"
            icon="play"
            refused={refused}
            onClick={() => void navigate({ to: '/backups/new', search: { source: source.name } })}
          >
            {t('backups.new.title')}
          </Button>
          <Button
            icon="restores"
            refused={restoreRefused}
            onClick={() =>
              void navigate({ to: '/restores/new', search: { source: source.name, backup: at } })
            }
          >
            {t('restores.new.title')}
          </Button>
          <Button
            icon="backups"
            onClick={() => void navigate({ to: '/backups', search: { source: source.name } })}
          >
            {t('sources.allBackups')}
          </Button>
          <Button
            icon="edit"
            refused={changeRefused}
            onClick={() => void navigate({ to: '/sources/$name/edit', params: { name: source.name } })}
          >
            {t('sources.edit.verb')}
          </Button>
          <Forget source={source} onDone={onClose} />
        </>
      }
    >
      {waits ? (
        <Skeleton className="h-80" />
      ) : (
        <>
          <Safety source={source} />
          {points.length > 0 && (
            <section className="grid gap-2 rounded-lg border bg-surface px-4 pt-4 pb-3">
              <Timeline
                label={t('backups.timeline')}
                points={points}
                from={from}
                selected={at}
                onSelect={({ id }) => void navigate({ search: { at: id }, replace: true })}
              />
              <TimelineKey />
              {at !== undefined && (
                <Link
                  to="/backups/$id"
                  params={{ id: at }}
                  className="text-accent-text underline-offset-2 hover:underline"
                >
                  {t('jobs.results.openBackup')}
                </Link>
              )}
            </section>
          )}
          <Profile backups={found} />
          <Modules source={source.name} />
          <Facts facts={facts} />
          {schedules !== undefined && (
            <section>
              <SectionHead>{t('nav.schedules')}</SectionHead>
              {schedules.length === 0 ? (
                <div className="grid justify-items-start gap-2">
                  <p className="text-ink-2">{t('sources.noSchedule')}</p>
                  <Button
                    icon="plus"
                    refused={planRefused}
                    onClick={() => void navigate({ to: '/schedules/new', search: { of: source.name } })}
                  >
                    {t('schedules.new.title')}
                  </Button>
                </div>
              ) : (
                <ul className="grid gap-px overflow-hidden rounded-lg border bg-line">
                  {schedules.map((schedule) => (
                    <li key={schedule.id} className="bg-surface px-3 py-2">
                      <Link
                        to="/schedules/$name"
                        params={{ name: schedule.name }}
                        className="font-medium underline-offset-2 hover:underline"
                      >
                        {t(`jobs.kinds.${schedule.kind}`)}
                      </Link>
                      <p className="text-ink-2">{words(schedule.rule, schedule.zone)}</p>
                    </li>
                  ))}
                </ul>
              )}
            </section>
          )}
          <Watched source={source} />
        </>
      )}
    </Sheet>
  )
}

function Forget({ source, onDone }: { source: Source; onDone: () => void }) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState(false)
  const refused = useRefusal('remove', 'sources')
  return (
    <>
      <Button look="quiet" icon="trash" refused={refused} onClick={() => setAsked(true)}>
        {t('sources.forget')}
      </Button>
      {asked && (
        <Destroy
          title={t('sources.forgetTitle', { name: source.name })}
          typed={source.name}
          verb={t('sources.forget')}
          method="DELETE"
          path={`/sources/${source.name}`}
          stale={['sources', 'schedules']}
          onClose={() => setAsked(false)}
          onDone={() => {
            toast(t('sources.forgotten', { name: source.name }))
            onDone()
          }}
        >
          <p>{t('sources.forgetText')}</p>
        </Destroy>
      )}
    </>
  )
}
