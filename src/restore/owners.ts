import type { Connection } from '../postgres/connect.ts'
import { ident } from '../postgres/quote.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { BackupContents } from '../repository/format/contents.ts'
import type { RestoreScope } from './scope.ts'
import type { RestoreOptions } from './types.ts'

/**
 * How a role that is no superuser makes objects for other owners. It makes them itself, gives them away, and goes on working
 * on them: for that it must be a member of their owners, and makes itself one for the time of the restore, where it may.
 * What the owners must be able to do themselves is in `loans.ts`.
 */

/** Says that its owner is set: an entry that is only about an object, e.g. a comment, names the owner, too. */
export const setsOwner = (e: SchemaEntry): boolean => e.owner !== null && e.length > e.lengthWithoutOwner

/** Roles that objects, large ones too, the database itself or default privileges will be of. */
export function ownersOf(
  scope: RestoreScope,
  contents: BackupContents,
  options: RestoreOptions,
): Set<string> {
  const owners = scope.entries
    .filter((e) => e.type === 'DEFAULT ACL' || (setsOwner(e) && !options.noOwner))
    .flatMap((e) => e.owner ?? [])
  const { objects } = contents.largeObjects
  return new Set([
    ...owners.filter((owner) => owner !== ''),
    ...(scope.all && !options.noOwner ? objects.map((object) => object.owner) : []),
    ...(options.createDatabase && !options.noOwner ? [contents.database.owner] : []),
  ])
}

/**
 * Makes the current role a member of these, in the open transaction. Resolves to those it became a member of; a server that
 * gives who makes a role more than ADMIN OPTION (createrole_self_grant) has made it one already.
 */
export async function joinRoles(connection: Connection, roles: readonly string[]): Promise<string[]> {
  const { kind } = wordsOf(connection.version)
  const joined: string[] = []
  for (const role of roles) {
    const [row] = await connection.query<{ already: boolean }>(
      `SELECT pg_catalog.pg_has_role($1::pg_catalog.name, '${kind}') AND pg_catalog.pg_has_role($1::pg_catalog.name, 'USAGE') AS already`,
      [role],
    )
    if (row?.already) continue
    await connection.query(joinSql(role, connection.version))
    joined.push(role)
  }
  return joined
}

/** Takes back what `joinRoles` gave. */
export async function leaveRoles(connection: Connection, roles: readonly string[]): Promise<void> {
  for (const role of roles) {
    await connection.query(leaveSql(role, connection.version))
  }
}

/** Makes the current role a member. `version`: the server's, as server_version_num. */
export function joinSql(role: string, version: number): string {
  const { by, how } = wordsOf(version)
  return `GRANT ${ident(role)} TO CURRENT_USER${how}${by}`
}

/** Takes back what `joinSql` gave. */
export function leaveSql(role: string, version: number): string {
  return `REVOKE ${ident(role)} FROM CURRENT_USER${wordsOf(version).by}`
}

/** From 16 on what a member may do is said with each grant, and who grants keeps his own apart from others'. */
function wordsOf(version: number): { by: string; how: string; kind: string } {
  return version >= 160_000
    ? { by: ' GRANTED BY CURRENT_USER', how: ' WITH INHERIT TRUE, SET TRUE', kind: 'SET' }
    : { by: '', how: '', kind: 'MEMBER' }
}
