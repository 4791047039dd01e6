import assert from 'node:assert/strict'
import { after } from 'node:test'
import { createApp, type App } from '../../src/api/app.ts'
import { listen } from '../../src/api/server.ts'
import { openQueue } from '../../src/jobs/queue.ts'
import { firstLogin } from '../../src/people/links.ts'
import { codeOf, stepAt } from '../../src/people/totp.ts'
import { newBrowser, type Browser } from './browser.ts'
import { newCatalog, type TestCatalog } from './catalog.ts'
import type { TestServer } from './postgres.ts'

/** A service that people sign in to, over HTTP. */
export interface PeopleService {
  readonly catalog: TestCatalog
  readonly app: App
  readonly url: string
  /** What the service has logged. */
  readonly logged: string[]
  /** A browser on this machine. */
  browser(): Browser
  /** A browser that comes to the app from this address, at this URL, with these headers of proxies. */
  browserFrom(address: string, o?: { base?: string; headers?: Readonly<Record<string, string>> }): Browser
  /** The first administrator, signed in. */
  readonly root: Browser
  readonly rootLogin: { readonly email: string; readonly password: string }
  /** Somebody who was invited and has come, signed in. */
  person(role: string, email: string, password?: string): Promise<{ browser: Browser; id: string }>
  /** All that is in the tables of the catalog, as text. */
  dump(): Promise<string>
}

export const usualPassword = 'seven green camels'

export async function newPeopleService(
  server: TestServer,
  publicUrl: string | null = null,
): Promise<PeopleService> {
  const catalog = await newCatalog(server)
  const { system } = catalog
  const queue = await openQueue(system, { first: 1, most: 1 })
  const logged: string[] = []
  const app = createApp({
    catalog,
    queue,
    random: Math.random,
    wake: () => undefined,
    testDestination: () => Promise.resolve(),
    metrics: () => Promise.resolve(''),
    log: (text) => logged.push(text),
    publicUrl,
  })
  const served = await listen({ app, host: '127.0.0.1', port: 0 })
  after(async () => {
    await served.close(0)
    await queue[Symbol.asyncDispose]()
  })
  const browserFrom: PeopleService['browserFrom'] = (address, { base = served.url, headers = {} } = {}) =>
    newBrowser(base, async (request) => {
      for (const [name, value] of Object.entries(headers)) request.headers.set(name, value)
      return await app.fetch(request, { incoming: { socket: { remoteAddress: address } } })
    })
  // The cookies of a service behind a proxy are for https only, which the app is told of there.
  const browser = (): Browser =>
    publicUrl === null ? newBrowser(served.url, fetch) : browserFrom('127.0.0.1', { base: publicUrl })
  const rootLogin = await firstLogin(system, 'root@example.com')
  assert.ok(rootLogin !== null)
  const root = browser()
  const signedIn = await root.call('POST /session', rootLogin)
  assert.equal(signedIn.status, 201, signedIn.text)

  return {
    catalog,
    app,
    url: served.url,
    logged,
    browser,
    browserFrom,
    root,
    rootLogin,
    async person(role, email, password = usualPassword) {
      const invited = await root.call('POST /people', { email, name: 'Amina', role })
      assert.equal(invited.status, 201, invited.text)
      const link = linkOf(invited.body.link.link)
      const came = browser()
      const accepted = await came.call('POST /invitation', { link, password })
      assert.equal(accepted.status, 201, accepted.text)
      return { browser: came, id: invited.body.person.id as string }
    },
    async dump() {
      const tables = await system.query<{ name: string }>(
        `SELECT pg_catalog.quote_ident(tablename) AS name FROM pg_catalog.pg_tables WHERE schemaname = 'holdfast'`,
      )
      const texts = await Promise.all(
        tables.map(async ({ name }) => {
          const rows = await system.query<{ text: string }>(
            `SELECT t::text AS text FROM holdfast.${name} AS t`,
          )
          return rows.map(({ text }) => text).join('\n')
        }),
      )
      return texts.join('\n')
    },
  }
}

/** What a link holds. */
export function linkOf(link: string): string {
  return new URL(link).hash.slice(1)
}

/** The code of an app that was given this secret, so many steps from now. */
export function appCode(secret: string, now: Date, steps = 0): string {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')) // prettier-ignore
  const bytes = bits.join('').match(/.{8}/g) ?? []
  return codeOf(Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2))), stepAt(now) + steps)
}
