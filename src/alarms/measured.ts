import type { Queries } from '../catalog/database.ts'
import { oddities, type Measured } from './judge/odd.ts'
import { events } from './events.ts'
import type { Change, Facts, Subject } from './types.ts'
import { plainText } from './words.ts'

/** So many backups are the history of the next. */
const historyLength = 15
/** So many oddities are told in words. */
const told = 10

interface Told {
  readonly measured: Measured
  /** Which database and which rows of it: backups of others say nothing. */
  readonly series: string
}

/** What the result of a backup command says of the backup; null if it does not. */
export function measuredOf(result: Facts): Told | null {
  const backup = result['backup'] as Facts | null | undefined
  const totals = backup?.['totals'] as Facts | null | undefined
  const bytes = totals?.['plainBytes']
  const seconds = backup?.['seconds']
  if (typeof bytes !== 'number' || typeof seconds !== 'number') return null
  const series = JSON.stringify([backup?.['source'] ?? null, backup?.['scope'] ?? null])
  return { series, measured: { tables: tablesOf(result['tables']), bytes, ms: seconds * 1000 } }
}

/** Of tables whose rows are held: how many of a table that is left out there are, nobody has counted. */
function tablesOf(value: unknown): Measured['tables'] {
  if (!Array.isArray(value)) return null
  const tables = new Map<string, number>()
  for (const table of value as (Facts | null)[]) {
    const { schema, name, rows, data } = table ?? {}
    if (typeof schema === 'string' && typeof name === 'string' && typeof rows === 'number' && data === 'held')
      tables.set(`${schema}.${name}`, rows)
  }
  return tables
}

/**
 * What the alarms are to say of how a completed backup looks, next to those before it. Where a person has closed such an alarm, history
 * begins with the backup that it was of: that is how it is now.
 */
export async function judgeLooks(
  { query }: Queries,
  o: { job: string; source: Subject; result: Facts; endedAt: Date },
): Promise<Change[]> {
  const now = measuredOf(o.result)
  if (now === null) return []
  const rows = await query<{ result: Facts }>(
    `SELECT j.result FROM holdfast.jobs AS j
     WHERE j.source_id = $1::uuid AND j.kind = 'backup' AND j.status = 'completed' AND j.id <> $2 AND j.ended_at <= $3
       AND j.ended_at >= coalesce((
         SELECT max(b.ended_at) FROM holdfast.alarms AS a JOIN holdfast.jobs AS b ON b.id = (a.facts ->> 'job')::uuid
         WHERE a.event = 'backup_odd' AND a.subject = 'source:' || $1::text AND a.closed_by IS NOT NULL
       ), '-infinity')
     ORDER BY j.ended_at DESC LIMIT $4`,
    [o.source.id, o.job, o.endedAt, historyLength],
  )
  const history = rows.flatMap(({ result }) => {
    const one = measuredOf(result)
    return one?.series === now.series ? [one.measured] : []
  })
  const found = oddities(now.measured, history)
  const event = 'backup_odd'
  if (found.length === 0)
    return [{ do: 'close', event, subject: o.source, text: 'The next backup looks as those before it.' }]
  const more = found.length > told ? [`And ${found.length - told} more of this kind.`] : []
  return [
    {
      do: 'raise',
      event,
      subject: o.source,
      severity: events[event].severity,
      text: [...found.slice(0, told).map(({ text }) => text), ...more].join('\n'),
      facts: { job: o.job, odd: found.slice(0, 100).map(({ key }) => plainText(key, 200)) },
      keys: found.map(({ key }) => key),
      counts: true,
    },
  ]
}
