import type { Queries } from './database.ts'

export interface TableCount {
  readonly schema: string
  readonly name: string
  /** When it was backed up. */
  readonly rows: number
  /** `held`, or why its rows are not in the backup. */
  readonly data: string
  /** Partitioned tables that it is a partition of, nearest first. */
  readonly parents: readonly { readonly schema: string; readonly name: string }[]
}

/** The tables of a source as its newest backup by this service has counted them; null: there is none. */
export async function readTableCounts(
  { query }: Queries,
  sourceId: string,
): Promise<{
  readonly backup: string
  readonly moment: string
  readonly tables: readonly TableCount[]
} | null> {
  const [row] = await query<{ backup: string | null; moment: string | null; tables: unknown }>(
    `SELECT result #>> '{backup,id}' AS backup, result #>> '{backup,moment}' AS moment, result -> 'tables' AS tables
     FROM holdfast.jobs WHERE source_id = $1 AND kind = 'backup' AND ended_at IS NOT NULL AND status = 'completed'
     ORDER BY ended_at DESC LIMIT 1`,
    [sourceId],
  )
  if (row === undefined || row.backup === null || row.moment === null || !Array.isArray(row.tables))
    return null
  const tables = row.tables
    .filter(isCount)
    .map(({ schema, name, rows, data, parents }) => ({ schema, name, rows, data, parents: parents ?? [] }))
  return { backup: row.backup, moment: new Date(row.moment).toISOString(), tables }
}

/** As jobs have it, of which those of versions before told no parents. Sound for these: the command line prints them. */
type Told = Omit<TableCount, 'parents'> & { readonly parents?: TableCount['parents'] }

function isCount(value: unknown): value is Told {
  const { schema, name, rows, data } = (value ?? {}) as Record<string, unknown>
  return typeof schema === 'string' && typeof name === 'string' && typeof rows === 'number' && typeof data === 'string' // prettier-ignore
}
