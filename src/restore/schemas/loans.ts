import { ident, literal } from '../../postgres/quote.ts'
import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import { setsOwner } from '../owners.ts'
import type { Ask } from './hold.ts'

interface Loan {
  readonly schema: string
  readonly role: string
}

/**
 * Gives owners of what is made the right to make it in its schema, where they lack it: see `../loans.ts`, which does it where a restore
 * is many transactions. Here the one that lends also takes back.
 */
export async function lendSchemas(ask: Ask, entries: readonly SchemaEntry[]): Promise<readonly Loan[]> {
  const wanted = new Map<string, Loan>()
  for (const e of entries) {
    if (e.schema === null || e.owner === null || !setsOwner(e)) continue
    wanted.set(JSON.stringify([e.schema, e.owner]), { schema: e.schema, role: e.owner })
  }
  if (wanted.size === 0) return []
  const rows = [...wanted.values()].map((w) => `(${literal(w.schema)}, ${literal(w.role)})`)
  const lacking = await ask(
    `SELECT w.schema, w.role FROM (VALUES ${rows.join(', ')}) w (schema, role) JOIN pg_catalog.pg_roles r ON r.rolname = w.role
     WHERE NOT pg_catalog.has_schema_privilege(r.oid, (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = w.schema), 'CREATE')`,
  )
  const loans = lacking.map(([schema, role]) => ({ schema: schema ?? '', role: role ?? '' }))
  for (const { schema, role } of loans) await ask(`GRANT CREATE ON SCHEMA ${ident(schema)} TO ${ident(role)}`)
  return loans
}

/** Before grants are restored, which may hold the same right. */
export async function returnSchemas(ask: Ask, loans: readonly Loan[]): Promise<void> {
  for (const { schema, role } of loans)
    await ask(`REVOKE CREATE ON SCHEMA ${ident(schema)} FROM ${ident(role)}`)
}
