import type { Database, Queries } from '../catalog/database.ts'
import { HoldfastError } from '../lib/errors.ts'
import { addPerson, emailOf } from './accounts.ts'
import { generatePassword } from './password.ts'
import { dropSecondFactor } from './second-factor.ts'
import { hashOf, newSecret } from './secret.ts'
import { setPassword } from './sign-in.ts'

/**
 * What a link is for. `first`: whoever opens it becomes the first administrator. `invitation`: somebody who was added chooses a password.
 * `reset`: they choose another one. `recovery`: that, and no codes are asked for any more, for who has lost them with everything else.
 */
export type Purpose = 'first' | 'invitation' | 'reset' | 'recovery'

const lasts: Readonly<Record<Purpose, string>> = {
  first: '7 days',
  invitation: '7 days',
  reset: '1 hour',
  recovery: '1 hour',
}

/** What a link holds, told now and never again: it is good once, and not for long. `personId` null: of `first`. */
export async function newLink(
  { query }: Queries,
  o: { purpose: Purpose; personId: string | null },
): Promise<{ secret: string; expiresAt: Date }> {
  await query('DELETE FROM holdfast.links WHERE expires_at <= pg_catalog.now()')
  const secret = newSecret()
  const [row] = await query<{ expires_at: Date }>(
    `INSERT INTO holdfast.links (hash, purpose, person_id, expires_at)
     VALUES ($1, $2, $3, pg_catalog.now() + $4::interval) RETURNING expires_at`,
    [hashOf(secret), o.purpose, o.personId, lasts[o.purpose]],
  )
  if (row === undefined) throw new TypeError('INSERT has no row')
  return { secret, expiresAt: row.expires_at }
}

/** Where a link leads. What it holds stands behind #, which browsers send to nobody. */
export function linkAddress(base: string, purpose: Purpose, secret: string): string {
  const page = purpose === 'first' || purpose === 'invitation' ? 'invitation' : 'reset'
  return `${base.replace(/\/$/, '')}/${page}#${secret}`
}

export interface Redeemed {
  readonly secret: string
  readonly password: string
  /** Of the first administrator, who was not invited by anybody that would know it. */
  readonly email?: string | undefined
  readonly name?: string | undefined
}

/**
 * Uses a link: somebody has a password by that. Nothing is used up if it throws `link_invalid`, `password_refused` or
 * `request_invalid`.
 */
export async function redeemLink(
  database: Database,
  purposes: readonly Purpose[],
  o: Redeemed,
): Promise<{ personId: string }> {
  return await database.transaction(async (queries) => {
    // The row stays locked until the end: of two who use it at once, the second finds nothing.
    const [link] = await queries.query<{ purpose: Purpose; person_id: string | null; email: string | null }>(
      `DELETE FROM holdfast.links AS l WHERE hash = $1 AND purpose = ANY ($2) AND expires_at > pg_catalog.now()
       RETURNING purpose, person_id, (SELECT p.email FROM holdfast.people AS p WHERE p.id = l.person_id AND p.active) AS email`,
      [hashOf(o.secret), purposes],
    )
    if (link === undefined) throw invalid()
    const { personId, email } =
      link.person_id === null ? await addFirst(queries, o) : { personId: link.person_id, email: link.email }
    if (email === null) throw invalid()
    await setPassword(queries, { personId, email, password: o.password })
    if (link.purpose === 'recovery') await dropSecondFactor({ queries, personId })
    if (link.purpose === 'invitation' && o.name !== undefined)
      await queries.query('UPDATE holdfast.people SET name = $2 WHERE id = $1', [personId, o.name])
    return { personId }
  })
}

function invalid(): HoldfastError {
  return new HoldfastError('link_invalid', 'The link was used already, has expired, or never was one.')
}

async function addFirst(queries: Queries, o: Redeemed): Promise<{ personId: string; email: string }> {
  // It was out while somebody was added otherwise.
  if ((await queries.query('SELECT FROM holdfast.people LIMIT 1')).length > 0) throw invalid()
  const email = emailOf(o.email ?? '')
  const name = o.name ?? email
  const { id } = await addPerson(queries, { email, name, role: 'super_admin', sources: [] })
  return { personId: id, email }
}

/**
 * The link of the first administrator, while there is nobody and no such link is out; null otherwise. Of several processes one makes it.
 */
export async function firstLink(database: Database): Promise<string | null> {
  return await onceForNobody(database, async (queries) => {
    const out = await queries.query(
      `SELECT FROM holdfast.links WHERE purpose = 'first' AND expires_at > pg_catalog.now() LIMIT 1`,
    )
    return out.length > 0 ? null : (await newLink(queries, { purpose: 'first', personId: null })).secret
  })
}

/** A first administrator with a password that was made for them, while there is nobody; null otherwise. For trying it out. */
export async function firstLogin(
  database: Database,
  address: string,
): Promise<{ email: string; password: string } | null> {
  const email = emailOf(address)
  return await onceForNobody(database, async (queries) => {
    const { personId } = await addFirst(queries, { secret: '', password: '', email })
    const password = generatePassword()
    await setPassword(queries, { personId, email, password })
    await queries.query(`DELETE FROM holdfast.links WHERE purpose = 'first'`)
    return { email, password }
  })
}

async function onceForNobody<T>(
  database: Database,
  work: (queries: Queries) => Promise<T>,
): Promise<T | null> {
  return await database.transaction(async (queries) => {
    await queries.query('LOCK TABLE holdfast.people, holdfast.links IN SHARE ROW EXCLUSIVE MODE')
    const somebody = await queries.query('SELECT FROM holdfast.people LIMIT 1')
    return somebody.length > 0 ? null : await work(queries)
  })
}
