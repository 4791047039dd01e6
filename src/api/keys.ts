import { createHash, randomBytes } from 'node:crypto'
import type { Claims } from '../catalog/claims.ts'
import type { Database, Queries } from '../catalog/database.ts'
import { keyScopes, type KeyScope, type Role } from '../catalog/permissions.ts'
import { iso } from '../catalog/rows.ts'

const prefix = 'hfk_'

function hashOf(key: string): Buffer {
  // The key is 32 random bytes: there is nothing to guess, and so nothing to slow down.
  return createHash('sha256').update(key).digest()
}

/** A key, as people see it. */
export interface KeyRecord {
  readonly id: string
  readonly name: string
  readonly role: Role
  /** Names. */
  readonly sources: string[]
  readonly scopes: KeyScope[]
  /** Subject of who made it. */
  readonly createdBy: string | null
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  readonly lastUsedAt: string | null
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly source_names: string[]
  readonly scopes: KeyScope[]
  readonly created_by: string | null
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly revoked_at: Date | null
  readonly last_used_at: Date | null
}

const columns = `id, name, role, scopes, created_by, created_at, expires_at, revoked_at, last_used_at,
  ARRAY(SELECT s.name FROM holdfast.sources AS s WHERE s.id = ANY (api_keys.sources) ORDER BY s.name) AS source_names`

function toRecord(row: Row): KeyRecord {
  const { id, name, role, scopes } = row
  return {
    id,
    name,
    role,
    sources: row.source_names,
    scopes,
    createdBy: row.created_by,
    createdAt: iso(row.created_at),
    expiresAt: iso(row.expires_at),
    revokedAt: iso(row.revoked_at),
    lastUsedAt: iso(row.last_used_at),
  }
}

export interface NewKey {
  readonly name: string
  readonly role: Role
  /** Ids. */
  readonly sources?: readonly string[]
  /** Default: all. */
  readonly scopes?: readonly KeyScope[]
  /** Default: never. */
  readonly expiresAt?: Date
  /** Subject of who makes it. */
  readonly createdBy?: string
}

/** Makes a key, which is told now and never again: only its hash is kept. */
export async function addKey(queries: Queries, o: NewKey): Promise<string> {
  return (await makeKey(queries, o)).key
}

/** The same, with what people see of it. */
export async function makeKey({ query }: Queries, o: NewKey): Promise<{ key: string; record: KeyRecord }> {
  const key = `${prefix}${randomBytes(32).toString('base64url')}`
  const [row] = await query<Row>(
    `INSERT INTO holdfast.api_keys (name, role, sources, scopes, hash, expires_at, created_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${columns}`,
    [
      o.name,
      o.role,
      o.sources ?? [],
      o.scopes ?? keyScopes,
      hashOf(key),
      o.expiresAt ?? null,
      o.createdBy ?? null,
    ],
  )
  if (row === undefined) throw new TypeError('INSERT has no row')
  return { key, record: toRecord(row) }
}

/** Newest first, those that are no longer good too: what somebody finds in a log can be looked up. */
export async function listKeys({ query }: Queries): Promise<KeyRecord[]> {
  const rows = await query<Row>(`SELECT ${columns} FROM holdfast.api_keys ORDER BY created_at DESC, id`)
  return rows.map(toRecord)
}

/** Null if there is none. One that is revoked already stays as it is. */
export async function revokeKey({ query }: Queries, id: string): Promise<KeyRecord | null> {
  const [row] = await query<Row>(
    `UPDATE holdfast.api_keys SET revoked_at = coalesce(revoked_at, pg_catalog.now()) WHERE id = $1 RETURNING ${columns}`,
    [id],
  )
  return row === undefined ? null : toRecord(row)
}

/** The key of a first administrator, if there never was a key; null if there was. Of several processes one makes it. */
export async function firstKey(database: Database): Promise<string | null> {
  return await database.transaction(async (queries) => {
    await queries.query('LOCK TABLE holdfast.api_keys IN SHARE ROW EXCLUSIVE MODE')
    const found = await queries.query('SELECT FROM holdfast.api_keys LIMIT 1')
    return found.length > 0
      ? null
      : await addKey(queries, { name: 'first administrator', role: 'super_admin' })
  })
}

/** Whom a key acts for; null if it is none, has expired or was revoked. */
export async function claimsOfKey({ query }: Queries, key: string): Promise<Claims | null> {
  if (!/^hfk_[\w-]{43}$/.test(key)) return null
  const [row] = await query<{
    id: string
    role: Role
    sources: string[]
    scopes: KeyScope[]
    stale: boolean
  }>(
    `SELECT id, role, sources, scopes,
       last_used_at IS NULL OR last_used_at < pg_catalog.now() - interval '1 minute' AS stale
     FROM holdfast.api_keys
     WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > pg_catalog.now())`,
    [hashOf(key)],
  )
  if (row === undefined) return null
  const { id, role, sources, scopes, stale } = row
  if (stale) await query('UPDATE holdfast.api_keys SET last_used_at = pg_catalog.now() WHERE id = $1', [id])
  return { subject: `key:${id}`, role, sources, scopes }
}
