import assert from 'node:assert/strict'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from '@playwright/test'
import pg from 'pg'
import { testBrowser } from '../support/chromium.ts'
import { consoleService, openPage, reader, second, watch } from '../support/console.ts'
import { newReceiver } from '../support/receiver.ts'

/* What people do in the console, against a real service and real backups. */

const [service, browser] = await Promise.all([consoleService(), testBrowser()])
const { url, key, shop, catalog } = service

const addressOf = (page: Page): string => page.url().slice(url.length)

test('with a key one gets in, to the page that was asked for; a wrong one is refused with what to do', async () => {
  await using open = await openPage(browser, service, { session: null })
  const { page } = open
  await page.goto(`${url}/jobs?status=failed`)
  await page.getByRole('button', { name: 'Use an API key instead' }).click()
  await page.getByLabel('API key').fill('hfk_wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('not_signed_in').waitFor()
  await page.getByLabel('API key').fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Jobs' }).waitFor()
  assert.equal(addressOf(page), '/jobs?status=failed')
  await page.reload()
  await page.getByRole('heading', { name: 'Jobs' }).waitFor()
  await page.getByRole('button', { name: 'first' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in to Holdfast' }).waitFor()
  assert.equal(await page.evaluate(() => sessionStorage.length), 0)
})

test('a backup is started, seen to its end, and opened; nothing is said in the console of the browser', async () => {
  await using open = await openPage(browser, service)
  const { page } = open
  const said = watch(page)
  await page.goto(`${url}/backups?source=shop`)
  await page.getByRole('button', { name: 'Back up now' }).first().click()
  await page.getByLabel('Name').fill('By hand')
  await page.getByRole('button', { name: 'Start the backup' }).click()
  await page.getByRole('link', { name: 'Open the backup' }).click()
  await page.getByRole('heading', { name: 'By hand' }).waitFor()
  assert.match(addressOf(page), /^\/backups\/\w+-\w+/)
  await page.reload()
  await page.getByRole('heading', { name: 'By hand' }).waitFor()
  assert.deepEqual(said(), [])
})

test('a job that runs shows it, and is cancelled', async () => {
  const blocker = new pg.Client({ connectionString: shop.url })
  await blocker.connect()
  try {
    await blocker.query('BEGIN; LOCK TABLE invoice')
    const { id } = await service.api.call<{ id: string }>('POST', '/backups', { source: 'shop' })
    await using open = await openPage(browser, service)
    const { page } = open
    await page.goto(`${url}/jobs/${id}`)
    await page.getByRole('progressbar').waitFor()
    await page.getByRole('button', { name: 'Cancel the job' }).click()
    await page.getByText('No backup comes of it.').waitFor()
    await page
      .getByRole('dialog', { name: 'Cancel this job?' })
      .getByRole('button', { name: 'Cancel the job' })
      .click()
    await page.getByRole('dialog').getByText('Cancelled').waitFor()
    assert.equal((await service.api.call<{ status: string }>('GET', `/jobs/${id}`)).status, 'cancelled')
  } finally {
    await blocker.end()
  }
})

test('the arrow keys go along the timeline, in the direction in which they point, and the address follows', async () => {
  const { items } = await service.api.call<{ items: { id: string }[] }>(
    'GET',
    '/backups?source=shop&limit=200',
  )
  const ids = items.map((one) => one.id)
  for (const [language, older] of [
    ['en', 'ArrowLeft'],
    ['ar', 'ArrowRight'],
  ] as const) {
    await using open = await openPage(browser, service, { language })
    const { page } = open
    await page.goto(`${url}/sources/shop`)
    const timeline = page.getByRole('dialog').getByRole('slider')
    await timeline.press('End')
    await page.waitForURL(`**?at=${ids[0]}`)
    await timeline.press(older)
    await page.waitForURL(`**?at=${ids[1]}`)
    assert.notEqual(await timeline.getAttribute('aria-valuetext'), null)
  }
})

test('what is destroyed is typed first', async () => {
  await using open = await openPage(browser, service)
  const { page } = open
  await page.goto(`${url}/sources/warehouse`)
  await page.getByRole('button', { name: 'Forget' }).click()
  const dialog = page.getByRole('dialog', { name: 'Forget warehouse?' })
  const forget = dialog.getByRole('button', { name: 'Forget' })
  assert.equal(await forget.getAttribute('aria-disabled'), 'true')
  await dialog.getByRole('textbox').fill('warehous')
  await dialog.getByRole('textbox').press('Enter')
  assert.equal(await forget.getAttribute('aria-disabled'), 'true')
  await dialog.getByRole('textbox').fill('warehouse')
  await forget.click()
  await page.waitForURL('**/sources')
  await page.getByText('warehouse was forgotten.', { exact: true }).waitFor()
  const { items } = await service.api.call<{ items: { name: string }[] }>('GET', '/sources')
  assert.deepEqual(items.map(({ name }) => name).sort(), ['crm', 'shop'])
})

test('a source is edited: its password is never shown, a wrong one is explained before it is saved, and another place is asked about', async () => {
  await using open = await openPage(browser, service)
  const { page } = open
  await page.goto(`${url}/sources/crm`)
  await page.getByRole('button', { name: 'Edit' }).click()
  const address = page.getByLabel('Address')
  const before = await address.inputValue()
  const password = page.getByLabel('New password')
  assert.equal(await password.inputValue(), '')
  const save = page.getByRole('button', { name: 'Save' })
  assert.equal(await save.getAttribute('aria-disabled'), 'true')
  await page.getByRole('button', { name: 'Test it' }).click()
  await page.getByText('It can be backed up.').waitFor()

  await address.fill(new URL('/elsewhere', before).href)
  await page.getByRole('radio', { name: 'Another database' }).click()
  await page.getByRole('link', { name: 'Add a source' }).waitFor()
  assert.equal(await save.getAttribute('aria-disabled'), 'true')

  const after = `${before}?connect_timeout=9`
  await address.fill(after)
  assert.equal(await page.getByRole('radio').count(), 0)
  await password.fill('wrong')
  await page.getByRole('button', { name: 'Test it' }).click()
  await page.getByText('It can not be backed up yet.').waitFor()
  await page.getByRole('alert').getByText('login_failed').waitFor()
  await password.fill(decodeURIComponent(new URL(shop.url).password))
  await page.getByRole('button', { name: 'Test it' }).click()
  await page.getByText('It can be backed up.').waitFor()
  await save.click()
  await page.getByText('crm was changed.', { exact: true }).waitFor()
  await page.waitForURL('**/sources/crm')
  assert.equal((await service.api.call<{ address: string }>('GET', '/sources/crm')).address, after)
})

test('a schedule is added from words, shows when it runs as the service counts it, and is switched off', async () => {
  await using open = await openPage(browser, service)
  const { page } = open
  await page.goto(`${url}/schedules/new?of=crm`)
  await page.getByLabel('Name').fill('crm-berlin')
  await page.getByLabel('Time zone').selectOption('Europe/Berlin')
  await page.getByLabel('At', { exact: true }).fill('03:15')
  await page.getByText('Every day at 03:15, CET').waitFor()
  await page.waitForFunction(() => {
    const times = [...document.querySelectorAll('ol time')]
    return times.length === 5 && times.every((one) => one.textContent === '03:15')
  })
  await page.getByLabel('When').selectOption('cron')
  await page.getByLabel('Expression of cron').last().fill('15 3 * * 1')
  await page.getByText('At 03:15, only on Monday, CET').waitFor()
  await page.getByRole('button', { name: 'Add the schedule' }).click()
  await page.waitForURL('**/schedules')
  const toggle = page.getByRole('switch', { name: 'Schedule crm-berlin is on' })
  await toggle.click()
  await page.locator('[role=switch][aria-checked=false][aria-label*=crm-berlin]').waitFor()
  const { rule, zone, enabled } = await service.api.call<Record<string, unknown>>(
    'GET',
    '/schedules/crm-berlin',
  )
  assert.deepEqual(
    { rule, zone, enabled },
    { rule: { cron: '15 3 * * 1' }, zone: 'Europe/Berlin', enabled: false },
  )
})

test('a schedule is changed, which shows at once, and run now: its backup comes', async () => {
  await using open = await openPage(browser, service)
  const { page } = open
  await page.goto(`${url}/schedules/shop-every-night`)
  const sheet = page.getByRole('dialog', { name: 'shop-every-night' })
  await sheet.getByLabel('When').selectOption('week')
  await sheet.getByRole('checkbox', { name: 'Wednesday' }).click()
  await sheet.getByLabel('At', { exact: true }).fill('04:45')
  // What its rules would do to the backups that there are, by day and with the reason.
  await sheet.getByRole('button', { name: 'See what would stay' }).click()
  await sheet
    .getByRole('button', { name: /: \d+ backups? stays?/ })
    .first()
    .click()
  await sheet.getByText('the newest of its source').waitFor()
  await sheet.getByRole('button', { name: 'Save' }).click()
  await page.waitForURL('**/schedules')
  await page.getByText('Every Sunday and Wednesday at 04:45').waitFor()
  await page.getByRole('button', { name: 'More for shop-every-night' }).click()
  await page.getByRole('menuitem', { name: 'Run now' }).click()
  await page.getByRole('link', { name: 'Open the backup' }).click()
  await page.getByRole('heading', { name: 'Backup of' }).waitFor()
  const { items } = await service.api.call<{ items: { id: string }[] }>('GET', '/backups?source=shop&limit=2')
  assert.equal(addressOf(page), `/backups/${items[0]?.id}`)
  await page.goto(`${url}/backups/${items[0]?.id}?source=shop&with=${items[1]?.id}`)
  await page.getByText('9 tables have as many rows as before.').waitFor()
})

test('modules have the rows of this moment beside those of the newest backup; of a database that is away the latter stay', async () => {
  const settings = { modules: { crm: { tables: ['lead'] } } }
  await service.api.call('PATCH', '/sources/crm', { settings })
  const { address } = await service.api.call<{ address: string }>('GET', '/sources/crm')
  await using open = await openPage(browser, service)
  const { page } = open
  const crm = new pg.Client({ connectionString: new URL(new URL(address).pathname, shop.url).href })
  await crm.connect()
  await crm.query('DELETE FROM lead WHERE id > 3990')
  await crm.end()
  await page.goto(`${url}/sources/crm`)
  await page.getByText('3,990 now').waitFor()
  await page.getByText('4,000 in the newest backup').waitFor()
  const away = new URL(address)
  away.port = '1'
  await service.api.call('PATCH', '/sources/crm', { address: away.href, moved: true })
  await page.reload()
  await page.getByText('The database could not be asked just now').waitFor()
  await page.getByText('4,000 in the newest backup').waitFor()
})

test('a watcher outside is added where a source is, gets a test, and stands with the schedule that it follows', async () => {
  const watcher = await newReceiver()
  await using open = await openPage(browser, service)
  const { page } = open
  await page.goto(`${url}/sources/crm`)
  await page.getByRole('button', { name: 'Add a ping' }).click()
  await page.getByLabel('URL when it has worked').fill(`${watcher.url}/ok`)
  await page.getByLabel('URL when it has failed').fill(`${watcher.url}/ok/fail`)
  await page.getByLabel('In which network').selectOption('private')
  await page.getByLabel('What it follows').selectOption('schedule crm-every-hour')
  await page.getByRole('button', { name: 'Add a destination' }).last().click()
  await page.waitForURL('**/sources/crm')
  const sheet = page.getByRole('dialog')
  await sheet.getByText('Schedule crm-every-hour').waitFor()
  await sheet.getByRole('button', { name: 'Send a test' }).click()
  await page.getByText('crm-ping took the test message.', { exact: true }).waitFor()
  assert.deepEqual(
    watcher.requests.map(({ path }) => path),
    ['/ok'],
  )
  watcher.answer(404)
  await page.goto(`${url}/schedules/crm-every-hour`)
  await sheet.getByRole('button', { name: 'Send a test' }).click()
  await sheet.getByRole('alert').getByText('destination_failed').waitFor()
  await sheet.getByRole('link', { name: 'crm-ping' }).click()
  await page.waitForURL('**/destinations/crm-ping')
  await sheet.getByText('Schedule crm-every-hour').waitFor()
  await page.goto(`${url}/sources/shop`)
  await sheet.getByText('If this service itself falls silent').waitFor()
})

test('a drill that passes says what it compared; after a chunk was damaged, one that fails says so, and the backup with it', async () => {
  const { items: places } = await service.api.call<{ items: { address: string }[] }>('GET', '/repositories')
  const chunks = join(places[0]?.address ?? '', 'chunks')
  const files = async () => (await readdir(chunks, { recursive: true })).filter((name) => name.length > 60)
  const before = await files()
  await shop.query('UPDATE invoice SET total = total + 0.01')
  const { id: job } = await service.api.call<{ id: string }>('POST', '/backups', { source: 'shop' })
  const { result } = await service.api.until(job, ({ status }) => status === 'completed')
  await using open = await openPage(browser, service)
  const { page } = open
  const drill = async (): Promise<void> => {
    await page.goto(`${url}/backups/${result?.backup.id}?source=shop`)
    await page.getByRole('button', { name: 'Prove it by a drill' }).click()
    await page.waitForURL('**/jobs/*')
  }
  await drill()
  await page.getByText('Passed').waitFor()
  await page.getByText(/^[\d,]+ rows in 9 tables restored and compared in/).waitFor()
  await page.getByRole('cell', { name: 'public.invoice', exact: true }).waitFor()

  // One that only this backup needs.
  const own = (await files()).find((name) => !before.includes(name)) ?? ''
  const bytes = await readFile(join(chunks, own))
  const middle = bytes.length >> 1
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle)
  await chmod(join(chunks, own), 0o600)
  await writeFile(join(chunks, own), bytes)
  await drill()
  await page.getByRole('dialog').getByText('Failed', { exact: true }).waitFor()
  await page.getByRole('alert').getByText('Do not rely on this backup').waitFor()
  assert.equal(await page.getByText('Passed').count(), 0)
  await page.goto(`${url}/backups/${result?.backup.id}?source=shop`)
  await page.getByRole('dialog').getByText('Drill failed').waitFor()
})

test('what a role may not do is greyed, with the reason, and stays in reach of the keyboard', async () => {
  await using open = await openPage(browser, service, { session: reader })
  const { page } = open
  await page.goto(`${url}/backups`)
  const button = page.getByRole('button', { name: 'Back up now' })
  assert.equal(await button.getAttribute('aria-disabled'), 'true')
  await button.focus()
  await page.getByRole('tooltip').getByText('Your role, reader, may not do this.').waitFor()
  await button.press('Enter')
  assert.equal(addressOf(page), '/backups')
})

test('the palette goes to a page by a few letters, and language and theme follow the account to another browser', async () => {
  await using open = await openPage(browser, service, { session: second })
  const { page } = open
  await page.goto(url)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('sched')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Schedules' }).waitFor()
  await page.getByRole('button', { name: 'Amina Saleh' }).click()
  await page.getByRole('menuitemradio', { name: 'Dark' }).click()
  await page.getByRole('button', { name: 'Amina Saleh' }).click()
  await page.getByRole('menuitemradio', { name: 'العربية' }).click()
  await page.getByRole('heading', { name: 'المواعيد' }).waitFor()
  await page.waitForFunction(async () => {
    const me = await fetch('/api/v1/session')
    return /"language":"ar","theme":"dark"/.test(await me.text())
  })
  await using other = await openPage(browser, service, { session: second })
  for (const one of [page, other.page]) {
    await one.goto(`${url}/schedules`)
    await one.getByRole('heading', { name: 'المواعيد' }).waitFor()
    const wishes = await one.evaluate(() => {
      const root = document.documentElement
      return { lang: root.lang, dir: root.dir, theme: root.dataset['theme'] }
    })
    assert.deepEqual(wishes, { lang: 'ar', dir: 'rtl', theme: 'dark' })
  }
})

test('the first load is small, and ten thousand jobs are a few dozen rows at a time', async () => {
  await catalog.query(`INSERT INTO holdfast.jobs (kind, about, status, requested_by, created_at, started_at, ended_at)
    SELECT 'check', 'main', 'completed', 'schedule:many', now() - n * interval '1 minute', now() - n * interval '1 minute', now() - n * interval '50 seconds'
    FROM generate_series(1, 10000) AS n`)
  await using open = await openPage(browser, service)
  const { page } = open
  await page.goto(url)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  const bytes = await page.evaluate(() =>
    [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]
      .filter(({ name }) => !name.includes('/api/'))
      .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).encodedBodySize, 0),
  )
  assert.ok(bytes > 50_000 && bytes < 250_000, `${bytes} bytes`)
  await page.goto(`${url}/jobs?kind=check&sort=-duration`)
  // To sort, all of them are read.
  await page.waitForFunction(() => document.querySelector('table')?.getAttribute('aria-rowcount') === '10001')
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight / 2))
  await page.waitForFunction(
    () => Number(document.querySelector('tbody tr[aria-rowindex]')?.getAttribute('aria-rowindex')) > 4000,
  )
  assert.ok((await page.locator('tbody tr').count()) < 80)
})
