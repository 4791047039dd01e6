import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { testBrowser } from '../support/chromium.ts'
import { consoleService, openPage, watch } from '../support/console.ts'
import type { ServedJob } from '../support/serve.ts'

/*
 * Every page in both languages, both themes, on a desk and on a phone: nothing is said in the browser's console, axe finds nothing, no text is
 * cut. What was seen is in a temporary directory; HOLDFAST_SCREENSHOTS=docs/console takes the few pictures of the documentation anew.
 */

const [service, browser] = await Promise.all([consoleService(), testBrowser()])
const pictures = join(tmpdir(), 'holdfast-console')
const shown = process.env['HOLDFAST_SCREENSHOTS']
for (const directory of [pictures, ...(shown === undefined ? [] : [shown])])
  await mkdir(directory, { recursive: true })
/** Those that are shown to people. */
const chosen = [
  'overview-en-light-1280',
  'overview-ar-dark-1280',
  'overview-en-dark-390',
  'backups-en-dark-1280',
  'backup-en-light-1280',
  'schedule-en-light-1280',
  'schedules-ar-light-1280',
  'jobs-ar-light-390',
]

const { items } = await service.api.call<{ items: (ServedJob & { kind: string })[] }>(
  'GET',
  '/jobs?limit=100',
)
const idOf = (kind: string, status: string): string =>
  items.find((job) => job.kind === kind && job.status === status)?.id ?? ''
const { items: backups } = await service.api.call<{ items: { id: string }[] }>('GET', '/backups?source=shop')

/** A page is added by a line here. */
const pages: readonly { readonly name: string; readonly path: string }[] = [
  { name: 'overview', path: '/' },
  { name: 'backups', path: '/backups?source=shop' },
  { name: 'backup', path: `/backups/${backups[0]?.id}?source=shop&with=${backups[1]?.id}` },
  { name: 'new-backup', path: '/backups/new' },
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
  { name: 'sign-in', path: '/sign-in' },
  { name: 'invitation', path: '/invitation#token' },
  { name: 'reset', path: '/reset' },
  { name: 'nowhere', path: '/nowhere' },
]

type RunOptions = Parameters<AxeBuilder['options']>[0]

const rules: RunOptions['runOnly'] = {
  type: 'tag',
  values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
}
const contrast: RunOptions['runOnly'] = { type: 'rule', values: ['color-contrast'] }

for (const language of ['en', 'ar'] as const)
  for (const width of [1280, 390] as const)
    test(`every page in ${language} at ${width} pixels, light and dark`, async () => {
      await using open = await openPage(browser, service, { language, width })
      const { page } = open
      const said = watch(page)
      const problems: unknown[] = []
      for (const { name, path } of pages) {
        await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
        await page.goto(service.url + path)
        await page.locator('h1, h2').first().waitFor()
        await page.waitForFunction(() => document.querySelector('.animate-pulse.bg-sunken') === null)
        for (const theme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme: theme })
          // The other theme has other colours, and nothing else; and these are the same in every language.
          const checked = theme === 'light' ? rules : language === 'en' ? contrast : null
          if (checked !== null) {
            const axe = new AxeBuilder({ page }).setLegacyMode(true)
            const { violations } = await axe
              .options({ runOnly: checked, resultTypes: ['violations'] })
              .analyze()
            for (const { id, nodes } of violations)
              problems.push([name, theme, id, nodes.slice(0, 3).map(({ html }) => html)])
          }
          const picture = `${name}-${language}-${theme}-${width}`
          const directory = shown !== undefined && chosen.includes(picture) ? shown : pictures
          await page.screenshot({ path: join(directory, `${picture}.png`) })
        }
        for (const text of await page.evaluate(cutTexts)) problems.push([name, text])
      }
      assert.deepEqual([...problems, ...said()], [])
    })

/** Runs in the page: texts that are wider than their place and end without three dots, and whatever makes the page itself wider than the screen. */
function cutTexts(): string[] {
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
