/**
 * How soon the console shows something, whether anything moves while it loads, and whether a list of 10,000 jobs scrolls smoothly: each
 * page from a cold cache, the best of several loads, with the catalog of bench/service.ts. `npm run bench:console`
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from '@playwright/test'
import { chromiumProgram } from '../test/support/chromium-program.ts'
import { filledService, jobs } from './service.ts'

const loads = 7
const passes = 8

const pages = [
  ['overview', '/'],
  ['backups', '/backups?source=source-3'],
  ['jobs', '/jobs'],
  ['restore wizard', '/restores/new?source=source-3'],
] as const

const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-console-'))
const browser = await chromium.launch({
  executablePath: (await chromiumProgram()).executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  env: { PATH: process.env['PATH'] ?? '', HOME: directory },
})
try {
  await using service = await filledService()
  const at = (path: string): string => service.console + path
  process.stdout.write(`| page | first content | all of it | moved |\n| --- | --- | --- | --- |\n`)
  for (const [name, path] of pages) {
    const all: Loaded[] = []
    for (let n = 0; n < loads; n += 1) all.push(await timed(browser, service.key, at(path)))
    const best = (figure: keyof Loaded): number => Math.min(...all.map((one) => one[figure]))
    const moved = Math.max(...all.map((one) => one.moved))
    process.stdout.write(`| ${name} | ${best('first').toFixed(0)} ms | ${best('whole').toFixed(0)} ms | ${moved} |\n`) // prettier-ignore
  }
  await using open = await opened(browser, service.key)
  const { page } = open
  await page.goto(at('/jobs'))
  await page.locator('main h1').waitFor()
  await readAll(page)
  const longest: number[] = []
  for (let n = 0; n < passes; n += 1) longest.push(await page.evaluate(scrollThrough))
  process.stdout.write(`\nScrolling in a list of ${jobs} jobs, the longest frame: ${Math.min(...longest).toFixed(0)} ms (of each pass: ${longest.map((ms) => ms.toFixed(0)).join(', ')})\n`) // prettier-ignore
} finally {
  await browser.close()
  await rm(directory, { recursive: true, force: true })
}

interface Moved {
  moved: number
}

interface Opened {
  readonly page: Page
  [Symbol.asyncDispose](): Promise<void>
}

/** Somebody signed in with the key, whose browser has nothing of the console yet. */
async function opened(from: Browser, key: string): Promise<Opened> {
  const context = await from.newContext({ viewport: { width: 1280, height: 860 } })
  const page = await context.newPage()
  await page.addInitScript((given) => {
    sessionStorage.setItem('holdfast.key', given)
    const counted = globalThis as unknown as Moved
    counted.moved = 0
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        counted.moved += (entry as PerformanceEntry & { value: number }).value
    }).observe({ type: 'layout-shift', buffered: true })
  }, key)
  return { page, [Symbol.asyncDispose]: () => context.close() }
}

interface Loaded {
  /** Milliseconds to the first contentful paint. */
  readonly first: number
  /** Milliseconds until nothing stands in for what is being read any more. */
  readonly whole: number
  /** As the browser counts layout shifts. */
  readonly moved: number
}

async function timed(from: Browser, key: string, address: string): Promise<Loaded> {
  await using open = await opened(from, key)
  const { page } = open
  await page.goto(address)
  await page.locator('main h1').waitFor()
  await page.waitForFunction(() => document.querySelector('.animate-pulse.bg-sunken') === null)
  const whole = await page.evaluate(() => performance.now())
  // Whatever is still on its way would move things now.
  await page.waitForTimeout(500)
  const { first, moved } = await page.evaluate(() => ({
    first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
    moved: (globalThis as unknown as Moved).moved,
  }))
  return { first, whole, moved }
}

/** Sorted by something, a list reads all of it. */
async function readAll(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Started' }).click()
  // The service may have begun some of its own meanwhile.
  await page.waitForFunction(
    (least) => Number(document.querySelector('table')?.getAttribute('aria-rowcount')) > least,
    jobs,
    { timeout: 300_000 },
  )
}

/** Runs in the page: stretches at the top, in the middle and near the end, as fast as a wheel turns. The longest frame in milliseconds. */
async function scrollThrough(): Promise<number> {
  const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve))
  const end = document.documentElement.scrollHeight - innerHeight
  let longest = 0
  for (const start of [0, end / 2, end - 16_000]) {
    scrollTo(0, start)
    for (let n = 0; n < 10; n += 1) await frame()
    let before = await frame()
    for (let n = 1; n <= 100; n += 1) {
      scrollTo(0, start + n * 150)
      const now = await frame()
      longest = Math.max(longest, now - before)
      before = now
    }
  }
  return longest
}
