import type { Queries } from '../catalog/database.ts'

/** What is expected of a source, where it is not the usual: docs/ALARMS.md, "Late". */
export interface Expected {
  /** Its newest backup is never older than that. Null: what its schedules say. */
  readonly maxAgeSeconds: number | null
  /** How long after its time a run may end. Null: the service's own. */
  readonly graceSeconds: number | null
  /** False: nothing that is absent is an alarm. */
  readonly expected: boolean
}

/** Of the sources that have it set, by name; `sourceId`: only of that one. */
export async function listExpected(
  { query }: Queries,
  sourceId?: string,
): Promise<(Expected & { readonly source: string })[]> {
  const rows = await query<{
    source: string
    max_age_seconds: number | null
    grace_seconds: number | null
    expected: boolean
  }>(
    `SELECT s.name AS source, e.max_age_seconds, e.grace_seconds, e.expected
     FROM holdfast.alarm_settings AS e JOIN holdfast.sources AS s ON s.id = e.source_id
     WHERE $1::uuid IS NULL OR e.source_id = $1 ORDER BY s.name`,
    [sourceId ?? null],
  )
  return rows.map(({ source, max_age_seconds, grace_seconds, expected }) => {
    return { source, maxAgeSeconds: max_age_seconds, graceSeconds: grace_seconds, expected }
  })
}

/** Sets what is expected of a source. */
export async function setExpected({ query }: Queries, sourceId: string, e: Expected): Promise<void> {
  await query(
    `INSERT INTO holdfast.alarm_settings (source_id, max_age_seconds, grace_seconds, expected) VALUES ($1, $2, $3, $4)
     ON CONFLICT (source_id) DO UPDATE SET max_age_seconds = $2, grace_seconds = $3, expected = $4`,
    [sourceId, e.maxAgeSeconds, e.graceSeconds, e.expected],
  )
}

/** From then on the usual is expected. */
export async function forgetExpected({ query }: Queries, sourceId: string): Promise<void> {
  await query('DELETE FROM holdfast.alarm_settings WHERE source_id = $1', [sourceId])
}
