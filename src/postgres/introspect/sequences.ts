import type { Connection } from '../connect.ts'
import { literal, qualified } from '../quote.ts'

/** Where a sequence stands. Values are decimal text, since a bigint does not fit a JSON number. */
export interface SequenceFacts {
  readonly schema: string
  readonly name: string
  readonly lastValue: string
  readonly isCalled: boolean
}

const batchSize = 500

const listSql = `
SELECT n.nspname AS schema, c.relname AS name, pg_catalog.has_sequence_privilege(c.oid, 'SELECT') AS readable
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence IN ('p', 'u') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND ($1 OR c.relpersistence = 'p')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
      AND NOT c.oid = ANY (coalesce(e.extconfig, '{}')))
ORDER BY 1, 2`

/**
 * Reads every sequence's value. Sequences stand outside of transactions, so this must run after the snapshot
 * was taken: then no value is lower than one that the snapshot's rows use.
 */
export async function readSequences(
  connection: Connection,
  inRecovery: boolean,
): Promise<{ sequences: SequenceFacts[]; unreadable: string[] }> {
  const listed = await connection.query<{ schema: string; name: string; readable: boolean }>(listSql, [
    !inRecovery,
  ])
  const readable = listed.filter((s) => s.readable)
  const sequences: SequenceFacts[] = []
  for (let at = 0; at < readable.length; at += batchSize) {
    const batch = readable.slice(at, at + batchSize)
    const sql = batch
      .map(
        (s) =>
          `SELECT ${literal(s.schema)} AS schema, ${literal(s.name)} AS name, last_value::text AS value, is_called AS called FROM ${qualified(s.schema, s.name)}`,
      )
      .join(' UNION ALL ')
    const rows = await connection.query<{ schema: string; name: string; value: string; called: boolean }>(sql)
    for (const row of rows) {
      sequences.push({ schema: row.schema, name: row.name, lastValue: row.value, isCalled: row.called })
    }
  }
  return { sequences, unreadable: listed.filter((s) => !s.readable).map((s) => `${s.schema}.${s.name}`) }
}
