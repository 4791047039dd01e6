import type { Claims } from '../catalog/claims.ts'
import type { Queries } from '../catalog/database.ts'
import type { Role } from '../catalog/permissions.ts'
import { iso } from '../catalog/rows.ts'
import { HoldfastError } from '../lib/errors.ts'
import { csrfOf, hashOf, newSecret } from './secret.ts'

/** Nobody was there for so long: it is over. */
const idle = '12 hours'
/** However busy it is. */
const longest = '7 days'
/** It is noted no more often than this that a session is used. */
const noted = '1 minute'

/** Where a request comes from. */
export interface Origin {
  /** Network address. */
  readonly address: string
  /** What the browser calls itself. */
  readonly agent: string
}

/** A session, as its owner may see it. */
export interface Session {
  readonly id: string
  readonly how: string
  readonly address: string
  readonly agent: string
  readonly createdAt: string
  readonly lastSeenAt: string
  readonly expiresAt: string
  readonly recentAt: string
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly how: string
  readonly address: string
  readonly agent: string
  readonly created_at: Date
  readonly last_seen_at: Date
  readonly expires_at: Date
  readonly recent_at: Date
}

const columns = `s.id, s.how, s.address, s.agent, s.created_at, s.last_seen_at, s.expires_at, s.recent_at`
const alive = `s.expires_at > pg_catalog.now() AND s.last_seen_at > pg_catalog.now() - interval '${idle}'`

function toSession(row: Row): Session {
  const { id, how, address, agent } = row
  return {
    id,
    how,
    address,
    agent,
    createdAt: iso(row.created_at),
    lastSeenAt: iso(row.last_seen_at),
    expiresAt: iso(row.expires_at),
    recentAt: iso(row.recent_at),
  }
}

/** A session that has just begun. */
export interface NewSession {
  /** For the cookie. It is told now and never again. */
  readonly secret: string
  readonly id: string
  readonly expiresAt: Date
}

/** That somebody has just proved who they are. */
export interface Proof {
  readonly personId: string
  /** `password`, or the name of a provider. */
  readonly how: string
  /** When they did; null: now. */
  readonly recentAt: Date | null
  /** When the password was chosen that they knew, as the catalog writes it; null: it was another proof. */
  readonly passwordAt: string | null
}

/**
 * Begins a session. The account is held meanwhile, and must still be what the proof was of: looking at a password takes a while, in which
 * another one may have been chosen to keep somebody out. Throws `sign_in_failed`.
 */
export async function beginSession(
  { query }: Queries,
  o: Proof & { readonly origin: Origin },
): Promise<NewSession> {
  // Nobody else sees to what is over.
  await query(`DELETE FROM holdfast.sessions AS s WHERE NOT (${alive})`)
  const secret = newSecret()
  const [row] = await query<{ id: string; expires_at: Date }>(
    `INSERT INTO holdfast.sessions (person_id, hash, how, address, agent, expires_at, recent_at)
     SELECT p.id, $2, $3, $4, $5, pg_catalog.now() + interval '${longest}', coalesce($6, pg_catalog.now())
     FROM holdfast.people AS p WHERE p.id = $1 AND p.active AND ($7::text IS NULL OR p.password_at::text = $7) FOR SHARE
     RETURNING id, expires_at`,
    [o.personId, hashOf(secret), o.how, o.origin.address, o.origin.agent, o.recentAt, o.passwordAt],
  )
  if (row === undefined) throw new HoldfastError('sign_in_failed', 'The account was changed meanwhile.')
  await query('UPDATE holdfast.people SET signed_in_at = pg_catalog.now() WHERE id = $1', [o.personId])
  return { secret, id: row.id, expiresAt: row.expires_at }
}

/** Whom a session acts for, and what its page must send along with what changes something. */
export interface SessionClaims {
  readonly claims: Claims
  readonly personId: string
  readonly session: Session
  readonly csrf: string
}

/** Null if it is none, is over, or its owner may not sign in any more. */
export async function claimsOfSession({ query }: Queries, secret: string): Promise<SessionClaims | null> {
  if (!/^[\w-]{43}$/.test(secret)) return null
  const [row] = await query<Row & { person_id: string; role: Role; sources: string[]; stale: boolean }>(
    `SELECT ${columns}, s.person_id, p.role, p.sources, s.last_seen_at < pg_catalog.now() - interval '${noted}' AS stale
     FROM holdfast.sessions AS s JOIN holdfast.people AS p ON p.id = s.person_id
     WHERE s.hash = $1 AND p.active AND ${alive}`,
    [hashOf(secret)],
  )
  if (row === undefined) return null
  if (row.stale)
    await query('UPDATE holdfast.sessions SET last_seen_at = pg_catalog.now() WHERE id = $1', [row.id])
  const session = toSession(row)
  const { person_id: personId, role, sources } = row
  const claims = { subject: `person:${personId}`, role, sources, recentAt: session.recentAt }
  return { claims, personId, session, csrf: csrfOf(secret) }
}

/** Newest first. */
export async function listSessions({ query }: Queries, personId: string): Promise<Session[]> {
  const rows = await query<Row>(
    `SELECT ${columns} FROM holdfast.sessions AS s WHERE s.person_id = $1 AND ${alive} ORDER BY s.last_seen_at DESC, s.id`,
    [personId],
  )
  return rows.map(toSession)
}

/** Ends one session of somebody, or with null all of them. Resolves to how many. */
export async function endSessions({ query }: Queries, personId: string, id: string | null): Promise<number> {
  const ended = await query(
    'DELETE FROM holdfast.sessions WHERE person_id = $1 AND ($2::uuid IS NULL OR id = $2) RETURNING id',
    [personId, id],
  )
  return ended.length
}

/** They have proved again who they are. */
export async function confirmSession({ query }: Queries, id: string): Promise<void> {
  await query('UPDATE holdfast.sessions SET recent_at = pg_catalog.now() WHERE id = $1', [id])
}
