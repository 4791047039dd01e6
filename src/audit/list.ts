import type { Queries } from '../catalog/database.ts'
import type { AuditEntry, AuditResult } from './entry.ts'

interface Row extends Record<string, unknown>, Omit<AuditEntry, 'number'> {
  /** int8 comes as a text. */
  readonly number: string
}

/** As the trail is hashed: times and JSON by their texts. */
const columns = `number, pg_catalog.to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, who, role, address, agent,
  request, action, about, source_id::text AS source, result, code, before::text AS before, after::text AS after,
  pg_catalog.encode(previous, 'hex') AS previous, pg_catalog.encode(hash, 'hex') AS hash`

function toEntry(row: Row): AuditEntry {
  return { ...row, number: Number(row.number) }
}

export interface AuditFilter {
  readonly who: string | null
  /** The whole of it, or a resource with all that was done to it: `sources`. */
  readonly action: string | null
  readonly about: string | null
  readonly from: string | null
  /** Exclusive. */
  readonly to: string | null
  readonly result: AuditResult | null
}

/** Newest first, those with a smaller number than `before`. */
export async function listAudit(
  { query }: Queries,
  filter: AuditFilter,
  page: { readonly limit: number; readonly before: number | null },
): Promise<AuditEntry[]> {
  const rows = await query<Row>(
    `SELECT ${columns} FROM holdfast.audit AS a
     WHERE ($1::text IS NULL OR who = $1) AND ($2::text IS NULL OR action = $2 OR pg_catalog.starts_with(action, $2 || '.'))
       AND ($3::text IS NULL OR about = $3) AND ($4::timestamptz IS NULL OR a.at >= $4) AND ($5::timestamptz IS NULL OR a.at < $5)
       AND ($6::text IS NULL OR result = $6) AND ($7::int8 IS NULL OR number < $7)
     ORDER BY a.number DESC LIMIT $8`,
    [filter.who, filter.action, filter.about, filter.from, filter.to, filter.result, page.before, page.limit],
  )
  return rows.map(toEntry)
}

const pageEntries = 1_000

/** All entries from the first on, in pages; `page` runs a query in a transaction that may see them. What is added meanwhile comes, too. */
export async function* readTrail(
  page: (work: (queries: Queries) => Promise<AuditEntry[]>) => Promise<AuditEntry[]>,
): AsyncGenerator<AuditEntry> {
  for (let last = 0; ;) {
    const after = last
    const entries = await page(async ({ query }) => {
      const rows = await query<Row>(
        `SELECT ${columns} FROM holdfast.audit AS a WHERE a.number > $1 ORDER BY a.number LIMIT $2`,
        [after, pageEntries],
      )
      return rows.map(toEntry)
    })
    yield* entries
    if (entries.length < pageEntries) return
    last = entries.at(-1)?.number ?? last
  }
}

/** The newest entry's number and hash, to be kept elsewhere; null if there is none. */
export async function headOf({ query }: Queries): Promise<{ number: number; hash: string } | null> {
  const [row] = await query<{ number: string; hash: string }>(
    `SELECT number, pg_catalog.encode(hash, 'hex') AS hash FROM holdfast.audit AS a ORDER BY a.number DESC LIMIT 1`,
  )
  return row === undefined ? null : { number: Number(row.number), hash: row.hash }
}
