import { randomUUID } from 'node:crypto'
import type { Queries } from '../catalog/database.ts'
import { iso } from '../catalog/rows.ts'
import type { Seal } from '../catalog/seal.ts'
import { HoldfastError } from '../lib/errors.ts'
import { requireSafeUrl } from './documents.ts'

export const secretAlgorithms = ['HS256', 'HS384', 'HS512'] as const
export const keyAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const // prettier-ignore
export type Algorithm = (typeof secretAlgorithms)[number] | (typeof keyAlgorithms)[number]

/** Who else may say who somebody is. What its parts mean: migrations/021-providers.sql. */
export interface Provider {
  readonly id: string
  readonly name: string
  readonly issuer: string
  readonly audience: string
  readonly jwksUrl: string | null
  readonly algorithms: readonly Algorithm[]
  readonly emailClaim: string
  readonly emailVerified: 'if_stated' | 'always'
  readonly clientId: string | null
  readonly enabled: boolean
  readonly createdAt: string
  readonly changedAt: string
}

export interface ProviderSecrets {
  /** That tokens are signed with. */
  readonly sharedSecret?: string | undefined
  /** With which this service proves to the provider that it is the client. */
  readonly clientSecret?: string | undefined
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly name: string
  readonly issuer: string
  readonly audience: string
  readonly jwks_url: string | null
  readonly algorithms: Algorithm[]
  readonly email_claim: string
  readonly email_verified: 'if_stated' | 'always'
  readonly client_id: string | null
  readonly enabled: boolean
  readonly created_at: Date
  readonly changed_at: Date
}

const columns = `id, name, issuer, audience, jwks_url, algorithms, email_claim, email_verified, client_id, enabled, created_at,
  changed_at`

function toProvider(row: Row): Provider {
  const { id, name, issuer, audience, algorithms, enabled } = row
  return {
    id,
    name,
    issuer,
    audience,
    jwksUrl: row.jwks_url,
    algorithms,
    emailClaim: row.email_claim,
    emailVerified: row.email_verified,
    clientId: row.client_id,
    enabled,
    createdAt: iso(row.created_at),
    changedAt: iso(row.changed_at),
  }
}

/** With the issuer: whoever can only change that must not have the secrets sent to a server of theirs. */
function placeOf({ id, issuer }: { id: string; issuer: string }): string {
  return `providers/${id} of ${issuer}`
}

export type NewProvider = Omit<Provider, 'id' | 'enabled' | 'createdAt' | 'changedAt'> & {
  readonly secrets: ProviderSecrets
}

/** Adds a provider. Throws `provider_refused`, and `catalog_failed` if there is one of its name or issuer and audience: see `isTaken`. */
export async function addProvider({ query }: Queries, seal: Seal, o: NewProvider): Promise<Provider> {
  requireSound(o)
  const id = randomUUID()
  const [row] = await query<Row>(
    `INSERT INTO holdfast.providers
       (id, name, issuer, audience, jwks_url, algorithms, email_claim, email_verified, client_id, secrets)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING ${columns}`,
    [
      id,
      o.name,
      o.issuer,
      o.audience,
      o.jwksUrl,
      o.algorithms,
      o.emailClaim,
      o.emailVerified,
      o.clientId,
      seal.seal(placeOf({ id, issuer: o.issuer }), { ...o.secrets }),
    ],
  )
  if (row === undefined) throw new TypeError('INSERT has no row')
  return toProvider(row)
}

function requireSound({ jwksUrl, algorithms, clientId, issuer, secrets }: NewProvider): void {
  const refuse = (why: string): never => {
    throw new HoldfastError('provider_refused', why)
  }
  const bySecret = algorithms.filter((one) => (secretAlgorithms as readonly string[]).includes(one))
  if ((jwksUrl === null) !== (secrets.sharedSecret !== undefined))
    refuse('A provider has either the URL of its keys or a shared secret.')
  // Otherwise a public key, which everybody knows, could be taken for the secret.
  if (bySecret.length !== (jwksUrl === null ? algorithms.length : 0))
    refuse('HS256 and the like go with a shared secret, all others with the URL of keys.')
  // RFC 7518, 3.2: as long as the hash.
  const needed = Math.max(0, ...bySecret.map((one) => Number(one.slice(2)) / 8))
  if (Buffer.byteLength(secrets.sharedSecret ?? '') < needed)
    refuse(`The shared secret has fewer than ${needed} bytes: it could be guessed.`)
  if (jwksUrl !== null) requireSafeUrl(jwksUrl)
  if (clientId === null) {
    if (secrets.clientSecret !== undefined) refuse('A secret of the client goes with its id.')
    return
  }
  if (jwksUrl === null) refuse('Signing in at a provider needs the URL of its keys.')
  requireSafeUrl(issuer)
}

/** By their names. */
export async function listProviders({ query }: Queries): Promise<Provider[]> {
  return (await query<Row>(`SELECT ${columns} FROM holdfast.providers ORDER BY name`)).map(toProvider)
}

export async function findProvider({ query }: Queries, name: string): Promise<Provider | null> {
  const [row] = await query<Row>(`SELECT ${columns} FROM holdfast.providers WHERE name = $1`, [name])
  return row === undefined ? null : toProvider(row)
}

/** Switches a provider on or off; null if there is none. */
export async function enableProvider(
  { query }: Queries,
  o: { name: string; enabled: boolean },
): Promise<Provider | null> {
  const [row] = await query<Row>(
    `UPDATE holdfast.providers SET enabled = $2, changed_at = pg_catalog.now() WHERE name = $1 RETURNING ${columns}`,
    [o.name, o.enabled],
  )
  return row === undefined ? null : toProvider(row)
}

/** False if there was none. */
export async function removeProvider({ query }: Queries, name: string): Promise<boolean> {
  return (await query('DELETE FROM holdfast.providers WHERE name = $1 RETURNING id', [name])).length > 0
}

/** Those of an issuer that are switched on, with their secrets: only as the owner of the catalog. */
export async function providersOf(
  { query }: Queries,
  seal: Seal,
  issuer: string,
): Promise<(Provider & { readonly secrets: ProviderSecrets })[]> {
  const rows = await query<Row & { secrets: Buffer }>(
    `SELECT ${columns}, secrets FROM holdfast.providers WHERE issuer = $1 AND enabled ORDER BY name`,
    [issuer],
  )
  return rows.map((row) => ({ ...toProvider(row), secrets: seal.open(placeOf(row), row.secrets) }))
}
