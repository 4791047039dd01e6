import assert from 'node:assert/strict'
import type { Browser, Page } from '@playwright/test'
import { musicShop } from './music-shop.ts'
import { testServer, type TestDatabase } from './postgres.ts'
import { over, serving, type ServedJob, type ServiceClient, type Serving } from './serve.ts'

/** A service with something to show: what the console's tests look at. */
export interface ConsoleService {
  readonly url: string
  /** Of the first administrator. */
  readonly key: string
  /** What opens its backups. */
  readonly identity: string
  readonly api: ServiceClient
  /** The database of the source `shop`. */
  readonly shop: TestDatabase
  /** The service's own. */
  readonly catalog: TestDatabase
}

/**
 * A shop with proven backups and a past of four weeks, a CRM that was never proven, and a source that can't be reached. The backups are real
 * and made now; older ones are these again, at other moments, in the catalog only.
 */
export async function consoleService(): Promise<ConsoleService> {
  const server = await testServer(17)
  const { start, client, directory, identity } = await serving()
  const [shop, crm, catalog] = await Promise.all([server.database(), server.database(), server.database()])
  await shop.query(musicShop())
  await crm.query(
    'CREATE TABLE lead AS SELECT n AS id, md5(n::text) AS name FROM generate_series(1, 4000) AS n',
  )
  const { url, key, api } = await startService({ start, client, directory }, catalog)
  await api.add(shop, server.password)
  const add = async (name: string, at: string, password: string): Promise<void> => {
    const address = new URL(at)
    address.password = ''
    await api.call('POST', '/sources', { name, address: address.href, password, repository: 'main' })
  }
  await add('crm', crm.url, server.password)
  await add('warehouse', catalog.url.replace(catalog.name, 'gone'), server.password)
  await Promise.all(schedules.map((schedule) => api.call('POST', '/schedules', schedule)))

  const run = async (kind: string, source: string, params = {}): Promise<void> => {
    const { id } = await api.call<ServedJob>('POST', '/jobs', { kind, source, params })
    await api.until(id, over)
  }
  await Promise.all([
    run('backup', 'shop', { name: 'Before the migration', proof: 'full' }),
    run('backup', 'crm'),
  ])
  await Promise.all([run('drill', 'shop'), run('backup', 'warehouse')])
  await shop.query('UPDATE track SET unit_price = unit_price + 1 WHERE track_id < 400')
  await run('backup', 'shop', { description: 'After the prices were raised' })
  await catalog.query(past)
  return { url, key, identity, api, shop, catalog }
}

/** A service with nothing to back up, for what is about people: a storage `spare`, which nothing uses. */
export async function consoleCatalog(): Promise<Omit<ConsoleService, 'shop' | 'identity'>> {
  const server = await testServer(17)
  const { start, client, directory } = await serving()
  const catalog = await server.database()
  const service = await startService({ start, client, directory }, catalog)
  await service.api.call('POST', '/repositories', { name: 'spare', address: `${directory}/spare` })
  return { ...service, catalog }
}

async function startService(
  { start, client, directory }: Pick<Serving, 'start' | 'client' | 'directory'>,
  catalog: TestDatabase,
): Promise<Pick<ConsoleService, 'url' | 'key' | 'api'>> {
  const serve = start(['serve', '--listen', '0'], {
    HOLDFAST_CATALOG: catalog.url,
    HOLDFAST_CATALOG_KEY_FILE: `${directory}/catalog.key`,
  })
  const key = await serve.after(/not shown again: (hfk_\S+)/)
  const url = await serve.after(/The console is at (\S+)/)
  return { url, key, api: client(`${url}/api/v1`, key) }
}

const schedules = [
  { name: 'shop-every-night', kind: 'backup', source: 'shop', rule: { every: 'day', at: '02:00' }, zone: 'Asia/Riyadh', keep: { daily: 30, monthly: 12 } }, // prettier-ignore
  { name: 'shop-proof', kind: 'drill', source: 'shop', rule: { every: 'week', on: ['friday', 'sunday'], at: '04:30' }, zone: 'Europe/Berlin' }, // prettier-ignore
  { name: 'crm-every-hour', kind: 'backup', source: 'crm', rule: { cron: '15 6-18 * * 0-4' }, zone: 'UTC', enabled: false, keep: { last: 24, weekly: 8 } }, // prettier-ignore
  { name: 'main-check', kind: 'check', repository: 'main', rule: { every: 'month', on: 'last', at: '23:00' }, zone: 'UTC' }, // prettier-ignore
]

/** Nights of four weeks, but for two of them that failed: of each a backup, proven on every third, and its job. */
const past = `
WITH nights AS (SELECT n, now() - n * interval '1 day' - interval '3 hours' AS at FROM generate_series(1, 28) AS n),
made AS (
  INSERT INTO holdfast.backups (repository_id, id, source_id, source_hash, sequence, moment, summary)
  SELECT b.repository_id, to_char(at AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z-') || lpad(to_hex(n), 8, '0'), b.source_id, b.source_hash, -n, at,
    b.summary || jsonb_build_object('name', NULL, 'seconds', 0.8 + n % 5 * 0.1, 'moment', at,
      'verified', CASE WHEN n % 3 = 0 THEN (SELECT v.summary->'verified' FROM holdfast.backups AS v WHERE v.summary->'verified'->>'result' = 'passed' LIMIT 1) END,
      'pins', CASE WHEN n = 20 THEN '[{"reason": "end of the quarter"}]'::jsonb ELSE '[]'::jsonb END,
      'totals', (b.summary->'totals') || jsonb_build_object('rows', 15791 - n * 37, 'newStoredBytes', 20000 + n * 7919 % 41000, 'newChunks', 1 + n % 4))
  FROM nights, (SELECT b.* FROM holdfast.backups AS b JOIN holdfast.sources AS s ON s.id = b.source_id WHERE s.name = 'shop' ORDER BY moment DESC LIMIT 1) AS b
  WHERE n NOT IN (9, 10)
)
INSERT INTO holdfast.jobs (kind, about, status, source_id, repository_id, params, requested_by, attempt, created_at, started_at, ended_at, result, error)
SELECT 'backup', 'shop', CASE WHEN n IN (9, 10) THEN 'failed' ELSE 'completed' END, j.source_id, j.repository_id, '{}', 'schedule:night', 1, at, at, at + interval '2 seconds',
  CASE WHEN n NOT IN (9, 10) THEN j.result END,
  CASE WHEN n IN (9, 10) THEN '{"code": "storage_full", "message": "The storage is full.", "hint": "Make room."}'::jsonb END
FROM nights, (SELECT * FROM holdfast.jobs WHERE kind = 'backup' AND about = 'shop' AND status = 'completed' LIMIT 1) AS j`

/** A page of the console, with somebody signed in; closed with its context. */
export interface OpenPage {
  readonly page: Page
  [Symbol.asyncDispose](): Promise<void>
}

export interface PageOptions {
  readonly language?: 'en' | 'ar'
  readonly width?: 1280 | 390
  /** Who is signed in; null: nobody. Default: an administrator. */
  readonly session?: Somebody | null
}

/** Who sits at the browser. Each has an account of their own, by the link of an invitation. */
export interface Somebody {
  readonly name: string
  readonly email: string
  readonly role: string
  /** Those that a tenant_admin is bound to. */
  readonly sources?: readonly string[]
}

export const administrator: Somebody = { name: 'Layla Haddad', email: 'layla@example.com', role: 'super_admin' } // prettier-ignore
export const second: Somebody = { name: 'Amina Saleh', email: 'amina@example.com', role: 'super_admin' }
export const reader: Somebody = { name: 'Omar Nasser', email: 'omar@example.com', role: 'read_only_admin' }
export const operator: Somebody = { name: 'Sami Farouk', email: 'sami@example.com', role: 'platform_operator' } // prettier-ignore
export const tenant: Somebody = { name: 'Nour Aziz', email: 'nour@example.com', role: 'tenant_admin', sources: ['shop', 'warehouse'] } // prettier-ignore
export const password = 'seven green camels'

type Served = Pick<ConsoleService, 'url' | 'api'>

/** The cookies of sessions, by e-mail address: one for each account, since signing in is slow on purpose. */
const sessions = new WeakMap<Served, Map<string, Promise<string>>>()

async function cookieOf(service: Served, somebody: Somebody): Promise<string> {
  const known = sessions.get(service) ?? new Map<string, Promise<string>>()
  sessions.set(service, known)
  const cookie = known.get(somebody.email) ?? signIn(service, somebody)
  known.set(somebody.email, cookie)
  return await cookie
}

async function signIn({ url, api }: Served, somebody: Somebody): Promise<string> {
  const { link } = await api.call<{ link: { link: string } }>('POST', '/people', somebody)
  const accepted = await fetch(`${url}/api/v1/invitation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ link: new URL(link.link).hash.slice(1), password }),
  })
  assert.equal(accepted.status, 201)
  const [, cookie = ''] = /^holdfast=([^;]+)/.exec(accepted.headers.get('set-cookie') ?? '') ?? []
  return cookie
}

export async function openPage(
  browser: Browser,
  service: Served,
  { language = 'en', width = 1280, session = administrator }: PageOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width, height: width === 390 ? 844 : 860 },
    locale: language === 'ar' ? 'ar-EG' : 'en-GB',
    timezoneId: 'Asia/Riyadh',
  })
  if (session !== null)
    await context.addCookies([
      { name: 'holdfast', value: await cookieOf(service, session), url: service.url, sameSite: 'Strict' },
    ])
  const page = await context.newPage()
  return { page, [Symbol.asyncDispose]: () => context.close() }
}

/** What the browser complains of from now on: errors of scripts, refusals of the content policy, what could not be loaded. */
export function watch(page: Page): () => readonly string[] {
  const said: string[] = []
  page.on('console', (message) => {
    const { url } = message.location()
    if (message.type() === 'error') said.push(`${message.text()} (${url}, on ${page.url()})`)
  })
  page.on('pageerror', (error) => said.push(error.stack ?? String(error)))
  return () => said
}
