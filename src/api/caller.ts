import type { Context } from 'hono'
import type { Claims } from '../catalog/claims.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { Documents } from '../people/documents.ts'
import type { SessionClaims } from '../people/sessions.ts'
import { claimsOfToken } from '../people/tokens.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { claimsOfKey } from './keys.ts'
import { sessionOf } from './session-cookie.ts'

/** What it takes to know who asks. */
export type SignInOptions = ApiOptions & { readonly documents: Documents }

/** Who asks, and by what. */
export interface Caller {
  readonly claims: Claims
  /** Null: by a key or a token. */
  readonly session: SessionClaims | null
}

/**
 * Who sent a request. A key or token counts alone: where it is wrong, no session stands in for it. Throws `not_signed_in`,
 * `csrf_refused`, `sign_in_insecure`, `provider_failed`.
 */
export async function callerOf(o: SignInOptions, c: Context<ApiEnv>): Promise<Caller> {
  const authorization = c.req.header('authorization')
  if (authorization !== undefined) {
    const claims = await claimsOfBearer(o, authorization)
    if (claims === null) throw nobody()
    return { claims, session: null }
  }
  const session = await sessionOf(o, c)
  if (session === null) throw nobody()
  return { claims: session.claims, session }
}

function nobody(): HoldfastError {
  return new HoldfastError('not_signed_in', 'The request carries no valid key, token or session.')
}

async function claimsOfBearer(o: SignInOptions, authorization: string): Promise<Claims | null> {
  const [scheme, token = ''] = authorization.split(' ')
  if (scheme?.toLowerCase() !== 'bearer') return null
  return (await claimsOfKey(o.catalog.system, token)) ?? (await claimsOfToken(o, token))
}

/** The id of the person who asks. Throws `not_permitted` for a key, which is nobody's. */
export function personOf({ claims }: Caller): string {
  const [kind, id = ''] = claims.subject.split(':')
  if (kind === 'person') return id
  throw new HoldfastError('not_permitted', 'This is for people: a key has no account.')
}
