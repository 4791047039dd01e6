import { createHash } from 'node:crypto'
import { HoldfastError } from '../lib/errors.ts'
import { fetchJson, requireSafeUrl } from './documents.ts'
import { findProvider, providersOf, type Provider, type ProviderSecrets } from './providers.ts'
import { newSecret } from './secret.ts'
import { accountOf, signedInAt, verifyToken, type TokenOptions } from './tokens.ts'

/**
 * Signing in at a provider, as OpenID Connect has it: the browser is sent there, and comes back with a code that this service changes
 * for a token (authorization code flow, RFC 9700). What tells that it is the same browser, and that the token is of this sign-in, goes
 * along in a sealed cookie: state, nonce and the verifier of PKCE (RFC 7636). So any process of the service can do the second half.
 */

const placeOfSignIn = 'oidc sign-in'
const longestMs = 10 * 60_000

export interface Begun {
  /** Where the browser goes. */
  readonly url: string
  /** What it brings back in a cookie. */
  readonly cookie: string
}

/** `again`: somebody is to prove anew who they are, whatever the provider remembers of them. Throws `not_found`, `provider_failed`. */
export async function beginOidc(
  o: TokenOptions,
  { name, redirectUri, again }: { name: string; redirectUri: string; again: boolean },
): Promise<Begun> {
  const { provider, clientId } = await clientOf(o, name)
  const { authorizationEndpoint } = await discover(o, provider)
  const [state, nonce, verifier] = [newSecret(), newSecret(), newSecret()]
  const url = requireSafeUrl(authorizationEndpoint)
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  for (const [key, value] of Object.entries({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: 'openid email',
    state,
    nonce,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...(again ? { prompt: 'login', max_age: '0' } : {}),
  }))
    url.searchParams.set(key, value)
  const at = (await o.catalog.now()).getTime()
  const sealed = o.catalog.seal.seal(placeOfSignIn, { name, state, nonce, verifier, redirectUri, at })
  return { url: url.href, cookie: sealed.toString('base64url') }
}

/** Who came back. Throws `sign_in_failed` with why for the log, `provider_failed`. */
export async function finishOidc(
  o: TokenOptions,
  { name, cookie, query }: { name: string; cookie: string; query: URLSearchParams },
): Promise<{ personId: string; recentAt: Date | null }> {
  const begun = openCookie(o, cookie)
  const now = await o.catalog.now()
  if (begun.name !== name || begun.state !== query.get('state')) throw failed('it is not of this browser')
  if (now.getTime() - begun.at > longestMs) throw failed('it took too long')
  const { provider, clientId } = await clientOf(o, name)
  // RFC 9207: an answer of another provider is not taken for one of this.
  if ((query.get('iss') ?? provider.issuer) !== provider.issuer) throw failed('another provider has answered')
  const code = query.get('code')
  if (code === null) throw failed('the provider has refused')
  const { tokenEndpoint } = await discover(o, provider)
  const answer = await redeem(tokenEndpoint, provider, { clientId, code, begun })
  const token = 'id_token' in answer ? answer.id_token : null
  if (typeof token !== 'string') throw failed('the provider gave no token')
  const payload = await verifyToken(o, { provider, token, audience: clientId })
  if (payload === null) throw failed('the token is not genuine')
  if (payload['nonce'] !== begun.nonce) throw failed('the token is of another sign-in')
  if ((payload['azp'] ?? clientId) !== clientId) throw failed('the token is for another client')
  const account = await accountOf(o, provider, payload)
  if (account === null) throw failed('nobody has an account with this address, or it is not verified')
  return { personId: account.personId, recentAt: signedInAt(payload, now) }
}

function failed(why: string): HoldfastError {
  return new HoldfastError('sign_in_failed', `Somebody who came back from a provider was not let in: ${why}.`)
}

type Trusted = Provider & { readonly secrets: ProviderSecrets }

async function clientOf(
  { catalog: { system, seal } }: TokenOptions,
  name: string,
): Promise<{ provider: Trusted; clientId: string }> {
  const found = await findProvider(system, name)
  const all = found === null ? [] : await providersOf(system, seal, found.issuer)
  const provider = all.find((one) => one.name === name)
  if (provider === undefined || provider.clientId === null)
    throw new HoldfastError('not_found', `There is no provider ${name} to sign in at.`)
  return { provider, clientId: provider.clientId }
}

/** OpenID Connect Discovery 1.0, 4: the document must be of the issuer that it was asked of. */
async function discover(
  { documents }: TokenOptions,
  { issuer }: Provider,
): Promise<{ authorizationEndpoint: string; tokenEndpoint: string }> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const found = (await documents.get(url)) as Readonly<Record<string, unknown>>
  const { authorization_endpoint: authorizationEndpoint, token_endpoint: tokenEndpoint } = found
  if (
    found['issuer'] !== issuer ||
    typeof authorizationEndpoint !== 'string' ||
    typeof tokenEndpoint !== 'string'
  )
    throw new HoldfastError(
      'provider_failed',
      `${new URL(url).host} describes another issuer, or no endpoints.`,
    )
  return { authorizationEndpoint, tokenEndpoint }
}

async function redeem(
  endpoint: string,
  { secrets: { clientSecret } }: Trusted,
  { clientId, code, begun }: { clientId: string; code: string; begun: SealedSignIn },
): Promise<object> {
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: begun.redirectUri,
    code_verifier: begun.verifier,
    ...(clientSecret === undefined ? { client_id: clientId } : {}),
  })
  const basic = [clientId, clientSecret ?? ''].map((one) => encodeURIComponent(one)).join(':')
  const headers: Record<string, string> =
    clientSecret === undefined ? {} : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }
  return await fetchJson(endpoint, { form, headers })
}

interface SealedSignIn {
  readonly name: string
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly redirectUri: string
  readonly at: number
}

function openCookie({ catalog }: TokenOptions, cookie: string): SealedSignIn {
  try {
    // Sound because only `beginOidc` seals for this place.
    return catalog.seal.open(placeOfSignIn, Buffer.from(cookie, 'base64url')) as unknown as SealedSignIn
  } catch {
    throw failed('it was not begun in this browser')
  }
}
