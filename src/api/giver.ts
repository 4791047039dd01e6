import type { Claims } from '../catalog/claims.ts'
import type { Action, Resource } from '../catalog/permissions.ts'
import { requireRecent, requireUnlimited } from '../people/recent.ts'
import { requireRight, type ApiOptions } from './context.ts'

/**
 * For what gives somebody rights, or could be used to take theirs: who may do it at all, has all rights themselves, so that nobody gives
 * more than they have, and has just proved who they are. Throws `not_permitted`, `sign_in_again`.
 */
export async function requireGiver(
  { catalog }: ApiOptions,
  claims: Claims,
  [action, resource]: readonly [Action, Resource],
): Promise<void> {
  requireRight(claims, action, resource)
  requireUnlimited(claims)
  requireRecent(claims, await catalog.now())
}
