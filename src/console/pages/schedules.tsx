import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { request } from '../lib/api.ts'
import { useKeepWords } from '../lib/keep-words.ts'
import { useChange, useRepositories, useSchedules, useSources } from '../lib/queries.ts'
import { useRefusal } from '../lib/rights.ts'
import { useKnowsWords, useScheduleWords } from '../lib/schedule-words.ts'
import type { JobDetail, Schedule } from '../lib/types.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { PageHead } from '../ui/card.tsx'
import { Destroy } from '../ui/destroy.tsx'
import { Switch } from '../ui/field.tsx'
import { Menu, MenuItem, MenuLine } from '../ui/menu.tsx'
import { EmptyState, ErrorNote, Skeleton, Warning } from '../ui/notes.tsx'
import { toast } from '../ui/toast.tsx'
import { Moment, Name } from '../ui/words.tsx'

export function SchedulesPage() {
  const { t } = useTranslation()
  const schedules = useSchedules()
  // What words are found later is longer than the expression.
  const known = useKnowsWords()
  const waits = schedules.data === undefined || !known
  return (
    <>
      <PageHead title={t('nav.schedules')} about={t('schedules.pageAbout')} actions={<AddSchedule />} />
      {schedules.error !== null && (
        <ErrorNote error={schedules.error} retry={() => void schedules.refetch()} />
      )}
      {waits && schedules.error === null && <Skeleton className="h-60" />}
      {!waits &&
        schedules.data !== undefined &&
        (schedules.data.length === 0 ? (
          <EmptyState icon="schedules" title={t('schedules.empty.title')} action={<AddSchedule />}>
            {t('schedules.empty.text')}
          </EmptyState>
        ) : (
          <ul className="grid gap-px overflow-hidden rounded-lg border bg-line">
            {schedules.data.map((schedule) => (
              <Row key={schedule.id} schedule={schedule} />
            ))}
          </ul>
        ))}
      <Outlet />
    </>
  )
}

function AddSchedule() {
  const { t } = useTranslation()
  const refused = useRefusal('create', 'schedules')
  const navigate = useNavigate()
  return (
    <Button look="main" icon="plus" refused={refused} onClick={() => void navigate({ to: '/schedules/new' })}>
      {t('schedules.new.title')}
    </Button>
  )
}

function Row({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation()
  const words = useScheduleWords()
  const keepWords = useKeepWords()
  const about = useTarget(schedule)
  const mayChange = useRefusal('change', 'schedules')
  const change = useChange(
    (enabled: boolean) => request<Schedule>('PATCH', `/schedules/${schedule.name}`, { body: { enabled } }),
    ['schedules'],
  )
  const { enabled, nextRun, lastSkipped, problem, kind } = schedule
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-x-6 gap-y-2 bg-surface px-4 py-4">
      <div className="grid min-w-0 gap-1">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Link
            to="/schedules/$name"
            params={{ name: schedule.name }}
            className="text-lg font-semibold break-words underline-offset-2 hover:underline"
          >
            <Name>{schedule.name}</Name>
          </Link>
          {!enabled && (
            <Badge meaning="none" icon="off">
              {t('schedules.off')}
            </Badge>
          )}
        </div>
        <p className="text-ink-2">
          {t(`jobs.kinds.${kind}`, { defaultValue: kind })} · <Name>{about}</Name>
        </p>
      </div>
      <div className="flex items-center gap-2">
        <Switch
          label={t('schedules.enabled', { name: schedule.name })}
          checked={enabled}
          disabled={change.isPending}
          refused={mayChange}
          onChange={(next) => change.mutate(next)}
        />
        <Actions schedule={schedule} about={about} />
      </div>
      <div className="col-span-full grid gap-x-6 gap-y-1 md:grid-cols-[minmax(0,1fr)_auto]">
        <p>
          {words(schedule.rule, schedule.zone)}
          {kind === 'backup' && <span className="text-ink-2"> · {keepWords(schedule.keep)}</span>}
        </p>
        {enabled && nextRun !== null && (
          <p className="text-ink-2">
            {t('schedules.next')} <Moment at={nextRun} zone={schedule.zone} />
          </p>
        )}
      </div>
      {(problem !== null || change.error !== null || lastSkipped !== null) && (
        <div className="col-span-full grid gap-2">
          {problem !== null && <Warning>{problem}</Warning>}
          {lastSkipped !== null && (
            <p className="text-sm text-ink-2">
              {t('schedules.skipped')} <Moment at={lastSkipped} zone={schedule.zone} />
            </p>
          )}
          {change.error !== null && <ErrorNote error={change.error} />}
        </div>
      )}
    </li>
  )
}

/** The name of the source or repository that it is about. */
function useTarget({ sourceId, repositoryId }: Schedule): string {
  const sources = useSources().data ?? []
  const repositories = useRepositories().data ?? []
  return [...sources, ...repositories].find(({ id }) => id === (sourceId ?? repositoryId))?.name ?? ''
}

function Actions({ schedule, about }: { schedule: Schedule; about: string }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [asked, setAsked] = useState(false)
  const mayRun = useRefusal('create', 'jobs')
  const mayRemove = useRefusal('remove', 'schedules')
  const { kind, keep, params, sourceId, name } = schedule
  const run = useChange(
    () =>
      request<JobDetail>('POST', '/jobs', {
        body: {
          kind,
          [sourceId === null ? 'repository' : 'source']: about,
          params: kind === 'prune' && keep !== null ? { ...params, keep } : params,
        },
      }),
    ['jobs'],
  )
  return (
    <>
      <Menu trigger={<Button look="quiet" icon="more" label={t('schedules.actions', { name })} />}>
        <MenuItem
          icon="play"
          refused={mayRun}
          onSelect={() =>
            run.mutate(undefined, {
              onSuccess: ({ id }) => void navigate({ to: '/jobs/$id', params: { id } }),
              onError: ({ message }) => toast(message, 'bad'),
            })
          }
        >
          {t('schedules.runNow')}
        </MenuItem>
        <MenuItem icon="edit" onSelect={() => void navigate({ to: '/schedules/$name', params: { name } })}>
          {t('common.change')}
        </MenuItem>
        <MenuLine />
        <MenuItem icon="trash" danger refused={mayRemove} onSelect={() => setAsked(true)}>
          {t('schedules.remove')}
        </MenuItem>
      </Menu>
      {asked && (
        <Destroy
          title={t('schedules.removeTitle', { name })}
          typed={name}
          verb={t('schedules.remove')}
          method="DELETE"
          path={`/schedules/${name}`}
          stale={['schedules']}
          onClose={() => setAsked(false)}
          onDone={() => {
            setAsked(false)
            toast(t('schedules.removed', { name }))
          }}
        >
          <p>{t('schedules.removeText')}</p>
        </Destroy>
      )}
    </>
  )
}
