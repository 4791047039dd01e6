import type { Catalog } from '../catalog/catalog.ts'
import type { Queries } from '../catalog/database.ts'
import { HoldfastError } from '../lib/errors.ts'
import { emailOf } from './accounts.ts'
import { countAttempt, forgetAttempts, ofAccount, ofAddress, takeBack } from './attempts.ts'
import { hashPassword, nobodysPassword, requirePassword, verifyPassword } from './password.ts'
import { takeCode } from './second-factor.ts'
import type { Proof } from './sessions.ts'

export interface Given {
  readonly email: string
  readonly password: string
  /** Of the app or on paper. Null: none yet. */
  readonly code: string | null
  /** Network address that it comes from. */
  readonly address: string
}

interface Account extends Record<string, unknown> {
  readonly id: string
  readonly email: string
  readonly active: boolean
  readonly password: string | null
  readonly password_at: string | null
  readonly totp_on: boolean
}

type SignInCatalog = Pick<Catalog, 'system' | 'seal' | 'now'>

/**
 * Who it is. Whatever is wrong, the answer is the same and takes the same work, so that nobody learns who has an account: only whoever
 * knows the password is told that a code is missing. Throws `sign_in_failed`, `code_needed`, `too_many_attempts`.
 */
export async function signIn(catalog: SignInCatalog, o: Given): Promise<Proof> {
  const { system } = catalog
  const email = readEmail(o.email)
  const [ofThis, fromHere] = [ofAccount('sign-in', email), ofAddress('sign-in', o.address)]
  await countAttempt(system, fromHere)
  await countAttempt(system, ofThis)
  const [account] = await system.query<Account>(
    'SELECT id, email, active, password, password_at::text, totp_on FROM holdfast.people WHERE email = $1',
    [email],
  )
  const { right, outdated } = await verifyPassword(o.password, account?.password ?? (await nobodysPassword()))
  if (account === undefined || account.password === null || !account.active || !right) throw failed()
  if (account.totp_on) {
    if (o.code === null) {
      await takeBack(system, ofThis)
      await takeBack(system, fromHere)
      throw new HoldfastError('code_needed', 'A code of the app is needed, too.')
    }
    await requireCode(catalog, account.id, o.code)
  }
  if (outdated) await rehash(system, account, o.password)
  await forgetAttempts(system, ofThis)
  await takeBack(system, fromHere)
  return { personId: account.id, how: 'password', recentAt: null, passwordAt: account.password_at }
}

function failed(): HoldfastError {
  return new HoldfastError('sign_in_failed', 'E-mail address, password or code are not right.')
}

/** What can't be an address is one that nobody has: all of these are one, and slowed down as one. */
function readEmail(text: string): string {
  try {
    return emailOf(text)
  } catch {
    return ''
  }
}

async function requireCode(
  { system, seal, now }: SignInCatalog,
  personId: string,
  code: string,
): Promise<void> {
  if (!(await takeCode({ queries: system, seal, personId, code, now: await now() }))) throw failed()
}

/** The same password at today's cost, unless it was changed meanwhile. */
async function rehash({ query }: Queries, { id, password }: Account, given: string): Promise<void> {
  const anew = await hashPassword(given)
  await query('UPDATE holdfast.people SET password = $2 WHERE id = $1 AND password = $3', [
    id,
    anew,
    password,
  ])
}

/**
 * That somebody who is signed in is there themselves: by password, and by a code where codes are asked for and `code` is not left out.
 * Throws as `signIn`.
 */
export async function proveAgain(
  catalog: SignInCatalog,
  o: { personId: string; password: string; code: string | null; address: string },
): Promise<void> {
  const [row] = await catalog.system.query<{ email: string }>(
    'SELECT email FROM holdfast.people WHERE id = $1',
    [o.personId],
  )
  if (row === undefined) throw failed()
  await signIn(catalog, { ...o, email: row.email })
}

/** That somebody who is signed in knows the password. Throws `sign_in_failed`, `too_many_attempts`. */
export async function provePassword(
  { system }: Pick<Catalog, 'system'>,
  o: { personId: string; password: string },
): Promise<{ email: string }> {
  const [account] = await system.query<Account>(
    'SELECT id, email, active, password, password_at::text, totp_on FROM holdfast.people WHERE id = $1',
    [o.personId],
  )
  const email = account?.email ?? ''
  const attempts = ofAccount('password', email)
  await countAttempt(system, attempts)
  const { right } = await verifyPassword(o.password, account?.password ?? (await nobodysPassword()))
  if (!right) throw new HoldfastError('sign_in_failed', 'The password is not right.')
  await forgetAttempts(system, attempts)
  return { email }
}

/** Gives somebody another password, by which the catalog ends their sessions and all links. Throws `password_refused`. */
export async function setPassword(
  { query }: Queries,
  o: { personId: string; email: string; password: string },
): Promise<void> {
  requirePassword(o.password, o.email)
  const hash = await hashPassword(o.password)
  await query(
    `UPDATE holdfast.people SET password = $2, password_at = pg_catalog.clock_timestamp(), changed_at = pg_catalog.now()
     WHERE id = $1`,
    [o.personId, hash],
  )
}
