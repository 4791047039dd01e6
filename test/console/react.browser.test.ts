import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { testBrowser } from '../support/chromium.ts'
import { consoleService, watch } from '../support/console.ts'
import { requireSame, stateOf } from '../support/journey.ts'

/* holdfast/react, in the page of an application that looks like nothing of ours: examples/react, built and used as its README says. */

const root = fileURLToPath(new URL('../..', import.meta.url))
const shown = process.env['HOLDFAST_SCREENSHOTS']

async function run(...args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], { cwd: root })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (said += String(piece)))
  assert.equal((await once(child, 'close'))[0], 0, said)
}

async function build(): Promise<void> {
  await run('scripts/build-react.ts')
  await run('node_modules/vite/bin/vite.js', 'build', 'examples/react')
}

const [service, browser] = await Promise.all([consoleService(), testBrowser(), build()])
const { shop, api } = service

/** The example's server, with a key of its own; its address. */
async function startShop(key: string): Promise<string> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'examples/react/server.ts'],
    {
      cwd: root,
      env: { HOLDFAST_SERVER: service.url, HOLDFAST_KEY: key, ADMIN_PASSWORD: 'salt', PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  after(() => child.kill('SIGKILL'))
  const ended = once(child, 'exit').then(() => assert.fail('The example has ended.'))
  ended.catch(() => undefined)
  const [said] = (await Promise.race([once(child.stdout, 'data'), ended])) as [Buffer]
  return /http:\S+/.exec(said.toString())?.[0] ?? ''
}

async function openShop(key: string): Promise<{ page: Page; [Symbol.asyncDispose](): Promise<void> }> {
  const address = await startShop(key)
  const context = await browser.newContext({
    viewport: { width: 1480, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Asia/Riyadh',
    httpCredentials: { username: 'admin', password: 'salt' },
  })
  const page = await context.newPage()
  await page.goto(address)
  return { page, [Symbol.asyncDispose]: () => context.close() }
}

/** How everything of the shop's own looks that is there on each of its pages. */
function looksOf(page: Page): Promise<unknown> {
  return page.evaluate(() =>
    [...document.querySelectorAll('html, body, body > div:first-child, .admin, .admin > *, header *, nav[aria-label=Administration], nav[aria-label=Administration] button:not([aria-current]), h1')] // prettier-ignore
      .filter((element) => !element.matches('.grid, main'))
      .map((element) => {
        const style = getComputedStyle(element)
        const sized = /block-size|inline-size|^height|^width|origin|perspective|^bottom|^top|inset/
        const values = [...style].filter((name) => !sized.test(name)).map((name) => [name, style.getPropertyValue(name)]) // prettier-ignore
        return [element.tagName, element.className, Object.fromEntries(values)]
      }),
  )
}

async function clean(page: Page, name: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).include('.holdfast').analyze()
  assert.deepEqual(
    violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
    [],
    name,
  )
}

test('on the page of an application all parts do what the console does, and leave the rest of it as it looks', async () => {
  await using open = await openShop(service.key)
  const { page } = open
  const said = watch(page)
  const tab = (name: string): Promise<void> => page.getByRole('tab', { name }).click()
  await page.getByRole('rowheader', { name: 'S-1041' }).waitFor()
  await page.getByRole('button', { name: 'orders' }).blur()
  const before = await looksOf(page)

  await page.getByRole('button', { name: 'backups' }).click()
  await page.getByRole('heading', { name: 'shop', exact: true }).waitFor()
  await page.getByRole('heading', { name: 'Storage', level: 2 }).last().waitFor()
  await page.getByRole('link', { name: 'main' }).last().waitFor()
  // Of the one source that was asked for, and no other.
  assert.equal(await page.getByText('warehouse').count(), 0)
  await clean(page, 'overview')
  if (shown !== undefined) await page.screenshot({ path: join(shown, 'react-en-light.png') })

  // Begun on one tab, gone on with on another: what the dashboard leads to is the manager's.
  await page.getByRole('button', { name: 'Back up', exact: true }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel('Name').fill('By hand')
  assert.equal(await page.getByRole('tab', { name: 'Backups', includeHidden: true }).getAttribute('aria-selected'), 'true') // prettier-ignore
  await sheet.getByRole('button', { name: 'Start the backup' }).click()
  const opens = page.getByRole('link', { name: 'Open the backup' })
  await opens.waitFor()
  // A job is no place of a part: there is a way back.
  assert.equal(await page.getByRole('link', { name: 'Back to: Backups', includeHidden: true }).count(), 1)
  await opens.click()
  await page.getByRole('heading', { name: 'By hand' }).waitFor()
  await clean(page, 'a sheet')
  const begun = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  await page.getByRole('menuitem', { name: 'Sealed, as it is stored' }).click()
  assert.match(await (await begun).path(), /./)
  await page.keyboard.press('Escape')
  await page.getByRole('table', { name: 'Backups' }).getByText('By hand').waitFor()

  await page.getByRole('button', { name: 'Add a schedule' }).first().click()
  await page.getByLabel('Name').fill('from-the-shop')
  await sheet.getByRole('button', { name: 'Add the schedule' }).click()
  await page.getByRole('link', { name: 'from-the-shop' }).waitFor()
  const { items } = await api.call<{ items: { name: string }[] }>('GET', '/schedules')
  assert.ok(items.some(({ name }) => name === 'from-the-shop'))

  const whole = await stateOf(shop.url)
  await shop.query('DELETE FROM invoice WHERE invoice_id = 7')
  await tab('Restore')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByRole('radio', { name: 'Tables One or several.' }).click()
  await page.getByRole('checkbox', { name: 'public.invoice', exact: true }).click()
  await page.getByRole('checkbox', { name: 'public.invoice_line' }).click()
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByRole('radiogroup', { name: 'Where' }).getByRole('radio').nth(1).click()
  await page.getByRole('button', { name: 'Look first' }).click()
  await page.getByRole('heading', { name: 'Do it' }).waitFor()
  await page.getByRole('textbox').fill(shop.name)
  await page.getByRole('button', { name: 'Restore', exact: true }).click()
  await page.getByText('Restored', { exact: true }).waitFor()
  requireSame(await stateOf(shop.url), whole, 'restored')

  await page.getByLabel('Language').selectOption('ar')
  await page.getByLabel('Theme').selectOption('dark')
  await tab('Overview')
  const dashboard = page.locator('.part .holdfast').first()
  await dashboard.getByRole('heading', { name: 'نظرة عامة' }).waitFor()
  await dashboard.getByRole('heading', { name: 'shop', exact: true }).waitFor()
  const { direction, background } = await dashboard.evaluate((element) => {
    const style = getComputedStyle(element)
    return { direction: style.direction, background: style.backgroundColor }
  })
  assert.equal(direction, 'rtl')
  assert.match(background, /^oklch\(0\.1/)
  await clean(page, 'Arabic, dark')
  if (shown !== undefined) await page.screenshot({ path: join(shown, 'react-ar-dark.png') })

  await page.getByRole('button', { name: 'orders' }).click()
  await page.getByRole('rowheader', { name: 'S-1041' }).waitFor()
  await page.getByRole('button', { name: 'orders' }).blur()
  assert.deepEqual(await looksOf(page), before)
  assert.deepEqual(said(), [])
})

test('what the key of the application may not do is greyed, and a part is as wide as its box and not as the window', async () => {
  const { key } = await api.call<{ key: string }>('POST', '/keys', {
    name: 'reads',
    role: 'read_only_admin',
    scopes: ['read'],
    expiresAt: null,
  })
  await using open = await openShop(key)
  const { page } = open
  await page.getByRole('button', { name: 'backups' }).click()
  await page.getByRole('tab', { name: 'Backups' }).click()
  const button = page.getByRole('button', { name: 'Back up now' }).first()
  await button.waitFor()
  assert.equal(await button.getAttribute('aria-disabled'), 'true')
  await page.getByRole('table', { name: 'Backups' }).waitFor()
  await page.addStyleTag({ content: '.part { max-width: 380px; max-height: 500px; overflow-y: auto !important }' }) // prettier-ignore
  const list = page.getByRole('list', { name: 'Backups' })
  await list.waitFor()
  // What is further down than the box that scrolls is drawn when it is gone to.
  assert.equal(await list.getByText('4 weeks ago').count(), 0)
  await page.locator('.part').first().evaluate((part) => part.scrollTo(0, part.scrollHeight)) // prettier-ignore
  await list.getByText('4 weeks ago').first().waitFor()
  const [inner, outer] = await page.locator('.part').first().evaluate((part) => [part.scrollWidth, part.clientWidth]) // prettier-ignore
  assert.equal(inner, outer)
})

test('where there is no browser, parts are rendered as what will be filled', async () => {
  const parts = (await import(pathToFileURL(join(root, 'build/react/react.js')).href)) as Record<string, () => null> // prettier-ignore
  const { HoldfastProvider = () => null, BackupDashboard = () => null } = parts
  const html = renderToString(createElement(HoldfastProvider as never, { api: '/holdfast' }, createElement(BackupDashboard))) // prettier-ignore
  assert.match(html, /^<div class="holdfast"><div class="hf-p-5 hf-phone:p-4"><div aria-hidden="true"/)
})
