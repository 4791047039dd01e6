import { createHash, randomBytes } from 'node:crypto'
import type { Claims } from '../catalog/claims.ts'
import type { Database, Queries } from '../catalog/database.ts'
import type { Role } from '../catalog/permissions.ts'

const prefix = 'hfk_'

function hashOf(key: string): Buffer {
  // The key is 32 random bytes: there is nothing to guess, and so nothing to slow down.
  return createHash('sha256').update(key).digest()
}

/** Makes a key, which is told now and never again: only its hash is kept. */
export async function addKey(
  { query }: Queries,
  o: { name: string; role: Role; sources?: readonly string[]; expiresAt?: Date },
): Promise<string> {
  const key = `${prefix}${randomBytes(32).toString('base64url')}`
  await query(
    'INSERT INTO holdfast.api_keys (name, role, sources, hash, expires_at) VALUES ($1, $2, $3, $4, $5)',
    [o.name, o.role, o.sources ?? [], hashOf(key), o.expiresAt ?? null],
  )
  return key
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
  const [row] = await query<{ id: string; role: Role; sources: string[] }>(
    `SELECT id, role, sources FROM holdfast.api_keys
     WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > pg_catalog.now())`,
    [hashOf(key)],
  )
  return row === undefined ? null : { subject: `key:${row.id}`, role: row.role, sources: row.sources }
}
