import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'
import {
  exportJWK,
  exportPKCS8,
  exportSPKI,
  generateKeyPair,
  importPKCS8,
  SignJWT,
  type JWK,
  type JWTPayload,
} from 'jose'

/** A small OpenID provider with real keys, which says what a test wants. */
export interface IdentityProvider {
  readonly issuer: string
  readonly jwksUrl: string
  /** A genuine token for `audience`, with these claims in place of the usual ones; undefined leaves one out. */
  token(claims?: JWTPayload, alg?: string): Promise<string>
  /** The key that signs now, for whoever wants to misuse it. */
  publicKey(): Promise<string>
  /** Signs with a new key from now on; the old one is published no more. */
  rotate(): Promise<void>
  /** Of the signing key, as the header of a token names it. */
  kid(): string
  /** Who signs in here, without being asked. */
  claims: JWTPayload
  /** What of the answer to a browser is changed, such as an error or another issuer. */
  callback: Readonly<Record<string, string>>
  /** What the discovery says in place of the truth. */
  discovery: Readonly<Record<string, unknown>>
  /** Paths that it was asked for. */
  readonly asked: string[]
  /** What it answers with in place of its keys. */
  keysAnswer: ((response: ServerResponse) => void) | null
}

export const audience = 'holdfast'
export const client = { id: 'holdfast console', secret: 'a secret of the: client' }

export async function newIdentityProvider(): Promise<IdentityProvider> {
  const made = async () => ({ kid: randomUUID(), ...(await generateKeyPair('RS256', { extractable: true })) })
  let key = await made()
  const codes = new Map<string, { nonce: string; challenge: string; redirectUri: string }>()
  const asked: string[] = []
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.writeHead(500).end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.close()
    server.closeAllConnections()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const sign = async (claims: JWTPayload, alg = 'RS256'): Promise<string> => {
    const seconds = Math.floor(Date.now() / 1000)
    const usual = { iss: issuer, aud: audience, sub: 'u1', iat: seconds, exp: seconds + 300 }
    return await new SignJWT({ ...usual, ...claims })
      .setProtectedHeader({ alg, kid: key.kid })
      .sign(await importPKCS8(await exportPKCS8(key.privateKey), alg))
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', issuer)
    asked.push(url.pathname)
    const json = (value: unknown, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (url.pathname === '/.well-known/openid-configuration') {
      const endpoints = { authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` }
      json({ issuer, ...endpoints, jwks_uri: provider.jwksUrl, ...provider.discovery })
    } else if (url.pathname === '/keys') {
      if (provider.keysAnswer !== null) provider.keysAnswer(response)
      else json({ keys: [{ ...(await exportJWK(key.publicKey)), kid: key.kid } satisfies JWK] })
    } else if (url.pathname === '/authorize') {
      const query = url.searchParams
      const code = randomUUID()
      const known = query.get('client_id') === client.id && query.get('code_challenge_method') === 'S256'
      if (!known) return void json({}, 400)
      const redirectUri = query.get('redirect_uri') ?? ''
      codes.set(code, {
        nonce: query.get('nonce') ?? '',
        challenge: query.get('code_challenge') ?? '',
        redirectUri,
      })
      const back = new URL(redirectUri)
      for (const [name, value] of Object.entries({
        code,
        state: query.get('state') ?? '',
        ...provider.callback,
      }))
        back.searchParams.set(name, value)
      response.writeHead(302, { location: back.href }).end()
    } else if (url.pathname === '/token') {
      const form = new URLSearchParams(await textOf(request))
      const code = form.get('code') ?? ''
      const begun = codes.get(code)
      codes.delete(code)
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      const login = [client.id, client.secret].map((one) => encodeURIComponent(one)).join(':')
      const authorized = request.headers.authorization === `Basic ${Buffer.from(login).toString('base64')}`
      const right = begun?.challenge === challenge && begun.redirectUri === form.get('redirect_uri')
      if (!authorized || !right) return void json({ error: 'invalid_grant' }, 400)
      json({
        token_type: 'Bearer',
        id_token: await sign({ aud: client.id, nonce: begun.nonce, ...provider.claims }),
      })
    } else json({}, 404)
  }

  const provider: IdentityProvider = {
    issuer,
    jwksUrl: `${issuer}/keys`,
    token: sign,
    publicKey: () => exportSPKI(key.publicKey),
    async rotate() {
      key = await made()
    },
    kid: () => key.kid,
    claims: {},
    callback: {},
    discovery: {},
    asked,
    keysAnswer: null,
  }
  return provider
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString('utf8')
}
