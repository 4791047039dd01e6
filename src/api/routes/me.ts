import { record } from '../../audit/record.ts'
import { asSystemFor, type Claims } from '../../catalog/claims.ts'
import type { Queries } from '../../catalog/database.ts'
import { changePerson } from '../../people/accounts.ts'
import {
  confirmSecondFactor,
  dropSecondFactor,
  newRecoveryCodes,
  setUpSecondFactor,
} from '../../people/second-factor.ts'
import { endSessions, listSessions } from '../../people/sessions.ts'
import { provePassword, setPassword } from '../../people/sign-in.ts'
import { personOf } from '../caller.ts'
import { body, emptyRoute, found, newApi, route, type Api, type ApiOptions } from '../context.ts'
import {
  CodeInput,
  Ended,
  idParams,
  Me,
  MeChange,
  PasswordChange,
  PasswordProof,
  RecoveryCodes,
  Sessions,
  TotpSecret,
} from '../contract.ts'
import { meOf } from '../me-of.ts'
import { forgetCookie, openSession } from '../session-cookie.ts'

const tags: [string] = ['me']

const change = route({ method: 'patch', path: '/me', tags, summary: 'Change my name, language or theme', request: { body: body(MeChange) }, status: 200, gives: Me }) // prettier-ignore
const password = route({ method: 'post', path: '/me/password', tags, summary: 'Change my password', request: { body: body(PasswordChange) }, status: 200, gives: Me }) // prettier-ignore
const list = route({ method: 'get', path: '/me/sessions', tags, summary: 'List my sessions', request: {}, status: 200, gives: Sessions }) // prettier-ignore
const endAll = route({ method: 'delete', path: '/me/sessions', tags, summary: 'End all of my sessions', request: {}, status: 200, gives: Ended }) // prettier-ignore
const endOne = emptyRoute({ method: 'delete', path: '/me/sessions/{id}', tags, summary: 'End one of my sessions', request: { params: idParams } }) // prettier-ignore
const setUp = route({ method: 'post', path: '/me/totp', tags, summary: 'Begin to use codes of an app', request: { body: body(PasswordProof) }, status: 201, gives: TotpSecret }) // prettier-ignore
const confirm = route({ method: 'post', path: '/me/totp/confirm', tags, summary: 'Switch codes on, with the first one', request: { body: body(CodeInput) }, status: 200, gives: RecoveryCodes }) // prettier-ignore
const renew = route({ method: 'post', path: '/me/totp/recovery-codes', tags, summary: 'Get new recovery codes in place of the old ones', request: { body: body(PasswordProof) }, status: 201, gives: RecoveryCodes }) // prettier-ignore
const off = emptyRoute({ method: 'post', path: '/me/totp/off', tags, summary: 'Switch codes off', request: { body: body(PasswordProof) } }) // prettier-ignore

/** What everybody may do for themselves, whatever their role, and for nobody else. */
export function meRoutes(o: ApiOptions): Api {
  const { system, seal } = o.catalog
  const api = newApi()
  const mine = <T>(claims: Claims, work: (queries: Queries) => Promise<T>): Promise<T> =>
    asSystemFor(o.catalog.api, claims, work)

  api.openapi(change, async (c) => {
    const id = personOf(c.var.caller)
    const changed = await mine(c.var.claims, (q) => changePerson(q, id, c.req.valid('json')))
    found(changed, 'such person any more')
    return c.json(await meOf(o, c.var.caller), 200)
  })

  api.openapi(password, async (c) => {
    const personId = personOf(c.var.caller)
    const given = c.req.valid('json')
    const { email } = await provePassword(o.catalog, { personId, password: given.current })
    await mine(c.var.claims, (q) => setPassword(q, { personId, email, password: given.password }))
    if (c.var.caller.session === null) return c.json(await meOf(o, c.var.caller), 200)
    // All have ended, this one too.
    const session = await openSession(o, c, { personId, how: 'password', recentAt: null, passwordAt: null })
    return c.json(await meOf(o, { claims: session.claims, session }), 200)
  })

  api.openapi(list, async (c) => {
    const { caller } = c.var
    const sessions = await listSessions(system, personOf(caller))
    const current = caller.session?.session.id
    return c.json({ items: sessions.map((one) => ({ ...one, current: one.id === current })) }, 200)
  })

  api.openapi(endAll, async (c) => {
    const id = personOf(c.var.caller)
    const ended = await mine(c.var.claims, (q) => endSessions(q, id, null))
    forgetCookie(o, c)
    return c.json({ ended }, 200)
  })

  api.openapi(endOne, async (c) => {
    const { id } = c.req.valid('param')
    const personId = personOf(c.var.caller)
    const ended = await mine(c.var.claims, (q) => endSessions(q, personId, id))
    found(ended === 0 ? null : ended, `session ${id}`)
    return c.body(null, 204)
  })

  api.openapi(setUp, async (c) => {
    const personId = personOf(c.var.caller)
    await provePassword(o.catalog, { personId, password: c.req.valid('json').password })
    return c.json(await setUpSecondFactor({ queries: system, seal, personId }), 201)
  })

  api.openapi(confirm, async (c) => {
    const personId = personOf(c.var.caller)
    const { code } = c.req.valid('json')
    const now = await o.catalog.now()
    const recoveryCodes = await mine(c.var.claims, (queries) =>
      confirmSecondFactor({ queries, seal, personId, code, now }),
    )
    return c.json({ recoveryCodes }, 200)
  })

  api.openapi(renew, async (c) => {
    const personId = personOf(c.var.caller)
    const { claims } = c.var
    const { email } = await provePassword(o.catalog, { personId, password: c.req.valid('json').password })
    const recoveryCodes = await mine(claims, async (queries) => {
      await record(queries, { claims, action: 'people.recovery_codes', about: email, result: 'done' })
      return await newRecoveryCodes({ queries, personId })
    })
    return c.json({ recoveryCodes }, 201)
  })

  api.openapi(off, async (c) => {
    const personId = personOf(c.var.caller)
    await provePassword(o.catalog, { personId, password: c.req.valid('json').password })
    await mine(c.var.claims, (queries) => dropSecondFactor({ queries, personId }))
    return c.body(null, 204)
  })

  return api
}
