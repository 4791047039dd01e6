import type { Database, Queries } from '../catalog/database.ts'
import type { Clock } from '../lib/clock.ts'
import { events, type EventName } from './events.ts'
import { fanOut } from './fan-out.ts'
import { filling, type StoragePoint } from './judge/filling.ts'
import { lateBackup, lateRun, type Lateness, type LateRules, type WatchedSchedule } from './judge/late.ts'
import { lockAlarms, record } from './record.ts'
import type { Close, Raise, Subject } from './types.ts'
import { plainText } from './words.ts'

export interface AbsenceRules extends LateRules {
  /** How old the newest backup of a source may be that has no schedule, and for which nobody has said it. */
  readonly maxAgeMs: number
}

/**
 * Compares what is with what should be, and raises and closes accordingly: what is late and what is nearly full. It asks nobody but the
 * catalog, so it finds what is missing also if nothing runs, and at once when the service was down itself.
 */
export async function judgeStates(o: {
  database: Database
  clock: Clock
  rules: AbsenceRules
}): Promise<void> {
  await o.database.transaction(async (queries) => {
    await lockAlarms(queries)
    const now = o.clock.now()
    const schedules = await readSchedules(queries)
    const raises = [
      ...(await lateSources(queries, { schedules, now, rules: o.rules })),
      ...lateSchedules(schedules, now, o.rules),
      ...(await schedulesOff(queries)),
      ...(await fillingStorages(queries, now)),
    ]
    const closes = [...(await overStates(queries, raises)), ...(await removedSubjects(queries))]
    await fanOut(queries, await record(queries, [...raises, ...closes], now), now)
    await queries.query(
      `INSERT INTO holdfast.alarms_look (at) VALUES ($1) ON CONFLICT (one) DO UPDATE SET at = greatest(alarms_look.at, excluded.at)`,
      [now],
    )
  })
}

interface ScheduleRow extends WatchedSchedule {
  readonly id: string
  readonly kind: string
  readonly sourceId: string | null
  readonly repositoryId: string | null
  readonly graceMs: number | null
  readonly expected: boolean
}

async function readSchedules({ query }: Queries): Promise<ScheduleRow[]> {
  const rows = await query<{
    id: string
    name: string
    kind: string
    source_id: string | null
    repository_id: string | null
    due: Date | null
    last_run: Date | null
    settled: Date | null
    usual: number | null
    grace_seconds: number | null
    expected: boolean
  }>(
    `SELECT c.id, c.name, c.kind, c.source_id, c.repository_id, c.due, c.last_run, e.grace_seconds,
       coalesce(e.expected, true) AS expected,
       greatest(
         (SELECT max(j.ended_at) FROM holdfast.jobs AS j WHERE j.schedule_id = c.id),
         (SELECT max(j.ended_at) FROM holdfast.jobs AS j WHERE j.source_id = c.source_id AND j.kind = c.kind AND j.status = 'completed'),
         (SELECT max(j.ended_at) FROM holdfast.jobs AS j
          WHERE c.source_id IS NULL AND j.repository_id = c.repository_id AND j.kind = c.kind AND j.status = 'completed')
       ) AS settled,
       (SELECT pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM d.ended_at - d.started_at)::float8)
        FROM (SELECT j.ended_at, j.started_at FROM holdfast.jobs AS j WHERE j.schedule_id = c.id AND j.status = 'completed'
              ORDER BY j.scheduled_for DESC LIMIT 15) AS d) AS usual
     FROM holdfast.schedules AS c LEFT JOIN holdfast.alarm_settings AS e ON e.source_id = c.source_id
     WHERE c.enabled`,
  )
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    kind: row.kind,
    sourceId: row.source_id,
    repositoryId: row.repository_id,
    due: row.due,
    lastRun: row.last_run,
    settled: row.settled,
    usualMs: row.usual === null ? null : row.usual * 1000,
    graceMs: row.grace_seconds === null ? null : row.grace_seconds * 1000,
    expected: row.expected,
  }))
}

/**
 * Of the newest backup, the time at which the catalog saw it end counts: by the source's clock it is taken only where the service did not
 * make it, and never for later than when it was seen.
 */
async function lateSources(
  { query }: Queries,
  o: { schedules: readonly ScheduleRow[]; now: Date; rules: AbsenceRules },
): Promise<Raise[]> {
  const rows = await query<{
    id: string
    name: string
    created_at: Date
    repository_id: string
    max_age: number | null
    newest: Date | null
  }>(
    `SELECT s.id, s.name, s.created_at, s.repository_id, e.max_age_seconds AS max_age, greatest(
       (SELECT max(least(b.moment, b.seen_at)) FROM holdfast.backups AS b WHERE b.source_id = s.id),
       (SELECT max(j.ended_at) FROM holdfast.jobs AS j WHERE j.source_id = s.id AND j.kind = 'backup' AND j.status = 'completed')
     ) AS newest
     FROM holdfast.sources AS s LEFT JOIN holdfast.alarm_settings AS e ON e.source_id = s.id
     WHERE coalesce(e.expected, true)`,
  )
  return rows.flatMap((row) => {
    const own = o.schedules.filter(({ sourceId, kind }) => sourceId === row.id && kind === 'backup')
    const unscheduled = own.length === 0 ? o.rules.maxAgeMs : null
    const maxAgeMs = row.max_age === null ? unscheduled : row.max_age * 1000
    const graceMs = own[0]?.graceMs ?? o.rules.graceMs
    const watched = { added: row.created_at, newest: row.newest, maxAgeMs, schedules: own }
    const late = lateBackup(watched, o.now, { graceMs })
    const { id, name, repository_id: repositoryId } = row
    const subject: Subject = { kind: 'source', id, name, sourceId: id, repositoryId }
    return late === null ? [] : [lateAlarm('backup_late', subject, late)]
  })
}

function lateSchedules(schedules: readonly ScheduleRow[], now: Date, rules: AbsenceRules): Raise[] {
  return schedules.flatMap((schedule) => {
    if (schedule.kind === 'backup' || !schedule.expected) return []
    const late = lateRun(schedule, now, { graceMs: schedule.graceMs ?? rules.graceMs })
    const { id, name, sourceId, repositoryId } = schedule
    return late === null
      ? []
      : [lateAlarm('run_late', { kind: 'schedule', id, name, sourceId, repositoryId }, late)]
  })
}

/** One that is off because it can't be done is neither late nor failed: without this nobody would hear that backups have stopped. */
async function schedulesOff({ query }: Queries): Promise<Raise[]> {
  const rows = await query<{
    id: string
    name: string
    source_id: string | null
    repository_id: string | null
    problem: string
  }>(
    'SELECT id, name, source_id, repository_id, problem FROM holdfast.schedules WHERE NOT enabled AND problem IS NOT NULL',
  )
  return rows.map(({ id, name, source_id: sourceId, repository_id: repositoryId, problem }) => {
    const event = 'schedule_off'
    const { severity } = events[event]
    const text = `The schedule ${name} was switched off, because it can't be done: ${plainText(problem)} Nothing of it runs until it is put right.`
    const subject: Subject = { kind: 'schedule', id, name, sourceId, repositoryId }
    return { do: 'raise', event, subject, severity, text, facts: {}, keys: [severity], counts: false }
  })
}

function lateAlarm(event: 'backup_late' | 'run_late', subject: Subject, late: Lateness): Raise {
  const { severity } = events[event]
  const facts = { since: late.since.toISOString() }
  return { do: 'raise', event, subject, severity, text: late.text, facts, keys: [severity], counts: false }
}

/** How far back a rate is taken from. */
const days = 30

async function fillingStorages({ query }: Queries, now: Date): Promise<Raise[]> {
  const rows = await query<{ id: string; name: string; at: Date; used: string; capacity: string | null }>(
    // Of each day the last: measuring often makes no day count more.
    `SELECT DISTINCT ON (r.id, pg_catalog.date_trunc('day', p.at)) r.id, r.name, p.at, p.used_bytes AS used, p.capacity_bytes AS capacity
     FROM holdfast.storage_points AS p JOIN holdfast.repositories AS r ON r.id = p.repository_id
     WHERE p.at > $1::timestamptz - pg_catalog.make_interval(days => $2)
     ORDER BY r.id, pg_catalog.date_trunc('day', p.at), p.at DESC`,
    [now, days],
  )
  const byRepository = Map.groupBy(rows, ({ id }) => id)
  return [...byRepository].flatMap(([id, own]) => {
    const points = own.map(({ at, used, capacity }): StoragePoint => ({ at, usedBytes: Number(used), capacityBytes: capacity === null ? null : Number(capacity) })) // prettier-ignore
    const found = filling(points)
    if (found === null) return []
    const { severity, text, fullInMs } = found
    const subject: Subject = { kind: 'repository', id, name: own[0]?.name ?? '', sourceId: null, repositoryId: id } // prettier-ignore
    const facts = { fullInSeconds: fullInMs === null ? null : Math.floor(fullInMs / 1000) }
    return [{ do: 'raise', event: 'storage_filling', subject, severity, text, facts, keys: [severity], counts: false }] // prettier-ignore
  })
}

const overText: Partial<Record<EventName, string>> = {
  backup_late: 'There is a backup that is new enough, or none is expected any more.',
  schedule_off: 'It was put right, or removed.',
  run_late: 'It has ended, or is not expected any more.',
  storage_filling: 'There is room again.',
}

/** Closes what is open and is not so any more. */
async function overStates({ query }: Queries, raises: readonly Raise[]): Promise<Close[]> {
  const open = await query<OpenRow>(
    `SELECT event, subject, about FROM holdfast.alarms WHERE closed_at IS NULL AND event = ANY ($1)`,
    [Object.keys(overText)],
  )
  const still = new Set(raises.map(({ event, subject }) => `${event} ${subject.kind}:${subject.id}`))
  return open
    .filter(({ event, subject }) => !still.has(`${event} ${subject}`))
    .map((row) => closeOf(row, overText[row.event] ?? ''))
}

interface OpenRow extends Record<string, unknown> {
  readonly event: EventName
  readonly subject: string
  readonly about: string
}

/** Closes what was about something that is not there any more: no job will ever say that it is over. */
async function removedSubjects({ query }: Queries): Promise<Close[]> {
  const rows = await query<OpenRow>(
    `SELECT a.event, a.subject, a.about FROM holdfast.alarms AS a
     WHERE a.closed_at IS NULL AND (
       a.subject LIKE 'source:%' AND a.source_id IS NULL OR a.subject LIKE 'repository:%' AND a.repository_id IS NULL
       OR a.subject LIKE 'destination:%'
         AND NOT EXISTS (SELECT FROM holdfast.destinations AS d WHERE 'destination:' || d.id = a.subject))`,
  )
  return rows.map((row) => closeOf(row, 'It was removed.'))
}

function closeOf({ event, subject, about }: OpenRow, text: string): Close {
  const [kind = '', id = ''] = subject.split(':')
  const of: Subject = { kind: kind as Subject['kind'], id, name: about, sourceId: null, repositoryId: null }
  return { do: 'close', event, subject: of, text }
}
