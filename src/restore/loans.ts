import { connect, type Connection, type ServerAddress } from '../postgres/connect.ts'
import { ident } from '../postgres/quote.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import { outerWords, unquoted } from '../postgres/schema/words.ts'
import type { EntrySql } from './entries.ts'
import { setsOwner } from './owners.ts'
import { markerSchema } from './target.ts'

/**
 * Rights that owners have for the time of a restore. Unless a superuser sets it, the server asks of a new owner what it would have
 * asked of who makes the object. In the source they had that right as the database's owner, by a grant, or once; here
 * grants and the database's owner come last. Only what is lacking is lent, so that all of it can be taken back; the
 * marker keeps it in mind.
 */
interface Loan extends Record<string, unknown> {
  readonly kind: 'SCHEMA' | 'DATABASE' | 'FOREIGN DATA WRAPPER'
  readonly name: string
  readonly role: string
}

const kept = `${markerSchema}.loans`

/** Before which of these that are made in order it is time to lend: schemas are there, and what foreign servers are of. */
export function lendingPoints(entries: readonly Pick<SchemaEntry, 'type'>[]): number[] {
  const inSchemas = entries.findLastIndex((e) => e.type === 'SCHEMA') + 1
  const servers = entries.findIndex((e) => e.type === 'SERVER')
  return servers > inSchemas ? [inSchemas, servers] : [inSchemas]
}

/** Lends on what is there by now. Of subscriptions and schemas the server asks nothing of the new owner. */
export async function lend(
  target: ServerAddress,
  entries: readonly SchemaEntry[],
  sql: EntrySql,
): Promise<void> {
  const wanted = new Map<string, Loan>()
  for (const e of entries) {
    const on = setsOwner(e) ? placeOf(e, target, sql) : undefined
    if (on !== undefined) wanted.set(JSON.stringify([on, e.owner]), { ...on, role: e.owner ?? '' })
  }
  if (wanted.size === 0) return
  await using connection = await connect({ address: target })
  const lacking = await those(connection, [...wanted.values()], 'lack')
  if (lacking.length === 0) return
  await connection.query('BEGIN')
  await connection.query(`CREATE TABLE IF NOT EXISTS ${kept} (kind text, name text, role text)`)
  for (const loan of lacking) {
    await connection.query(`INSERT INTO ${kept} VALUES ($1, $2, $3)`, [loan.kind, loan.name, loan.role])
    await connection.query(`GRANT ${rightOn(loan)} TO ${ident(loan.role)}`)
  }
  await connection.query('COMMIT')
}

/** Takes loans back, in the open transaction: before grants are restored, which may hold the same right. */
export async function returnLoans(connection: Connection): Promise<void> {
  const [found] = await connection.query<{ there: boolean }>(
    `SELECT pg_catalog.to_regclass('${kept}') IS NOT NULL AS there`,
  )
  if (!found?.there) return
  const loans = await connection.query<Loan>(`SELECT kind, name, role FROM ${kept}`)
  for (const loan of await those(connection, loans, 'have')) {
    await connection.query(`REVOKE ${rightOn(loan)} FROM ${ident(loan.role)}`)
  }
  await connection.query(`DROP TABLE ${kept}`)
}

/** Where the server asks an owner for a right. */
function placeOf(
  e: SchemaEntry,
  target: ServerAddress,
  sql: EntrySql,
): Pick<Loan, 'kind' | 'name'> | undefined {
  if (e.schema !== null) return { kind: 'SCHEMA', name: e.schema }
  if (e.type === 'PUBLICATION') return { kind: 'DATABASE', name: target.database }
  if (e.type !== 'SERVER') return undefined
  const words = outerWords(Buffer.from(sql(e)).toString('utf8'))
  return { kind: 'FOREIGN DATA WRAPPER', name: unquoted(words[words.indexOf('WRAPPER') + 1] ?? '') }
}

function rightOn({ kind, name }: Loan): string {
  return `${kind === 'FOREIGN DATA WRAPPER' ? 'USAGE' : 'CREATE'} ON ${kind} ${ident(name)}`
}

/** Of roles and objects that are there. */
function those(connection: Connection, loans: readonly Loan[], how: 'have' | 'lack'): Promise<Loan[]> {
  return connection.query<Loan>(
    `SELECT w.kind, w.name, w.role
     FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) w (kind pg_catalog.text, name pg_catalog.text, role pg_catalog.text)
     JOIN pg_catalog.pg_roles r ON r.rolname = w.role
     WHERE $2 = CASE w.kind
       WHEN 'SCHEMA' THEN (SELECT pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE') FROM pg_catalog.pg_namespace n WHERE n.nspname = w.name)
       WHEN 'DATABASE' THEN (SELECT pg_catalog.has_database_privilege(r.oid, d.oid, 'CREATE') FROM pg_catalog.pg_database d WHERE d.datname = w.name)
       WHEN 'FOREIGN DATA WRAPPER' THEN (SELECT pg_catalog.has_foreign_data_wrapper_privilege(r.oid, f.oid, 'USAGE')
         FROM pg_catalog.pg_foreign_data_wrapper f WHERE f.fdwname = w.name) END`,
    [JSON.stringify(loans), how === 'have'],
  )
}
