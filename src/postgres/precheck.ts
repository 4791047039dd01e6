import { HoldfastError } from '../lib/errors.ts'
import type { Connection } from './connect.ts'
import { ident, qualified } from './quote.ts'

/** How many tables a message names; the rest are counted. `details` has them all. */
const named = 20

export interface PrecheckTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
}

export interface Precheck {
  readonly inRecovery: boolean
  /** On a standby: tables whose rows exist on the primary only. */
  readonly unloggedOnStandby: readonly PrecheckTable[]
  /** Set if locking the tables might use up the server's lock table; in plain words, with what to change. */
  readonly locksHint: string | null
}

const tablesSql = `
SELECT t.oid, c.relkind AS kind, c.relpersistence = 'u' AS unlogged,
  pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE') AS schema_usage,
  pg_catalog.has_table_privilege(c.oid, 'SELECT') AS selectable,
  c.relkind IN ('r', 'p') AND pg_catalog.row_security_active(c.oid) AS row_security
FROM pg_catalog.unnest($1::pg_catalog.oid[]) t (oid) JOIN pg_catalog.pg_class c ON c.oid = t.oid`

const serverSql = `
SELECT current_user::pg_catalog.text AS role, pg_catalog.pg_is_in_recovery() AS in_recovery,
  pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int4 AS per_transaction,
  pg_catalog.current_setting('max_connections')::pg_catalog.int4
    + pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int4 AS holders,
  pg_catalog.current_setting('zero_damaged_pages')::pg_catalog.bool
    OR pg_catalog.current_setting('ignore_checksum_failure')::pg_catalog.bool AS hides_damage`

interface TableRow extends Record<string, unknown> {
  oid: number
  kind: string
  unlogged: boolean
  schema_usage: boolean
  selectable: boolean
  row_security: boolean
}

interface ServerRow extends Record<string, unknown> {
  role: string
  in_recovery: boolean
  per_transaction: number
  holders: number
  hides_damage: boolean
}

/**
 * Asks a source, without changing or locking anything, whether all rows of these tables can be read. Throws
 * `source_denied` or `source_row_security` with the tables and the statements that would mend it. A table that is gone
 * meanwhile is passed over. `locked`: how many tables a backup of these locks. A role that owns a table may read it, even if row level security is on, unless it is forced.
 */
export async function precheckSource(
  connection: Connection,
  tables: readonly PrecheckTable[],
  locked: number = tables.length,
): Promise<Precheck> {
  const [server] = await connection.query<ServerRow>(serverSql)
  if (server === undefined) throw new HoldfastError('internal', 'the server said nothing of itself')
  if (server.hides_damage) {
    throw new HoldfastError(
      'source_hides_damage',
      `For role ${server.role} the server passes over damaged pages: zero_damaged_pages or ignore_checksum_failure is on.`,
    )
  }
  const rows = await connection.query<TableRow>(tablesSql, [tables.map((t) => t.oid)])
  const byOid = new Map(rows.map((row) => [row.oid, row]))
  const where = (test: (row: TableRow) => boolean): PrecheckTable[] =>
    tables.filter((table) => {
      const row = byOid.get(table.oid)
      return row !== undefined && test(row)
    })

  const denied = where((row) => !row.schema_usage || !row.selectable)
  if (denied.length > 0) {
    const grants = grantsFor(denied, byOid, server.role)
    throw new HoldfastError(
      'source_denied',
      `Role ${server.role} may not read ${count(denied)}: ${list(denied)}.`,
      {
        hint: `Run ${shown(grants)} or GRANT pg_read_all_data TO ${ident(server.role)}; or leave the tables out by name.`,
        details: { role: server.role, tables: denied.map(label), statements: grants },
      },
    )
  }
  const filtered = where((row) => row.row_security)
  if (filtered.length > 0) {
    const statement = `ALTER ROLE ${ident(server.role)} BYPASSRLS;`
    throw new HoldfastError(
      'source_row_security',
      `Row level security would hide rows of ${count(filtered)} from role ${server.role}: ${list(filtered)}.`,
      {
        hint: `Run ${statement} or use a role that has BYPASSRLS, or leave the tables out by name.`,
        details: { role: server.role, tables: filtered.map(label), statements: [statement] },
      },
    )
  }
  return {
    inRecovery: server.in_recovery,
    unloggedOnStandby: server.in_recovery ? where((row) => row.unlogged) : [],
    locksHint: locksHint(locked, server),
  }
}

/** The lock table is shared: a backup may use more than `max_locks_per_transaction`, while others use less. */
function locksHint(tables: number, server: ServerRow): string | null {
  const room = server.per_transaction * server.holders
  if (tables <= room / 2) return null
  // Each with an index and what holds its long values.
  const wanted = Math.ceil((tables * 4) / server.holders / 64) * 64
  return `A backup of ${tables} tables locks each of them, and the server has room for about ${room} locks: set max_locks_per_transaction to ${wanted} and restart it.`
}

function grantsFor(
  denied: readonly PrecheckTable[],
  byOid: ReadonlyMap<number, TableRow>,
  role: string,
): string[] {
  const schemas = denied.filter((t) => byOid.get(t.oid)?.schema_usage === false).map((t) => t.schema)
  const relations = denied.filter((t) => byOid.get(t.oid)?.selectable === false)
  return [
    ...[...new Set(schemas)].map((schema) => `GRANT USAGE ON SCHEMA ${ident(schema)} TO ${ident(role)};`),
    ...relations.map((t) => {
      const kind = byOid.get(t.oid)?.kind === 'S' ? 'SEQUENCE' : 'TABLE'
      return `GRANT SELECT ON ${kind} ${qualified(t.schema, t.name)} TO ${ident(role)};`
    }),
  ]
}

const label = (table: PrecheckTable): string => `${table.schema}.${table.name}`
const count = (tables: readonly PrecheckTable[]): string =>
  tables.length === 1 ? '1 table' : `${tables.length} tables`
const list = (tables: readonly PrecheckTable[]): string => cut(tables.map(label), ', ')
const shown = (statements: readonly string[]): string => cut(statements, ' ')

function cut(items: readonly string[], between: string): string {
  const more = items.length - named
  return items.slice(0, named).join(between) + (more > 0 ? `${between}and ${more} more` : '')
}
