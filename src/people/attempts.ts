import { createHash } from 'node:crypto'
import { isIP, isIPv6 } from 'node:net'
import type { Queries } from '../catalog/database.ts'
import { HoldfastError } from '../lib/errors.ts'

/**
 * What can be guessed is slowed down: after some attempts each next one must wait twice as long, up to a limit, so that nobody is shut
 * out for good. It is counted in the catalog, which all processes of a service share, and before the attempt is judged: a thousand at
 * once are a thousand.
 */
export interface Attempts {
  /** What is counted: `sign-in account 3f2a...`. */
  readonly key: string
  /** How many go without a pause. */
  readonly free: number
  readonly longestPauseSeconds: number
}

/** Whoever has not tried for so long begins anew. Longer than any pause. */
const forgottenAfter = '1 hour'

/** For whom somebody tries, whether there is such an account or not. A pause of five minutes leaves a guesser 300 guesses a day. */
export function ofAccount(what: string, email: string, longestPauseSeconds = 300): Attempts {
  const hash = createHash('sha256').update(email).digest('hex')
  return { key: `${what} account ${hash}`, free: 5, longestPauseSeconds }
}

/**
 * From where somebody tries. Many people can share an address; of IPv6, one person has a whole /64. Where it is not known, whoever tries
 * too often would hold up everybody: nothing is counted.
 */
export function ofAddress(what: string, address: string): Attempts | null {
  if (isIP(address) === 0) return null
  const network = isIPv6(address) && !address.includes('.') ? networkOf(address) : address
  return { key: `${what} address ${network}`, free: 30, longestPauseSeconds: 900 }
}

function networkOf(address: string): string {
  const [left = '', right] = address.replace(/%.*$/, '').split('::')
  const groups = left.split(':').filter((group) => group !== '')
  const tail = right?.split(':').filter((group) => group !== '') ?? []
  const whole = right === undefined ? groups : [...groups, ...Array<string>(8 - groups.length - tail.length).fill('0'), ...tail] // prettier-ignore
  return `${whole.slice(0, 4).join(':')}::/64`
}

/** Counts an attempt. Throws `too_many_attempts` if it comes too early. */
export async function countAttempt({ query }: Queries, attempts: Attempts | null): Promise<void> {
  if (attempts === null) return
  // Nobody sees to those that are over.
  await query(`DELETE FROM holdfast.attempts WHERE last_at < pg_catalog.clock_timestamp() - interval '1 day'`)
  const { key, free, longestPauseSeconds } = attempts
  const counted = await query(
    `INSERT INTO holdfast.attempts AS a (key, failures, last_at, not_before)
     VALUES ($1, 1, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp())
     ON CONFLICT (key) DO UPDATE SET
       failures = CASE WHEN a.last_at < pg_catalog.clock_timestamp() - $4::interval THEN 1 ELSE a.failures + 1 END,
       last_at = pg_catalog.clock_timestamp(),
       not_before = pg_catalog.clock_timestamp() + CASE
         WHEN a.failures < $2 OR a.last_at < pg_catalog.clock_timestamp() - $4::interval THEN interval '0'
         ELSE least($3::integer, pg_catalog.power(2, least(a.failures + 1 - $2, 20))) * interval '1 second'
       END
     WHERE a.not_before <= pg_catalog.clock_timestamp()
     RETURNING key`,
    [key, free, longestPauseSeconds, forgottenAfter],
  )
  if (counted.length > 0) return
  const [row] = await query<{ seconds: number }>(
    `SELECT pg_catalog.ceil(EXTRACT(EPOCH FROM not_before - pg_catalog.clock_timestamp()))::integer AS seconds
     FROM holdfast.attempts WHERE key = $1`,
    [key],
  )
  const seconds = Math.max(1, row?.seconds ?? 1)
  throw new HoldfastError('too_many_attempts', `It was tried too often. Try again in ${seconds} seconds.`, {
    details: { retryAfterSeconds: seconds },
  })
}

/** It was not in vain after all, but is no proof either: it does not count. What must be waited for stays. */
export async function takeBack({ query }: Queries, attempts: Attempts | null): Promise<void> {
  if (attempts === null) return
  await query('UPDATE holdfast.attempts SET failures = failures - 1 WHERE key = $1 AND failures > 0', [
    attempts.key,
  ])
}

/** It was they: what others have tried does not hold them up. */
export async function forgetAttempts({ query }: Queries, { key }: Attempts): Promise<void> {
  await query('DELETE FROM holdfast.attempts WHERE key = $1', [key])
}
