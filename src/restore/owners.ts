import { connect, type Connection, type ServerAddress } from '../postgres/connect.ts'
import { ident } from '../postgres/quote.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { RestoreOptions } from './types.ts'

/**
 * How a role that is no superuser makes objects for other owners. It makes them itself, gives them away, and goes on working
 * on them: for that it must be a member of their owners, who must be able to make objects where theirs are. What it
 * lacks of both it gives itself for the time of the restore, where it may.
 */

/** Says that its owner is set: an entry that is only about an object, e.g. a comment, names the owner, too. */
const setsOwner = (e: SchemaEntry): boolean => e.owner !== null && e.length > e.lengthWithoutOwner

/** Roles that objects, the database itself or default privileges will be of. */
export function ownersOf(
  entries: readonly SchemaEntry[],
  databaseOwner: string,
  options: RestoreOptions,
): Set<string> {
  const owners = entries
    .filter((e) => e.type === 'DEFAULT ACL' || (setsOwner(e) && !options.noOwner))
    .flatMap((e) => e.owner ?? [])
  if (options.createDatabase && !options.noOwner) owners.push(databaseOwner)
  return new Set(owners.filter((owner) => owner !== ''))
}

/**
 * Makes the current role a member of these, in the open transaction. Resolves to those it became a member of; a server that
 * gives who makes a role more than ADMIN OPTION (createrole_self_grant) has made it one already.
 */
export async function joinRoles(connection: Connection, roles: readonly string[]): Promise<string[]> {
  const { by, how, kind } = wordsOf(connection)
  const joined: string[] = []
  for (const role of roles) {
    const [row] = await connection.query<{ already: boolean }>(
      `SELECT pg_catalog.pg_has_role($1::pg_catalog.name, '${kind}') AND pg_catalog.pg_has_role($1::pg_catalog.name, 'USAGE') AS already`,
      [role],
    )
    if (row?.already) continue
    await connection.query(`GRANT ${ident(role)} TO CURRENT_USER${how}${by}`)
    joined.push(role)
  }
  return joined
}

/** Takes back what `joinRoles` gave. */
export async function leaveRoles(connection: Connection, roles: readonly string[]): Promise<void> {
  for (const role of roles) {
    await connection.query(`REVOKE ${ident(role)} FROM CURRENT_USER${wordsOf(connection).by}`)
  }
}

/** From 16 on what a member may do is said with each grant, and who grants keeps his own apart from others'. */
function wordsOf({ version }: Connection): { by: string; how: string; kind: string } {
  return version >= 160_000
    ? { by: ' GRANTED BY CURRENT_USER', how: ' WITH INHERIT TRUE, SET TRUE', kind: 'SET' }
    : { by: '', how: '', kind: 'MEMBER' }
}

/** A right to make objects in a schema that its role has for the time of the restore. */
export interface Loan {
  readonly schema: string
  readonly role: string
}

/**
 * Lets owners make objects in the schemas where theirs are to be, which the server asks of a new owner unless a superuser
 * sets it. In the source they had that right as the database's owner, by a grant, or once; here grants and the database's owner
 * come last. Only what is lacking is given, so that all of it can be taken back.
 */
export async function lendSchemas(target: ServerAddress, entries: readonly SchemaEntry[]): Promise<Loan[]> {
  const wanted = new Map<string, Loan>()
  for (const e of entries) {
    if (e.schema === null || !setsOwner(e)) continue
    wanted.set(JSON.stringify([e.schema, e.owner]), { schema: e.schema, role: e.owner ?? '' })
  }
  if (wanted.size === 0) return []
  await using connection = await connect({ address: target })
  const loans = await connection.query<Loan & Record<string, unknown>>(
    `SELECT n.nspname AS schema, r.rolname AS role
     FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) w (schema pg_catalog.name, role pg_catalog.name)
     JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema JOIN pg_catalog.pg_roles r ON r.rolname = w.role
     WHERE NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')`,
    [JSON.stringify([...wanted.values()])],
  )
  for (const { schema, role } of loans) {
    await connection.query(`GRANT CREATE ON SCHEMA ${ident(schema)} TO ${ident(role)}`)
  }
  return loans
}

/** Takes loans back: before grants are restored, which may hold the same right. */
export async function returnSchemas(target: ServerAddress, loans: readonly Loan[]): Promise<void> {
  if (loans.length === 0) return
  await using connection = await connect({ address: target })
  for (const { schema, role } of loans) {
    await connection.query(`REVOKE CREATE ON SCHEMA ${ident(schema)} FROM ${ident(role)}`)
  }
}
