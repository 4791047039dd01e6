import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { AxeBuilder } from '@axe-core/playwright'
import { testBrowser } from '../support/chromium.ts'
import { consoleService, openPage, second, watch } from '../support/console.ts'
import type { ServedJob } from '../support/serve.ts'

/*
 * Every page in both languages, on a desk and then narrowed to a phone: nothing is said in the browser's console, and no text is cut.
 * What axe knows is looked for once on a desk, in English, and once on a phone, in Arabic, both light. The dark theme has other colours and nothing
 * else, and these are the same everywhere: only the contrast is looked at, in English on a desk. HOLDFAST_SCREENSHOTS=docs/console
 * takes the few pictures of the documentation anew.
 */

const [service, browser] = await Promise.all([consoleService(), testBrowser()])
const shown = process.env['HOLDFAST_SCREENSHOTS']
if (shown !== undefined) await mkdir(shown, { recursive: true })
/** Those that are shown to people. */
const chosen = [
  'overview-en-light-1280',
  'overview-ar-dark-1280',
  'backups-en-light-1280',
  'backups-ar-dark-1280',
  'restore-look-en-light-1280',
  'restore-look-ar-dark-1280',
  'people-en-light-1280',
  'people-ar-dark-1280',
]

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
const alarms = await raised()
const hook = { kind: 'slack', url: 'https://chat.example.com/hook' }
await service.api.call('POST', '/destinations', { name: 'on-call', address: hook })
await service.api.call('POST', '/subscriptions', {
  destination: 'on-call',
  events: ['backup_failed'],
  mode: 'daily',
})
const { items: keys } = await service.api.call<{ items: { id: string }[] }>('GET', '/keys')
const { items: entries } = await service.api.call<{ items: { number: number }[] }>('GET', '/audit')
await service.api.call('POST', '/people', second)
const { items: people } = await service.api.call<{ items: { id: string }[] }>('GET', '/people')

/** A page is added by a line here. */
const pages: readonly { readonly name: string; readonly path: string }[] = [
  { name: 'overview', path: '/' },
  { name: 'backups', path: '/backups?source=shop' },
  { name: 'backup', path: `/backups/${backups[0]?.id}?source=shop&with=${backups[1]?.id}` },
  { name: 'new-backup', path: '/backups/new' },
  { name: 'restores', path: '/restores' },
  { name: 'restore-when', path: '/restores/new?source=shop' },
  { name: 'restore-what', path: '/restores/new?source=shop&step=what&scope=tables&names=public.invoice' },
  { name: 'restore-where', path: '/restores/new?source=shop&step=where' },
  { name: 'restore-plan', path: '/restores/new?source=shop&step=look' },
  { name: 'restore-look', path: `/restores/${restore}` },
  { name: 'jobs', path: '/jobs' },
  { name: 'job', path: `/jobs/${idOf('drill', 'completed')}` },
  { name: 'failed-job', path: `/jobs/${idOf('backup', 'failed')}` },
  { name: 'schedules', path: '/schedules' },
  { name: 'schedule', path: '/schedules/shop-every-night' },
  { name: 'new-schedule', path: '/schedules/new' },
  { name: 'sources', path: '/sources' },
  { name: 'source', path: '/sources/shop' },
  { name: 'new-source', path: '/sources/new' },
  { name: 'storage', path: '/storage' },
  { name: 'repository', path: '/storage/main' },
  { name: 'new-storage', path: '/storage/new' },
  { name: 'upload', path: '/storage/upload' },
  { name: 'alarms', path: '/alarms' },
  { name: 'alarm', path: `/alarms/${alarms[0]?.id}` },
  { name: 'destinations', path: '/destinations' },
  { name: 'new-destination', path: '/destinations/new' },
  { name: 'destination', path: '/destinations/on-call' },
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
  { name: 'sign-in', path: '/sign-in' },
  { name: 'invitation', path: '/invitation#token' },
  { name: 'reset', path: '/reset' },
  { name: 'nowhere', path: '/nowhere' },
]

/** Alarms come within seconds of what they are about, not at once. */
async function raised(): Promise<readonly { readonly id: string }[]> {
  for (let i = 0; i < 600; i++) {
    const { items } = await service.api.call<{ items: { id: string }[] }>('GET', '/alarms')
    if (items.length > 0) return items
    await setTimeout(100)
  }
  throw new Error('No alarm came of the backup that failed.')
}

type Rules = NonNullable<Parameters<AxeBuilder['options']>[0]['runOnly']>

const rules: Rules = {
  type: 'tag',
  values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
}
const contrast: Rules = { type: 'rule', values: ['color-contrast'] }

const sizes = { desk: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } }

for (const language of ['en', 'ar'] as const)
  test(`every page in ${language}, on a desk and on a phone`, async () => {
    await using open = await openPage(browser, service, { language })
    const { page } = open
    const said = watch(page)
    const problems: unknown[] = []

    async function look(name: string, runOnly: Rules): Promise<void> {
      const axe = new AxeBuilder({ page }).setLegacyMode(true)
      const { violations } = await axe.options({ runOnly, resultTypes: ['violations'] }).analyze()
      for (const { id, nodes } of violations)
        problems.push([name, id, nodes.slice(0, 3).map(({ html }) => html)])
    }

    for (const { name, path } of pages) {
      await page.setViewportSize(sizes.desk)
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
      await page.goto(service.url + path)
      await page.locator('h1, h2').first().waitFor()
      await page.waitForFunction(() => document.querySelector('.animate-pulse.bg-sunken') === null)
      for (const text of await page.evaluate(cutTexts)) problems.push([name, 'desk', text])
      if (language === 'en') await look(name, rules)
      for (const theme of ['light', 'dark'] as const) {
        const picture = `${name}-${language}-${theme}-1280`
        const taken = shown !== undefined && chosen.includes(picture)
        const looked = theme === 'dark' && language === 'en'
        if (taken || looked) await page.emulateMedia({ colorScheme: theme })
        if (looked) await look(`${name}, dark`, contrast)
        if (taken) await page.screenshot({ path: join(shown, `${picture}.png`) })
      }
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize(sizes.phone)
      for (const text of await page.evaluate(cutTexts)) problems.push([name, 'phone', text])
      if (language === 'ar') await look(`${name}, phone`, rules)
    }
    assert.deepEqual([...problems, ...said()], [])
  })

/** Runs in the page: texts that are wider than their place and end without three dots, and whatever makes the page itself wider than the screen. */
async function cutTexts(): Promise<string[]> {
  // Whatever follows the size of the window has followed it after this.
  for (let frame = 0; frame < 2; frame++) await new Promise((resolve) => requestAnimationFrame(resolve))
  const found: string[] = []
  const { scrollWidth, clientWidth } = document.documentElement
  if (scrollWidth > clientWidth) found.push(`the page: ${scrollWidth} > ${clientWidth}`)
  for (const element of document.querySelectorAll<HTMLElement>('body *')) {
    const own = [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== '',
    )
    if (!own || element.closest('.sr-only, svg, option') !== null) continue
    const style = getComputedStyle(element)
    if (style.overflowX === 'visible' || style.textOverflow === 'ellipsis' || style.overflowX === 'auto')
      continue
    if (element.scrollWidth > element.clientWidth + 1)
      found.push(`${element.tagName}: ${element.textContent}`)
  }
  // What stands over the edge of the screen can't be read either.
  for (const element of document.querySelectorAll<HTMLElement>(
    'h1, h2, h3, p, dd, dt, button, a, label, td, th',
  )) {
    const { left, right, width } = element.getBoundingClientRect()
    const scrolls =
      element.closest('.overflow-x-auto, .overflow-auto, .sr-only, [aria-hidden="true"]') !== null
    if (width > 1 && !scrolls && (left < -1 || right > innerWidth + 1))
      found.push(`over the edge: ${element.textContent}`)
  }
  return found
}
