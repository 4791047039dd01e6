import { events, type Severity } from '../events.ts'
import type { Change, Facts, OpenAlarms, Raise, Subject } from '../types.ts'
import { plainText, spanText, timeText } from '../words.ts'

/** A job that is over. */
export interface EndedJob {
  readonly id: string
  readonly kind: string
  readonly status: 'completed' | 'failed' | 'cancelled'
  readonly source: Subject | null
  readonly repository: Subject | null
  readonly error: { readonly code: string; readonly message: string } | null
  readonly result: Readonly<Record<string, unknown>>
  readonly params: Readonly<Record<string, unknown>>
  readonly attempts: number
  readonly startedAt: Date | null
  readonly endedAt: Date
}

/** Codes that say something of the repository, and not only of the job. */
const damage: readonly string[] = ['check_failed', 'object_missing', 'object_damaged', 'manifest_forged']
/** And of the backup that a drill restores. */
const disproved: readonly string[] = [...damage, 'drill_failed', 'restore_differs']

/** A writer that has been at work for so long is none any more, or keeps a prune from ever going on. */
const writerMs = 2 * 86_400_000

/**
 * What the end of a job means for the alarms. `open`: those of its source and its repository. What a backup looks like is judged by
 * itself (odd.ts). Pure. A job that was cancelled says nothing: a person wanted it so.
 */
export function judgeJob(job: EndedJob, open: OpenAlarms): Change[] {
  if (job.kind === 'restore' || job.kind === 'undo') return restoreEnded(job)
  if (job.status === 'cancelled') return []
  const { source, repository } = job
  if (job.kind === 'backup' && source !== null) return backupEnded(job, source, open)
  if (job.kind === 'drill' && source !== null) return drillEnded(job, source)
  if (job.kind === 'check' && repository !== null) return checkEnded(job, repository, open)
  if (job.kind === 'prune' && (source ?? repository) !== null)
    return pruneEnded(job, source ?? repository ?? jobSubject(job))
  return otherEnded(job, source ?? repository, open)
}

/** Of what is of no kind above: one alarm for its source or repository, which tells each kind. */
function otherEnded(job: EndedJob, subject: Subject | null, open: OpenAlarms): Change[] {
  const event = 'job_failed'
  if (subject === null) return []
  if (job.status === 'failed') {
    const { severity } = events[event]
    const failed = raise(job, subject, { event, severity, facts: { kind: job.kind } })
    return [{ ...failed, keys: [`${severity} ${job.kind}`] }]
  }
  if (open.get(event)?.facts['kind'] !== job.kind) return []
  return [{ do: 'close', event, subject, text: `A ${job.kind} was completed at ${timeText(job.endedAt)}.` }]
}

/** What is told when a restore has begun. */
export function restoreStarted(job: Omit<EndedJob, 'status' | 'endedAt'>): Change {
  const target = targetName(job)
  return {
    do: 'tell',
    event: 'restore_started',
    subject: jobSubject(job),
    severity: events.restore_started.severity,
    text: `The ${job.kind} of ${target} was begun${job.startedAt === null ? '' : ` at ${timeText(job.startedAt)}`}.`,
    facts: { job: job.id, kind: job.kind },
    occurrence: job.id,
  }
}

function restoreEnded(job: EndedJob): Change[] {
  const started = job.startedAt === null ? [] : [restoreStarted(job)]
  const severity = { completed: 'info', failed: 'error', cancelled: 'warning' } as const
  return [...started, tellEnd(job, severity[job.status])]
}

function backupEnded(job: EndedJob, source: Subject, open: OpenAlarms): Change[] {
  if (job.status === 'failed') {
    return [raise(job, source, { event: 'backup_failed', severity: events.backup_failed.severity })]
  }
  const failed = open.get('backup_failed')
  if (failed === undefined) return []
  const text = `A backup was completed at ${timeText(job.endedAt)}, after ${failed.times === 1 ? 'one' : failed.times} failed since ${timeText(failed.raisedAt)}.`
  return [
    { do: 'close', event: 'backup_failed', subject: source, text },
    {
      do: 'tell',
      event: 'backup_recovered',
      subject: source,
      severity: events.backup_recovered.severity,
      text,
      facts: { job: job.id, failed: failed.times },
      occurrence: job.id,
    },
  ]
}

function drillEnded(job: EndedJob, source: Subject): Change[] {
  if (job.status === 'completed') {
    const text = `A drill passed at ${timeText(job.endedAt)}.`
    return [{ do: 'close', event: 'drill_failed', subject: source, text }]
  }
  const severity = disproved.includes(job.error?.code ?? '') ? 'critical' : events.drill_failed.severity
  return [raise(job, source, { event: 'drill_failed', severity })]
}

/**
 * A check reads a share that is another one each day: what one has found another does not see. So damage is over when a check has
 * looked at least as far as the one that found it.
 */
function checkEnded(job: EndedJob, repository: Subject, open: OpenAlarms): Change[] {
  const share = typeof job.params['readData'] === 'string' ? job.params['readData'] : null
  if (job.status === 'failed') {
    const found = damage.includes(job.error?.code ?? '')
    const event = found ? 'damage_found' : 'check_not_made'
    // The widest look stays: a later, smaller one that finds the same does not make it easier to be over.
    const earlier = open.get('damage_found')?.facts['readData'] ?? null
    const facts = found ? { readData: share ?? earlier } : {}
    const made: Change[] = found
      ? [{ do: 'close', event: 'check_not_made', subject: repository, text: 'A check was made to its end.' }]
      : []
    return [...made, raise(job, repository, { event, severity: events[event].severity, facts })]
  }
  const text = `A check was made to its end at ${timeText(job.endedAt)}, and found nothing.`
  const found = open.get('damage_found')
  const farEnough = found === undefined || share === 'all' || (found.facts['readData'] ?? null) === null
  return (['check_not_made', ...(farEnough ? (['damage_found'] as const) : [])] as const).map((event) => ({
    do: 'close' as const,
    event,
    subject: repository,
    text,
  }))
}

function pruneEnded(job: EndedJob, subject: Subject): Change[] {
  const event = 'retention_blocked'
  if (job.status === 'failed') return [raise(job, subject, { event, severity: events[event].severity })]
  const oldest = oldestWriter(job.result)
  const waits = oldest === null ? 0 : job.endedAt.getTime() - oldest.getTime()
  if (oldest === null || waits < writerMs) {
    return [{ do: 'close', event, subject, text: `A prune was completed at ${timeText(job.endedAt)}.` }]
  }
  return [
    {
      do: 'raise',
      event,
      subject,
      severity: events[event].severity,
      text: `What a prune has planned waits for a backup or restore that began at ${timeText(oldest)}, ${spanText(waits)} ago, and has not ended.`,
      facts: { job: job.id, since: oldest.toISOString() },
      keys: [events[event].severity],
      counts: true,
    },
  ]
}

/** Since when the writer has been at work that the prune waits for longest (`waiting` of its result). */
function oldestWriter(result: Facts): Date | null {
  const waiting = Array.isArray(result['waiting']) ? (result['waiting'] as unknown[]) : []
  const times = waiting
    .flatMap((one) => (one as { writers?: unknown[] } | null)?.writers ?? [])
    .map((time) => Date.parse(String(time)))
    .filter((time) => !Number.isNaN(time))
  return times.length === 0 ? null : new Date(Math.min(...times))
}

function raise(
  job: EndedJob,
  subject: Subject,
  o: Pick<Raise, 'event' | 'severity'> & { facts?: Facts },
): Raise {
  return {
    do: 'raise',
    event: o.event,
    subject,
    severity: o.severity,
    text: failureText(job),
    facts: { job: job.id, code: job.error?.code ?? null, ...o.facts },
    keys: [o.severity],
    counts: true,
  }
}

function tellEnd(job: EndedJob, severity: Severity): Change {
  const ended = `The ${job.kind} of ${targetName(job)} ${{ completed: 'is completed', cancelled: 'was cancelled', failed: 'has failed' }[job.status]}`
  return {
    do: 'tell',
    event: 'restore_ended',
    subject: jobSubject(job),
    severity,
    text: job.status === 'failed' ? failureText(job) : `${ended}, at ${timeText(job.endedAt)}.`,
    facts: { job: job.id, kind: job.kind, status: job.status, code: job.error?.code ?? null },
    occurrence: job.id,
  }
}

function failureText(job: EndedJob): string {
  const attempts = job.attempts > 1 ? ` after ${job.attempts} attempts` : ''
  const why = job.error === null ? '' : `: ${plainText(job.error.message)} (${job.error.code})`
  return `The ${job.kind} of ${targetName(job)} failed at ${timeText(job.endedAt)}${attempts}${why}`
}

function targetName({ source, repository }: Pick<EndedJob, 'source' | 'repository'>): string {
  return (source ?? repository)?.name ?? 'what is not there any more'
}

function jobSubject(job: Pick<EndedJob, 'id' | 'source' | 'repository'>): Subject {
  return {
    kind: 'job',
    id: job.id,
    name: targetName(job),
    sourceId: job.source?.id ?? null,
    repositoryId: job.repository?.id ?? null,
  }
}
