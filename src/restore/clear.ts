import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { aclStatements, defaultAcl, withOwner } from '../postgres/acl.ts'
import { connect, type Connection, type ServerAddress } from '../postgres/connect.ts'
import { describeAddress } from '../postgres/server-address.ts'
import { ident, literal } from '../postgres/quote.ts'
import {
  contentStatements,
  leftoverStatements,
  schemaStatements,
  subscriptionStatements,
} from './clear-statements.ts'
import { returnLoans } from './loans.ts'
import { connectMaintenance, markerSchema } from './target.ts'

/** What the target was before, so that it can be put back: kept in the target itself, for the case of a killed process. */
export interface Marker {
  /** Random: tells this restore from another that may begin in the same target, when this one is taken for dead. */
  readonly id: string
  readonly backup: string
  readonly started: string
  /** The restore made the database, and --restart may drop it. */
  readonly madeDatabase: boolean
  /** Extensions that were there before. */
  readonly extensions: readonly string[]
}

/** Leaves word in the target that a restore is under way. The first thing a restore does to it, and `removeMarkerSql` the last. */
export async function setMarker(connection: Connection, marker: Marker): Promise<void> {
  const { id, backup, started, madeDatabase, extensions } = marker
  const values = [id, backup, started, JSON.stringify(extensions)].map(literal).join(', ')
  await connection.query(
    `CREATE SCHEMA ${markerSchema}; REVOKE ALL ON SCHEMA ${markerSchema} FROM PUBLIC;
     CREATE TABLE ${markerSchema}.progress AS SELECT * FROM (VALUES (${values}, ${madeDatabase})) v (id, backup, started, extensions, made_database);
     CREATE TABLE ${markerSchema}.public_schema AS
       SELECT pg_catalog.pg_get_userbyid(nspowner)::pg_catalog.text AS owner, nspacl::pg_catalog.text[] AS acl,
         pg_catalog.obj_description(oid, 'pg_namespace') AS comment FROM pg_catalog.pg_namespace WHERE nspname = 'public'`,
  )
}

/** Takes the marker away. */
export const removeMarkerSql = `DROP SCHEMA ${markerSchema} CASCADE`

/**
 * Drops the database that the restore had made, if it still is that one: another restore may have been told to begin anew,
 * and may be done. Throws `restore_failed` if it is another.
 */
export async function dropDatabase(address: ServerAddress, oid: number | null): Promise<void> {
  await using connection = await connectMaintenance(address)
  const [found] = await connection.query<{ oid: number }>(
    'SELECT oid FROM pg_catalog.pg_database WHERE datname = $1',
    [address.database],
  )
  if (found === undefined) return
  if (oid !== null && found.oid !== oid) throw takenOver(address)
  await dropSubscriptions(connection, address, found.oid)
  await connection.query(`DROP DATABASE IF EXISTS ${ident(address.database)} WITH (FORCE)`)
}

/** Subscriptions keep a database from being dropped. Before the end of a restore they have no slot and do not run. */
async function dropSubscriptions(server: Connection, address: ServerAddress, oid: number): Promise<void> {
  const [found] = await server.query('SELECT FROM pg_catalog.pg_subscription WHERE subdbid = $1 LIMIT 1', [
    oid,
  ])
  if (found === undefined) return
  await server.query(`ALTER DATABASE ${ident(address.database)} ALLOW_CONNECTIONS true`)
  await using own = await connect({ address })
  await inBatches(own, await subscriptionStatements(own))
}

/** Drops roles that the restore had made; they own nothing any more. `address`: any database of the server. */
export async function dropRoles(address: ServerAddress, roles: readonly string[]): Promise<void> {
  if (roles.length === 0) return
  await using connection = await connectAnywhere(address)
  const [user] = await connection.query<{ superuser: boolean }>(
    'SELECT rolsuper AS superuser FROM pg_catalog.pg_roles WHERE rolname = current_user',
  )
  const names = roles.map(ident).join(', ')
  // What only a superuser can have granted them: rights on the server's parameters.
  if (user?.superuser === true) await connection.query(`DROP OWNED BY ${names}`)
  await connection.query(`DROP ROLE IF EXISTS ${names}`)
}

/** A connection to the target, or to another database of its server if there is none. Others may be closed to who restores into one that is there. */
export async function connectAnywhere(address: ServerAddress): Promise<Connection> {
  try {
    return await connect({ address })
  } catch (error) {
    if (!isHoldfastError(error, 'database_missing')) throw error
    return await connectMaintenance(address)
  }
}

/**
 * Removes everything from a database that was empty when an unfinished restore began, as its marker proves; then it
 * is empty again, with the extensions it had and its `public` schema. In small transactions, since the locks of all that a
 * database can hold are more than a server has room for; the marker goes last, so that it can be done again.
 * Grants and default privileges need no clearing: they come with the marker's removal. What was lent goes with the marker, too.
 *
 * With `id`, throws `restore_failed` if the marker is not that restore's.
 */
export async function clearTarget(
  address: ServerAddress,
  o: { id?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  await using connection = await connect({ address, signal: o.signal })
  // Notices of what goes along quote names, which may be no text in any encoding.
  await connection.query('SET client_min_messages = error')
  const marker = await readMarker(connection)
  if (marker === undefined || (o.id !== undefined && marker.id !== o.id)) throw takenOver(address)
  const keep = JSON.parse(marker.extensions) as string[]
  await inBatches(connection, await leftoverStatements(connection, 'before', keep))
  for (let last = ''; ;) {
    const statements = await contentStatements(connection)
    const [first] = statements
    if (first === undefined) break
    if (first === last) throw new HoldfastError('internal', `${first} does not drop what it names.`)
    last = first
    await inBatches(connection, statements)
  }
  await inBatches(connection, await schemaStatements(connection, keep))
  await inBatches(connection, await leftoverStatements(connection, 'after', keep))
  await connection.query('BEGIN')
  await returnLoans(connection)
  for (const statement of await publicSchemaStatements(connection)) await connection.query(statement)
  await connection.query(removeMarkerSql)
  await connection.query('COMMIT')
}

/** Whether the marker of this very restore is there. */
export async function isMarked(address: ServerAddress, id: string): Promise<boolean> {
  await using connection = await connect({ address })
  return (await readMarker(connection))?.id === id
}

async function readMarker(connection: Connection): Promise<{ id: string; extensions: string } | undefined> {
  const [found] = await connection.query<{ there: boolean }>(
    `SELECT pg_catalog.to_regclass('${markerSchema}.progress') IS NOT NULL AS there`,
  )
  if (!found?.there) return undefined
  const [marker] = await connection.query<{ id: string; extensions: string }>(
    `SELECT id, extensions FROM ${markerSchema}.progress`,
  )
  return marker
}

/** Statements that are sent at once are one transaction. */
const batch = 20

async function inBatches(connection: Connection, statements: readonly string[]): Promise<void> {
  for (let at = 0; at < statements.length; at += batch) {
    await connection.query(statements.slice(at, at + batch).join(';\n'))
  }
}

/** Gives the public schema back the owner, comment and grants it had. */
async function publicSchemaStatements(connection: Connection): Promise<string[]> {
  interface Facts extends Record<string, unknown> {
    owner: string
    acl: string[] | null
    comment: string | null
  }
  const [before] = await connection.query<Facts>(
    `SELECT owner, acl, comment FROM ${markerSchema}.public_schema`,
  )
  if (before === undefined) return []
  const read = `SELECT pg_catalog.pg_get_userbyid(nspowner)::pg_catalog.text AS owner, nspacl::pg_catalog.text[] AS acl
     FROM pg_catalog.pg_namespace WHERE nspname = 'public'`
  const { owner } = before
  const [now] = await connection.query<Facts>(read)
  const statements: string[] = []
  if (now === undefined) statements.push('CREATE SCHEMA public')
  if (now?.owner !== owner) {
    statements.push(`ALTER SCHEMA public OWNER TO ${ident(owner)}`)
  }
  const usual = (of: string): string[] => defaultAcl('schema', of)
  const acl = now?.acl ?? (now === undefined ? usual(owner) : usual(now.owner))
  const renamed = now === undefined || now.owner === owner ? acl : withOwner(acl, now.owner, owner)
  statements.push(
    ...aclStatements({
      objectSql: 'SCHEMA public',
      owner,
      acl: before.acl ?? usual(owner),
      initial: renamed,
    }),
    `COMMENT ON SCHEMA public IS ${before.comment === null ? 'NULL' : literal(before.comment)}`,
  )
  return statements
}

function takenOver(address: ServerAddress): HoldfastError {
  return new HoldfastError(
    'restore_failed',
    `What is in ${describeAddress(address)} now is not of this restore: another has begun or ended there since.`,
  )
}
