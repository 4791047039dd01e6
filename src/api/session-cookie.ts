import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { HoldfastError } from '../lib/errors.ts'
import {
  beginSession,
  claimsOfSession,
  endSessions,
  type Proof,
  type SessionClaims,
} from '../people/sessions.ts'
import { arrivalOf, requireConfidential } from './arrival.ts'
import type { ApiEnv, ApiOptions } from './context.ts'

/** By https the name itself binds the cookie to this host and to https. */
function nameOf(encrypted: boolean): string {
  return encrypted ? '__Host-holdfast' : 'holdfast'
}

/** What the page of a session sends along with what changes something. */
const csrfHeader = 'holdfast-csrf'

/**
 * The session that a request carries; null: none. A browser sends a cookie along whatever page the request comes from, so what changes
 * something needs proof that its page could read an answer of ours: a word that follows from the session. Throws `csrf_refused`,
 * `sign_in_insecure`.
 */
export async function sessionOf(o: ApiOptions, c: Context<ApiEnv>): Promise<SessionClaims | null> {
  const arrival = arrivalOf(o, c)
  const secret = getCookie(c, nameOf(arrival.encrypted))
  if (secret === undefined) return null
  requireConfidential(arrival)
  const session = await claimsOfSession(o.catalog.system, secret)
  if (session === null || ['GET', 'HEAD', 'OPTIONS'].includes(c.req.method)) return session
  if (c.req.header(csrfHeader) !== session.csrf)
    throw new HoldfastError('csrf_refused', `The header ${csrfHeader} is not that of the session.`)
  return session
}

/** Begins a session of somebody who has just proved who they are, in place of the one that the browser had. */
export async function openSession(o: ApiOptions, c: Context<ApiEnv>, proof: Proof): Promise<SessionClaims> {
  const { system } = o.catalog
  const origin = arrivalOf(o, c)
  requireConfidential(origin)
  const name = nameOf(origin.encrypted)
  const before = await claimsOfSession(system, getCookie(c, name) ?? '')
  if (before !== null) await endSessions(system, before.personId, before.session.id)
  const { secret, expiresAt } = await beginSession(system, { ...proof, origin })
  setCookie(c, name, secret, {
    httpOnly: true,
    secure: origin.encrypted,
    // The console asks for everything by itself, from its own page: nothing that comes from elsewhere needs the session.
    sameSite: 'Strict',
    path: '/',
    expires: expiresAt,
  })
  const session = await claimsOfSession(system, secret)
  if (session === null) throw new HoldfastError('not_signed_in', 'The account was disabled meanwhile.')
  return session
}

export function forgetCookie(o: ApiOptions, c: Context<ApiEnv>): void {
  const { encrypted } = arrivalOf(o, c)
  deleteCookie(c, nameOf(encrypted), { path: '/', secure: encrypted })
}
