import { createLocalJWKSet, decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import type { Catalog } from '../catalog/catalog.ts'
import type { Claims } from '../catalog/claims.ts'
import type { Role } from '../catalog/permissions.ts'
import { isHoldfastError } from '../lib/errors.ts'
import { emailOf } from './accounts.ts'
import type { Documents } from './documents.ts'
import { providersOf, type Provider, type ProviderSecrets } from './providers.ts'

/** Clocks of providers differ from ours by so much, and tokens are no more exact than that. */
const toleranceSeconds = 60
const mostCharacters = 16_000

export interface TokenOptions {
  readonly catalog: Pick<Catalog, 'system' | 'seal' | 'now'>
  readonly documents: Documents
}

type Trusted = Provider & { readonly secrets: ProviderSecrets }

/**
 * Whom the token of a provider acts for: the account of its e-mail address. Null if no provider is known that could have made it, it is
 * not genuine, not for this service, not of this time, or nobody has such an account. Throws `provider_failed`.
 */
export async function claimsOfToken(o: TokenOptions, token: string): Promise<Claims | null> {
  const { system, seal, now } = o.catalog
  const issuer = issuerOf(token)
  if (issuer === null) return null
  for (const provider of await providersOf(system, seal, issuer)) {
    const payload = await verifyToken(o, { provider, token, audience: provider.audience })
    const account = payload === null ? null : await accountOf(o, provider, payload)
    if (payload === null || account === null) continue
    const recentAt = signedInAt(payload, await now())
    const { personId, role, sources } = account
    const claims = { subject: `person:${personId}`, role, sources }
    return recentAt === null ? claims : { ...claims, recentAt: recentAt.toISOString() }
  }
  return null
}

/** Who it says that it is of, which chooses with what it is checked, and is nothing but that. Null if it is no token. */
function issuerOf(token: string): string | null {
  if (token.length > mostCharacters || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return null
  try {
    const { iss } = decodeJwt(token)
    return typeof iss === 'string' && !iss.includes('\0') ? iss : null
  } catch {
    return null
  }
}

/** What a token says, if it is genuine, for this audience, and of this time; null otherwise. Throws `provider_failed`. */
export async function verifyToken(
  { catalog, documents }: TokenOptions,
  o: { provider: Trusted; token: string; audience: string },
): Promise<JWTPayload | null> {
  const { issuer, jwksUrl, algorithms, secrets } = o.provider
  const key: JWTVerifyGetKey =
    jwksUrl === null ? () => new TextEncoder().encode(secrets.sharedSecret ?? '') : keysAt(documents, jwksUrl)
  try {
    const { payload } = await jwtVerify(o.token, key, {
      issuer,
      audience: o.audience,
      // What the token says of how it is signed counts only within this.
      algorithms: [...algorithms],
      clockTolerance: toleranceSeconds,
      currentDate: await catalog.now(),
      requiredClaims: ['exp'],
    })
    return payload
  } catch (error) {
    if (isHoldfastError(error)) throw error
    return null
  }
}

const sets = new WeakMap<object, ReturnType<typeof createLocalJWKSet>>()

/** The key of a token among those that a provider publishes. One that is not known yet may have come since they were read. */
function keysAt(documents: Documents, url: string): JWTVerifyGetKey {
  return async (header, token) => {
    const known = await documents.get(url)
    try {
      return await setOf(known)(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      const newer = await documents.get(url, true)
      if (newer === known) throw error
      return await setOf(newer)(header, token)
    }
  }
}

/** jose checks that it is one; a key that was read from it once is not read again. */
function setOf(document: object): ReturnType<typeof createLocalJWKSet> {
  const set = sets.get(document) ?? createLocalJWKSet(document as Parameters<typeof createLocalJWKSet>[0])
  sets.set(document, set)
  return set
}

/** The active account of who a genuine token is about. An address that the provider does not vouch for is nobody's. */
export async function accountOf(
  { catalog }: TokenOptions,
  { emailClaim, emailVerified }: Provider,
  payload: JWTPayload,
): Promise<{ personId: string; role: Role; sources: string[] } | null> {
  const verified = payload['email_verified']
  if (verified !== true && (verified !== undefined || emailVerified === 'always')) return null
  const given = payload[emailClaim]
  const email = typeof given === 'string' ? readEmail(given) : null
  if (email === null) return null
  const [row] = await catalog.system.query<{ id: string; role: Role; sources: string[] }>(
    'SELECT id, role, sources FROM holdfast.people WHERE email = $1 AND active',
    [email],
  )
  return row === undefined ? null : { personId: row.id, role: row.role, sources: row.sources }
}

function readEmail(text: string): string | null {
  try {
    return emailOf(text)
  } catch {
    return null
  }
}

/** When they last signed in at the provider, if it says so. Never later than now. */
export function signedInAt({ auth_time: seconds }: JWTPayload, now: Date): Date | null {
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds < 1e11)) return null
  return new Date(Math.min(seconds * 1000, now.getTime()))
}
