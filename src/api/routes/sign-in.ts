import { emailOf, type Language } from '../../people/accounts.ts'
import { countAttempt, ofAccount, ofAddress, takeBack } from '../../people/attempts.ts'
import { linkAddress, newLink, redeemLink } from '../../people/links.ts'
import { listProviders } from '../../people/providers.ts'
import { signIn } from '../../people/sign-in.ts'
import { messageOf } from '../../lib/errors.ts'
import { arrivalOf, requireConfidential } from '../arrival.ts'
import { body, emptyRoute, newApi, route, type Api, type ApiOptions } from '../context.ts'
import { Accepted, InvitationInput, Me, ResetConfirmation, ResetInput, SignInInput, SignInWays } from '../contract.ts' // prettier-ignore
import { sendLetter } from '../letters.ts'
import { meOf } from '../me-of.ts'
import type { Pace } from '../pace.ts'
import { openSession } from '../session-cookie.ts'

const tags: [string] = ['sign-in']
const open = true
/** Nobody's mailbox is filled up: some fifty a day at most. */
const mailPauseSeconds = 1800

const ways = route({ method: 'get', path: '/sign-in', tags, open, summary: 'Where else somebody can sign in', request: {}, status: 200, gives: SignInWays }) // prettier-ignore
const begin = route({ method: 'post', path: '/session', tags, open, summary: 'Sign in', request: { body: body(SignInInput) }, status: 201, gives: Me }) // prettier-ignore
const accept = route({ method: 'post', path: '/invitation', tags, open, summary: 'Accept an invitation: choose a password, and be signed in', request: { body: body(InvitationInput) }, status: 201, gives: Me }) // prettier-ignore
const ask = route({ method: 'post', path: '/reset', tags, open, summary: 'Ask for a mail with a link to choose another password', request: { body: body(ResetInput) }, status: 202, gives: Accepted }) // prettier-ignore
const reset = emptyRoute({ method: 'post', path: '/reset/confirm', tags, open, summary: 'Choose another password with such a link', request: { body: body(ResetConfirmation) } }) // prettier-ignore

/**
 * What somebody asks for who is not signed in. Bodies are JSON, which a page of another site can't send without asking first, and it is
 * never allowed to: nobody is signed in as somebody else by a page that they happen to read.
 */
export function signInRoutes(o: ApiOptions, pace: Pace): Api {
  const { system } = o.catalog
  const api = newApi()

  api.openapi(ways, async (c) => {
    pace.take(`address ${arrivalOf(o, c).address}`)
    const all = await listProviders(system)
    const open = all.filter(({ enabled, clientId }) => enabled && clientId !== null)
    return c.json({ providers: open.map(({ name }) => ({ name, path: `/sign-in/oidc/${name}` })) }, 200)
  })

  api.openapi(begin, async (c) => {
    const arrival = arrivalOf(o, c)
    pace.take(`address ${arrival.address}`)
    requireConfidential(arrival)
    const { email, password, code = null } = c.req.valid('json')
    const proof = await signIn(o.catalog, { email, password, code, address: arrival.address })
    const session = await openSession(o, c, proof)
    return c.json(await meOf(o, { claims: session.claims, session }), 201)
  })

  api.openapi(accept, async (c) => {
    const arrival = arrivalOf(o, c)
    pace.take(`address ${arrival.address}`)
    requireConfidential(arrival)
    const { link, ...given } = c.req.valid('json')
    const { personId } = await redeemLink(system, ['first', 'invitation'], { secret: link, ...given })
    const session = await openSession(o, c, { personId, how: 'password', recentAt: null, passwordAt: null })
    return c.json(await meOf(o, { claims: session.claims, session }), 201)
  })

  api.openapi(ask, async (c) => {
    const { address } = arrivalOf(o, c)
    pace.take(`address ${address}`)
    const email = emailOf(c.req.valid('json').email)
    await countAttempt(system, ofAddress('reset', address))
    await countAttempt(system, ofAccount('reset', email, mailPauseSeconds))
    // Not waited for: that there is such an account must not show in how long the answer takes.
    mailReset(email).catch((error: unknown) => o.log(`A link for a reset was not made: ${messageOf(error)}`))
    return c.json({ accepted: true as const }, 202)
  })

  async function mailReset(to: string): Promise<void> {
    const [person] = await system.query<{ id: string; language: Language }>(
      'SELECT id, language FROM holdfast.people WHERE email = $1 AND active',
      [to],
    )
    if (person === undefined || (o.publicUrl ?? null) === null) return
    const { secret } = await newLink(system, { purpose: 'reset', personId: person.id })
    const link = linkAddress(o.publicUrl ?? '', 'reset', secret)
    await sendLetter(o, { to, language: person.language, about: 'reset', link })
  }

  api.openapi(reset, async (c) => {
    const arrival = arrivalOf(o, c)
    pace.take(`address ${arrival.address}`)
    requireConfidential(arrival)
    const { link, password } = c.req.valid('json')
    await redeemLink(system, ['reset', 'recovery'], { secret: link, password })
    await takeBack(system, ofAddress('reset', arrival.address))
    return c.body(null, 204)
  })

  return api
}
