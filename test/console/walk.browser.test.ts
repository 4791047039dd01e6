import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Page } from '@playwright/test'
import { testBrowser } from '../support/chromium.ts'
import {
  administrator,
  consoleService,
  openPage,
  operator,
  reader,
  second,
  tenant,
  watch,
  type Somebody,
} from '../support/console.ts'
import type { ServedJob } from '../support/serve.ts'
import { greyed } from './greyed.ts'
import { contrast, go, load, look, type Look, prepareWalk, resize, rules, settle } from './walk.ts'

/*
 * Every page as each role, in both languages and both themes, on a desk and on a phone: nothing is said in the browser's console, no text is
 * cut, axe finds nothing, nothing moves by itself where a page is loaded, and what a role may not see is not asked for, which the service would refuse.
 *
 * The administrator sees every page in both languages and sizes. What axe knows is looked for once on a desk, in English, and once on a phone,
 * in Arabic, both light; the dark theme has other colours and nothing else, so that only the contrast is looked at, in English on a desk. The
 * others see every page once, each in another of the eight ways, which are all had and of which a draw says who begins with which.
 * HOLDFAST_WALK=all has everybody see every page in all of them. HOLDFAST_SCREENSHOTS=docs/console takes the pictures of the documentation anew.
 */

const [service, browser] = await Promise.all([consoleService(), testBrowser()])
const everything = process.env['HOLDFAST_WALK'] === 'all'
const shown = process.env['HOLDFAST_SCREENSHOTS']
if (shown !== undefined) await mkdir(shown, { recursive: true })
/** Of each page a picture in English on a desk; of these one more, in Arabic, dark, and this wide. */
const inArabic: Readonly<Record<string, Look['width']>> = {
  overview: 1280,
  backups: 1280,
  'restore-when': 390,
  'restore-look': 1280,
  schedules: 390,
  source: 390,
  alarm: 390,
  people: 1280,
}

const { items } = await service.api.call<{ items: (ServedJob & { kind: string })[] }>(
  'GET',
  '/jobs?limit=100',
)
const idOf = (kind: string, status: string): string =>
  items.find((job) => job.kind === kind && job.status === status)?.id ?? ''
const { items: backups } = await service.api.call<{ items: { id: string }[] }>('GET', '/backups?source=shop')

/** What was lost since, and what would bring it back. */
await service.shop.query(
  'DELETE FROM invoice WHERE invoice_id IN (7, 8); UPDATE invoice SET total = 99.99 WHERE invoice_id = 20',
)
const { id: restore } = await service.api.call<{ id: string }>('POST', '/restores', {
  source: 'shop',
  into: { inPlace: true },
  tables: ['invoice'],
  createMissing: true,
  updateChanged: true,
  deleteExtra: true,
  references: 'bring',
})
await service.api.until(restore, (job) => job.status === 'waiting')
const alarm = await raised()
const hook = { kind: 'slack', url: 'https://chat.example.com/hook' }
await service.api.call('POST', '/destinations', { name: 'on-call', address: hook })
await service.api.call('POST', '/subscriptions', {
  destination: 'on-call',
  events: ['backup_failed'],
  mode: 'daily',
})
await service.api.call('PATCH', '/sources/shop', {
  settings: {
    modules: {
      sales: { description: 'What customers have bought', tables: ['invoice', 'invoice_line', 'customer'] },
      catalogue: { tables: ['artist', 'album', 'track'] },
    },
  },
})
await service.api.call('POST', '/destinations', {
  name: 'switch',
  address: {
    kind: 'ping',
    success: 'https://watch.example.com/ping',
    fail: 'https://watch.example.com/fail',
  },
  follows: { schedule: 'shop-every-night' },
})
const { items: keys } = await service.api.call<{ items: { id: string }[] }>('GET', '/keys')
const { items: entries } = await service.api.call<{ items: { number: number }[] }>('GET', '/audit')
await service.api.call('POST', '/people', second)
const { items: people } = await service.api.call<{ items: { id: string }[] }>('GET', '/people')

interface Visited {
  readonly name: string
  readonly path: string
  /** Of whoever is not signed in: the same for all roles. */
  readonly door?: true
  /** Those that people begin with are loaded by their address each time. */
  readonly often?: true
}

/** A page is added by a line here. */
const pages: readonly Visited[] = [
  { name: 'overview', path: '/', often: true },
  { name: 'backups', path: '/backups?source=shop', often: true },
  { name: 'backup', path: `/backups/${backups[0]?.id}?source=shop&with=${backups[1]?.id}` },
  { name: 'new-backup', path: '/backups/new' },
  { name: 'restores', path: '/restores' },
  { name: 'restore-when', path: '/restores/new?source=shop', often: true },
  { name: 'restore-what', path: '/restores/new?source=shop&step=what&scope=tables&names=public.invoice' },
  { name: 'restore-where', path: '/restores/new?source=shop&step=where' },
  { name: 'restore-plan', path: '/restores/new?source=shop&step=look' },
  { name: 'restore-look', path: `/restores/${restore}` },
  { name: 'jobs', path: '/jobs', often: true },
  { name: 'job', path: `/jobs/${idOf('drill', 'completed')}` },
  { name: 'failed-job', path: `/jobs/${idOf('backup', 'failed')}` },
  { name: 'schedules', path: '/schedules' },
  { name: 'schedule', path: '/schedules/shop-every-night' },
  { name: 'new-schedule', path: '/schedules/new' },
  { name: 'sources', path: '/sources' },
  { name: 'source', path: '/sources/shop' },
  { name: 'edit-source', path: '/sources/shop/edit' },
  { name: 'new-source', path: '/sources/new' },
  { name: 'storage', path: '/storage' },
  { name: 'repository', path: '/storage/main' },
  { name: 'new-storage', path: '/storage/new' },
  { name: 'upload', path: '/storage/upload' },
  { name: 'alarms', path: '/alarms' },
  { name: 'alarm', path: `/alarms/${alarm}` },
  { name: 'destinations', path: '/destinations' },
  { name: 'new-destination', path: '/destinations/new' },
  { name: 'destination', path: '/destinations/on-call' },
  { name: 'new-ping', path: '/destinations/new?kind=ping&schedule=shop-every-night' },
  { name: 'people', path: '/people' },
  { name: 'person', path: `/people/${people[0]?.id}` },
  { name: 'invite', path: '/people/new' },
  { name: 'providers', path: '/providers' },
  { name: 'new-provider', path: '/providers/new' },
  { name: 'keys', path: '/keys' },
  { name: 'key', path: `/keys/${keys[0]?.id}` },
  { name: 'new-key', path: '/keys/new' },
  { name: 'rights', path: '/rights' },
  { name: 'approvals', path: '/approvals' },
  { name: 'audit', path: '/audit' },
  { name: 'audit-entry', path: `/audit/${entries[0]?.number}` },
  { name: 'system', path: '/system' },
  { name: 'account', path: '/account' },
  { name: 'sign-in', path: '/sign-in', door: true },
  { name: 'invitation', path: '/invitation#token', door: true },
  { name: 'reset', path: '/reset', door: true },
  { name: 'nowhere', path: '/nowhere' },
]

/** The id of the alarm about the backup that failed, which stays open. Alarms come within seconds of what they are about, not at once. */
async function raised(): Promise<string> {
  for (let i = 0; i < 600; i++) {
    const { items } = await service.api.call<{ items: { id: string; about: string }[] }>('GET', '/alarms')
    const found = items.find(({ about }) => about === 'warehouse')
    if (found !== undefined) return found.id
    await setTimeout(100)
  }
  throw new Error('No alarm came of the backup that failed.')
}

type Language = 'en' | 'ar'

const sizes = [1280, 390] as const
const themes = ['light', 'dark'] as const
/** Everything that can be looked with, all of it looked for. */
const allLooks: readonly Look[] = sizes.flatMap((width) =>
  themes.map((theme) => ({ width, theme, axe: rules })),
)
const administratorLooks: Readonly<Record<Language, readonly Look[]>> = {
  en: [
    { width: 1280, theme: 'light', axe: rules },
    { width: 1280, theme: 'dark', axe: contrast },
    { width: 390, theme: 'light', axe: null },
  ],
  ar: [
    { width: 1280, theme: 'dark', axe: null },
    { width: 390, theme: 'light', axe: rules },
  ],
}

interface Walk {
  readonly session: Somebody
  readonly language: Language
  readonly visits: readonly { readonly to: Visited; readonly looks: readonly Look[] }[]
  /** Which pages are loaded by their address, as from a link; the others are gone to from the one before. */
  readonly loads: (page: Visited) => boolean
}

/** What is wrong on the way. */
async function walk({ session, language, visits, loads }: Walk): Promise<readonly string[]> {
  await using open = await openPage(browser, service, { language, session })
  const { page } = open
  await prepareWalk(page)
  const said = watch(page)
  const problems: string[] = []
  for (const [index, { to, looks }] of visits.entries()) {
    if (index === 0 || loads(to)) {
      await resize(page, looks[0]?.width ?? 1280)
      const moved = await load(page, service.url + to.path)
      problems.push(...moved.map((what) => `${to.name}, ${language}: it moved by itself: ${what}`))
    } else await go(page, to.path)
    for (const one of looks) {
      for (const problem of await look(page, one))
        problems.push(`${to.name}, ${language}, ${one.theme}, ${one.width}: ${problem}`)
    }
    if (shown !== undefined && session === administrator) await takePictures(page, to.name, language)
  }
  return [...problems, ...said()]
}

async function takePictures(page: Page, name: string, language: Language): Promise<void> {
  const width = language === 'en' ? 1280 : inArabic[name]
  const theme = language === 'en' ? 'light' : 'dark'
  if (width === undefined || shown === undefined) return
  await look(page, { theme, width, axe: null })
  await page.screenshot({ path: join(shown, `${name}-${language}-${theme}-${width}.png`) })
}

for (const language of ['en', 'ar'] as const)
  test(`every page in ${language}`, async (t: TestContext) => {
    const turn = randomInt(3)
    t.diagnostic(`Of three pages that with number ${turn} is loaded by its address.`)
    const loads = (page: Visited): boolean =>
      everything || (language === 'en' && (page.often === true || pages.indexOf(page) % 3 === turn))
    const looks = everything ? allLooks : administratorLooks[language]
    const visits = pages.map((to) => ({ to, looks }))
    assert.deepEqual(await walk({ session: administrator, language, visits, loads }), [])
  })

for (const session of [operator, reader, tenant])
  test(`every page as ${session.role}`, async (t: TestContext) => {
    const turn = randomInt(8)
    t.diagnostic(`The first way to look is number ${turn}.`)
    const inside = pages.filter(({ door }) => door === undefined)
    const ways = (['en', 'ar'] as const).flatMap((language) => allLooks.map((one) => ({ language, one })))
    for (const language of ['en', 'ar'] as const) {
      const visits = inside.flatMap((to, index) => {
        const way = ways[(index + turn) % ways.length]
        if (everything) return [{ to, looks: allLooks }]
        return way?.language === language ? [{ to, looks: [way.one] }] : []
      })
      assert.deepEqual(await walk({ session, language, visits, loads: () => false }), [])
    }
  })

test('what a role may not do is greyed, and says so', async () => {
  const doing = Object.keys(greyed[reader.role] ?? {})
  for (const session of [operator, reader, tenant]) {
    await using open = await openPage(browser, service, { session })
    const { page } = open
    await prepareWalk(page)
    await load(page, service.url)
    const found: Record<string, string> = {}
    for (const { name, path } of pages.filter(({ name }) => doing.includes(name))) {
      await go(page, path)
      const names = await page.evaluate(greyedNames)
      if (names.length > 0) found[name] = names.join(', ')
    }
    assert.deepEqual(found, greyed[session.role])
    await go(page, '/sources')
    await page.getByRole('button', { name: 'Add a source' }).focus()
    assert.match((await page.getByRole('tooltip').textContent()) ?? '', /Your role, .*, may not do this/)
  }
})

/** Runs in the page: what is greyed in the sheet that is open, or else on the page. */
function greyedNames(): string[] {
  const within = document.querySelector('[role=dialog]') ?? document
  const all = [...within.querySelectorAll('[aria-disabled=true]')]
  return [...new Set(all.map((one) => one.getAttribute('aria-label') ?? one.textContent?.trim() ?? ''))]
}

test('of a list of ten thousand jobs only the rows that can be seen are in the page', async () => {
  // Nobody needs to be told of them, nor the trail of what was done.
  await service.catalog.query(`SET session_replication_role = replica;
    INSERT INTO holdfast.jobs (kind, about, status, params, requested_by, attempt, created_at, started_at, ended_at)
    SELECT 'measure', 'main', 'cancelled', '{}', 'schedule:night', 1, at, at, at
    FROM generate_series(1, 10000) AS n, LATERAL (SELECT now() - n * interval '1 hour') AS made (at);
    ANALYZE holdfast.jobs`)
  await using open = await openPage(browser, service)
  const { page } = open
  await prepareWalk(page)
  await load(page, `${service.url}/jobs`)
  const listed = async (): Promise<number> =>
    Number(await page.getByRole('table', { name: 'Jobs' }).getAttribute('aria-rowcount'))
  const first = await listed()
  for (let n = 0; n < 4; n++) {
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight))
    await settle(page)
  }
  assert.ok((await listed()) > first)
  assert.ok((await page.locator('main tbody tr').count()) < 200)
})
