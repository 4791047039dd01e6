import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import type { Page } from '@playwright/test'

/*
 * Going through the console as people do, from page to page without loading it anew, and looking at what is there. Everything that runs
 * in the page is put into it once.
 */

const require = createRequire(import.meta.resolve('@axe-core/playwright'))
const { source: axeSource } = require('axe-core') as { source: string }

/** What a page is looked at with. */
export interface Look {
  readonly theme: 'light' | 'dark'
  readonly width: 1280 | 390
  /** Rules of axe; null: none. */
  readonly axe: Rules | null
}

export interface Rules {
  readonly type: 'tag' | 'rule'
  readonly values: readonly string[]
}

export const rules: Rules = {
  type: 'tag',
  values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
}
export const contrast: Rules = { type: 'rule', values: ['color-contrast'] }

const heights = { 1280: 860, 390: 844 } as const

declare global {
  interface Window {
    /** Requests to the API that have no answer yet. */
    asked: number
    /** What has moved by itself. */
    moved: string[]
    axe: { run: (context: Document, options: object) => Promise<{ violations: Violation[] }> }
    /** The router's own, for tools. */
    __TSR_ROUTER__: { navigate: (to: { href: string }) => Promise<void> }
  }
}

/** One of the browser's layout shifts. */
interface Shift extends PerformanceEntry {
  readonly hadRecentInput: boolean
  readonly sources: readonly { readonly node: Node | null }[]
}

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

/** Before the first page is loaded. */
export async function prepareWalk(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.asked = 0
    window.moved = []
    const { fetch: original } = window
    window.fetch = async (input, init) => {
      const told = typeof input === 'string' && input.includes('/events')
      if (!told) window.asked++
      try {
        const response = await original(input, init)
        // Whoever asked has the whole of it a moment after this.
        if (!told) await response.clone().arrayBuffer()
        return response
      } finally {
        if (!told) window.asked--
      }
    }
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[]) {
        if (entry.hadRecentInput) continue
        for (const { node } of entry.sources) window.moved.push(node instanceof Element ? node.outerHTML.slice(0, 200) : String(node?.textContent)) // prettier-ignore
      }
    }).observe({ type: 'layout-shift', buffered: true })
  })
  await page.emulateMedia({ reducedMotion: 'reduce' })
}

/** Loads the console at an address, as a link from elsewhere does. Resolves to what has moved by itself meanwhile. */
export async function load(page: Page, address: string): Promise<readonly string[]> {
  await page.goto(address)
  await page.locator('h1, h2').first().waitFor()
  await settle(page)
  return await page.evaluate(() => window.moved)
}

/** Goes there from where it is. */
export async function go(page: Page, path: string): Promise<void> {
  await page.evaluate((href) => window.__TSR_ROUTER__.navigate({ href }), path)
  await settle(page)
}

/** Until all that the page asks for is there, and nothing stands in for it any more. */
export async function settle(page: Page): Promise<void> {
  const settled = await page.evaluate(async () => {
    // Some ask when they have been answered.
    for (let [quiet, frames] = [0, 0]; quiet < 4; frames++) {
      if (frames > 3_000) return false
      await new Promise((resolve) => requestAnimationFrame(resolve))
      const waits = window.asked > 0 || document.querySelector('.animate-pulse.bg-sunken') !== null
      quiet = waits ? 0 : quiet + 1
    }
    return true
  })
  assert.ok(settled, `${page.url()} never has all that it waits for.`)
}

export async function resize(page: Page, width: Look['width']): Promise<void> {
  if (page.viewportSize()?.width !== width) await page.setViewportSize({ width, height: heights[width] })
}

/** What is wrong with the page as it is now, with these eyes. */
export async function look(page: Page, { theme, width, axe }: Look): Promise<readonly string[]> {
  await resize(page, width)
  await page.emulateMedia({ colorScheme: theme })
  const cut = await page.evaluate(wrongTexts)
  if (axe === null) return cut
  if (await page.evaluate(() => !('axe' in window))) await page.evaluate(axeSource)
  const violations = await page.evaluate(async (runOnly) => {
    const found = await window.axe.run(document, { runOnly, resultTypes: ['violations'] })
    return found.violations.map(({ id, nodes }) =>
      [id, ...nodes.slice(0, 3).map(({ html }) => html)].join('  '),
    )
  }, axe)
  return [...cut, ...violations]
}

/** Runs in the page: keys in place of words, texts that are wider than their place and end without three dots, and whatever makes the page itself wider than the screen. */
async function wrongTexts(): Promise<string[]> {
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
    // The key of a message that is not there stands for itself. What others have named so is apart.
    if (element.closest('bdi, pre') === null && /^[a-z]\w*(\.\w+)+$/i.test(element.textContent?.trim() ?? ''))
      found.push(`no words: ${element.textContent}`)
    const style = getComputedStyle(element)
    if (style.overflowX === 'visible' || style.textOverflow === 'ellipsis' || style.overflowX === 'auto')
      continue
    if (element.scrollWidth > element.clientWidth + 1)
      found.push(`${element.tagName}: ${element.textContent}`)
  }
  // What stands over the edge of the screen can't be read either.
  for (const element of document.querySelectorAll<HTMLElement>(
    'h1, h2, h3, p, dd, dt, button, a, label, td, th, span, time',
  )) {
    const { left, right, width } = element.getBoundingClientRect()
    const scrolls =
      element.closest('.overflow-x-auto, .overflow-auto, .truncate, .sr-only, [aria-hidden="true"]') !== null
    if (width > 1 && !scrolls && (left < -1 || right > innerWidth + 1))
      found.push(`over the edge: ${element.textContent}`)
  }
  return found
}
