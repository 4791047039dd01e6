import type { Claims } from '../catalog/claims.ts'
import { HoldfastError } from '../lib/errors.ts'

const recentMs = 15 * 60_000

/** Until when somebody counts as having just signed in; null: not at all. */
export function recentUntil({ recentAt }: Claims): Date | null {
  return recentAt === undefined ? null : new Date(Date.parse(recentAt) + recentMs)
}

/**
 * For what destroys, or gives somebody rights: whoever finds a browser open, or a cookie, can't do it. A person has signed in, or
 * confirmed it, within a quarter of an hour; a key is made for it. `now`: of the catalog. Throws `sign_in_again`, `not_permitted`.
 */
export function requireRecent(claims: Claims, now: Date): void {
  if (claims.scopes !== undefined) {
    if (claims.scopes.includes('destroy')) return
    throw new HoldfastError('not_permitted', 'This takes a key with the scope destroy.')
  }
  const until = recentUntil(claims)
  if (until !== null && until > now) return
  throw new HoldfastError('sign_in_again', 'This takes a sign-in of the last 15 minutes.')
}

/** Whoever gives rights has them all: a key that is limited would make itself an account that is not. Throws `not_permitted`. */
export function requireUnlimited({ scopes }: Claims): void {
  if (scopes === undefined || ['run', 'change', 'destroy'].every((scope) => scopes.includes(scope as never)))
    return
  throw new HoldfastError('not_permitted', 'This takes a key with all scopes.')
}
