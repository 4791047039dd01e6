import { useTranslation } from 'react-i18next'
import { Badge, State, type Meaning } from '../ui/badge.tsx'
import type { IconName } from '../ui/icons.tsx'
import { Moment, Name } from '../ui/words.tsx'
import type { Job, JobStatus } from './types.ts'

/** How each state of a job looks. */
const looks: Readonly<Record<JobStatus, { readonly meaning: Meaning; readonly icon: IconName }>> = {
  pending: { meaning: 'none', icon: 'waiting' },
  running: { meaning: 'busy', icon: 'running' },
  waiting: { meaning: 'warn', icon: 'waiting' },
  completed: { meaning: 'good', icon: 'check' },
  failed: { meaning: 'bad', icon: 'failed' },
  cancelled: { meaning: 'none', icon: 'cancelled' },
}

export function JobState({ status, as = 'state' }: { status: JobStatus; as?: 'state' | 'badge' }) {
  const { t } = useTranslation()
  const Root = as === 'badge' ? Badge : State
  return <Root {...looks[status]}>{t(`jobs.statuses.${status}`)}</Root>
}

/** The id of a backup begins with the moment that it is of. */
const backupId = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/

/** What a job is about: the name of a source or a storage; of a backup its moment. */
export function JobAbout({ of }: { of: string }) {
  const [, ...parts] = backupId.exec(of) ?? []
  if (parts.length === 0) return <Name>{of}</Name>
  const [year, month, day, hour, minute, second] = parts
  return <Moment at={`${year}-${month}-${day}T${hour}:${minute}:${second}Z`} show="time" />
}

/** Seconds that it ran, or runs so far; null before it began. */
export function secondsOf(
  { startedAt, endedAt }: Pick<Job, 'startedAt' | 'endedAt'>,
  now: Date,
): number | null {
  if (startedAt === null) return null
  const end = endedAt === null ? now.getTime() : Date.parse(endedAt)
  return Math.max(0, (end - Date.parse(startedAt)) / 1000)
}
