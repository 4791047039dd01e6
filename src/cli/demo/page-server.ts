import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf } from '../../lib/errors.ts'
import { connect, type ServerAddress } from '../../postgres/connect.ts'
import { causeDamage, damages, type Done } from './damage.ts'
import { lookAt } from './look.ts'
import { printPage, printTrouble } from './page.ts'

/** The page of the shop, served on this machine. */
export interface PageServer {
  readonly url: string
  [Symbol.asyncDispose](): Promise<void>
}

const firstCompany = 2
const policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'" // prettier-ignore

/**
 * Serves it on the loopback interface. Only requests that name this machine are answered, and damage is done only where the page's own form
 * asks for it: other pages of the same browser reach neither.
 */
export async function servePage(o: {
  port: number
  shop: ServerAddress
  console: string
  restore: string
  signal: AbortSignal
}): Promise<PageServer> {
  const word = randomBytes(18).toString('base64url')
  const done: Done[] = []
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) =>
      send(response, 503, printTrouble(messageOf(error), o.console)),
    )
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? ''))
      return send(response, 421, printTrouble('This page is for this machine only.', o.console))
    await using connection = await connect({ address: o.shop, signal: o.signal })
    if (request.method === 'POST' && url.pathname === '/damage') {
      const form = new URLSearchParams(await bodyOf(request))
      const kind = damages.find((one) => one === form.get('kind'))
      if (kind === undefined || !same(form.get('word') ?? '', word))
        return send(response, 403, printTrouble('Ask for this from the page itself.', o.console))
      const tenant = companyOf(form)
      const one = await causeDamage(connection, { kind, tenant })
      if (one !== null) done.unshift(one)
      done.splice(3)
      response.writeHead(303, { location: `/?company=${tenant}` }).end()
      return
    }
    const look =
      request.method === 'GET' && url.pathname === '/'
        ? await lookAt(connection, companyOf(url.searchParams))
        : null
    if (look === null) return send(response, 404, printTrouble('There is no such page.', o.console))
    send(response, 200, printPage(look, { ...o, word, done }))
  }

  server.listen(o.port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await Promise.resolve()
    },
  }
}

function send(response: ServerResponse, status: number, page: string): void {
  if (response.headersSent) return void response.end()
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    .end(page)
}

function companyOf(given: URLSearchParams): number {
  const text = given.get('company') ?? ''
  return /^\d{1,4}$/.test(text) ? Number(text) : firstCompany
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request.setEncoding('utf8')) {
    text += String(piece)
    if (text.length > 2_000) throw new Error('The form is too long.')
  }
  return text
}

function same(given: string, word: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(word)]
  return a.length === b.length && timingSafeEqual(a, b)
}
