import { useTranslation } from 'react-i18next'
import { Badge, State, type Meaning } from '../ui/badge.tsx'
import type { IconName } from '../ui/icons.tsx'
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

/** Seconds that it ran, or runs so far; null before it began. */
export function secondsOf(
  { startedAt, endedAt }: Pick<Job, 'startedAt' | 'endedAt'>,
  now: Date,
): number | null {
  if (startedAt === null) return null
  const end = endedAt === null ? now.getTime() : Date.parse(endedAt)
  return Math.max(0, (end - Date.parse(startedAt)) / 1000)
}
