import { HoldfastError } from '../../lib/errors.ts'
import { confirmSession, endSessions, type SessionClaims } from '../../people/sessions.ts'
import { proveAgain } from '../../people/sign-in.ts'
import { arrivalOf } from '../arrival.ts'
import { asSystemFor } from '../../catalog/claims.ts'
import { personOf, type Caller } from '../caller.ts'
import { body, emptyRoute, newApi, route, type Api, type ApiOptions } from '../context.ts'
import { Me, ProofInput } from '../contract.ts'
import { meOf } from '../me-of.ts'
import { forgetCookie } from '../session-cookie.ts'

const tags: [string] = ['sign-in']
const path = '/session'

const get = route({ method: 'get', path, tags, summary: 'Who am I, and what may I do', request: {}, status: 200, gives: Me }) // prettier-ignore
const end = emptyRoute({ method: 'delete', path, tags, summary: 'Sign out', request: {} })
const confirm = route({ method: 'post', path: '/session/confirm', tags, summary: 'Confirm who I am, for what takes a recent sign-in', request: { body: body(ProofInput) }, status: 200, gives: Me }) // prettier-ignore

export function sessionRoutes(o: ApiOptions): Api {
  const { system } = o.catalog
  const api = newApi()

  api.openapi(get, async (c) => c.json(await meOf(o, c.var.caller), 200))

  api.openapi(end, async (c) => {
    const { personId, session } = requireSession(c.var.caller)
    await asSystemFor(o.catalog.api, c.var.claims, (q) => endSessions(q, personId, session.id))
    forgetCookie(o, c)
    return c.body(null, 204)
  })

  api.openapi(confirm, async (c) => {
    const { session } = requireSession(c.var.caller)
    const personId = personOf(c.var.caller)
    const { password, code = null } = c.req.valid('json')
    const { address } = arrivalOf(o, c)
    await proveAgain(o.catalog, { personId, password, code, address })
    await confirmSession(system, session.id)
    const recentAt = (await o.catalog.now()).toISOString()
    return c.json(await meOf(o, { ...c.var.caller, claims: { ...c.var.claims, recentAt } }), 200)
  })

  return api
}

/** Throws `not_permitted`: a key or a token is no session that could end. */
function requireSession({ session }: Caller): SessionClaims {
  if (session !== null) return session
  throw new HoldfastError('not_permitted', 'This is about a session, and the request carries none.')
}
