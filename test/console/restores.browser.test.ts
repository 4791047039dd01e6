import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import type { Page } from '@playwright/test'
import { testBrowser } from '../support/chromium.ts'
import { consoleService, openPage, reader, watch } from '../support/console.ts'
import { besideUrl, requireSame, stateOf } from '../support/journey.ts'
import { testServer } from '../support/postgres.ts'
import { unzip } from '../support/unzip.ts'
import { addressOf } from '../support/address.ts'
import { connectWire } from '../../src/postgres/connect.ts'

/* What was lost comes back through the console, and goes again: against a real service, real backups and real databases. */

const [service, browser, server] = await Promise.all([consoleService(), testBrowser(), testServer(17)])
const { url, shop } = service

/** What is looked at is in an address of its own. */
const looked = /\/restores\/[0-9a-f]{8}-[0-9a-f-]+$/

async function countOf(condition: string): Promise<unknown> {
  return (await shop.query(`SELECT count(*)::int AS n FROM invoice WHERE ${condition}`))[0]?.['n']
}

const next = (page: Page): Promise<void> => page.getByRole('button', { name: 'Next' }).click()

test('a deleted order comes back in place with its lines, as it was shown, and undoing takes it away again', async () => {
  const whole = await stateOf(shop.url)
  await shop.query('DELETE FROM invoice WHERE invoice_id = 7')
  const damaged = await stateOf(shop.url)
  await using open = await openPage(browser, service)
  const { page } = open
  const said = watch(page)
  await page.goto(`${url}/restores/new?source=shop`)
  await next(page)
  await page.getByRole('radio', { name: 'Tables One or several.' }).click()
  await page.getByRole('checkbox', { name: 'public.invoice', exact: true }).click()
  await page.getByRole('checkbox', { name: 'public.invoice_line' }).click()
  await next(page)
  // The safe way is first, and chosen until another is.
  const places = page.getByRole('radiogroup', { name: 'Where' }).getByRole('radio')
  assert.equal(await places.first().getAttribute('aria-checked'), 'true')
  await places.nth(1).click()
  // What was chosen is in the address: a reload loses nothing.
  await page.reload()
  assert.equal(await places.nth(1).getAttribute('aria-checked'), 'true')
  await page.getByRole('button', { name: 'Look first' }).click()

  await page.getByRole('heading', { name: 'Do it' }).waitFor()
  assert.match(page.url(), looked)
  const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'public.invoice', exact: true }) }) // prettier-ignore
  assert.match((await row.textContent()) ?? '', /\+ 1/)
  await page.getByRole('heading', { name: '1 row comes back' }).first().waitFor()
  requireSame(await stateOf(shop.url), damaged, 'only looked at')
  // Left and come back to.
  const address = page.url()
  await page.goto(`${url}/restores`)
  await page.getByText('Waits for you', { exact: true }).waitFor()
  await page.goto(address)

  const restore = page.getByRole('button', { name: 'Restore', exact: true })
  assert.equal(await restore.getAttribute('aria-disabled'), 'true')
  await page.getByRole('textbox').fill(`${shop.name}x`)
  await page.getByRole('textbox').press('Enter')
  assert.equal(await countOf('invoice_id = 7'), 0)
  await page.getByRole('textbox').fill(shop.name)
  await restore.click()
  await page.getByText('Restored', { exact: true }).waitFor()
  requireSame(await stateOf(shop.url), whole, 'restored')
  // What the engine says of it is said in the reader's language.
  await using arabic = await openPage(browser, service, { language: 'ar' })
  await arabic.page.goto(page.url())
  await arabic.page.getByText('قورنت بالخطة صفًّا صفًّا: متطابقة').waitFor()

  await page.getByRole('button', { name: 'Undo, look first' }).click()
  await page.getByRole('heading', { name: 'Undo it' }).waitFor()
  assert.notEqual(page.url(), address)
  assert.equal(await countOf('invoice_id = 7'), 1, 'only looked at')
  await page.getByRole('textbox').fill(shop.name)
  await page.getByRole('button', { name: 'Undo', exact: true }).click()
  await page.getByText('Undone', { exact: true }).waitFor()
  requireSame(await stateOf(shop.url), damaged, 'undone')
  assert.deepEqual(said(), [])
})

test('cells that change show both values, and what changed since the look is not overwritten', async () => {
  await shop.query('UPDATE invoice SET total = 99.99 WHERE invoice_id = 20')
  await using open = await openPage(browser, service)
  const { page } = open
  const where = encodeURIComponent('invoice_id = 20')
  await page.goto(
    `${url}/restores/new?source=shop&step=where&scope=rows&names=public.invoice&where=${where}&changed=yes`,
  )
  await page.getByRole('button', { name: 'Look first' }).click()
  await page.locator('del', { hasText: '99.99' }).waitFor()
  assert.equal(await page.locator('ins').textContent(), '6.60')
  await shop.query('UPDATE invoice SET total = 77.77 WHERE invoice_id = 20')
  await page.getByRole('textbox').fill(shop.name)
  await page.getByRole('button', { name: 'Restore', exact: true }).click()
  await page.getByText('Changed meanwhile').waitFor()
  assert.equal(await countOf('total = 77.77'), 1)
  await page.getByRole('button', { name: 'Look again' }).click()
  await page.locator('del', { hasText: '77.77' }).waitFor()
  await page.getByRole('button', { name: 'Leave it' }).click()
  await page.getByText('It was stopped before anything was changed.').waitFor()
})

test('a restore into a new database touches nothing that is there', async (t) => {
  const name = `${shop.name}_restored`
  t.after(() => server.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`))
  const before = await stateOf(shop.url)
  await using open = await openPage(browser, service)
  const { page } = open
  await page.goto(`${url}/restores/new?source=shop&step=where`)
  assert.equal(await page.getByLabel('Name of the new database').inputValue(), name)
  await page.getByLabel('Password').fill(server.password)
  await page.getByRole('button', { name: 'Look first' }).click()
  await page.getByText('Nothing that is there is touched.').waitFor()
  await page.getByRole('button', { name: `Restore into ${name}` }).click()
  await page.getByText('Restored', { exact: true }).waitFor()
  assert.match(page.url(), looked)
  requireSame(await stateOf(shop.url), before, 'the database in use')
  const tables = await stateOf(besideUrl(shop.url, name))
  assert.equal(Object.keys(tables).length > 0, true)
})

test('who may only read sees restores, and is told why none can be begun', async () => {
  await using open = await openPage(browser, service, { session: reader })
  const { page } = open
  await page.goto(`${url}/restores`)
  await page
    .getByRole('link')
    .filter({ has: page.locator('time') })
    .first()
    .waitFor()
  const button = page.getByRole('button', { name: 'Restore', exact: true })
  assert.equal(await button.getAttribute('aria-disabled'), 'true')
})

test('a backup shows its tables, is pinned with a reason, and is removed after its id was typed', async () => {
  const { id: job } = await service.api.call<{ id: string }>('POST', '/backups', { source: 'shop', name: 'To be removed' }) // prettier-ignore
  const { result } = await service.api.until(job, ({ status }) => status === 'completed')
  const id = result?.backup.id ?? ''
  await using open = await openPage(browser, service)
  const { page } = open
  await page.goto(`${url}/backups/${id}?source=shop`)
  await page.getByRole('cell', { name: 'public.playlist_track' }).waitFor()
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Pin it' }).click()
  await page.getByLabel('Why').fill('end of the year')
  await page.getByRole('button', { name: 'Pin it' }).click()
  await page.waitForURL('**/jobs/*')
  await page.getByRole('dialog').getByText('Completed').waitFor()
  await page.goto(`${url}/backups/${id}?source=shop`)
  await page.getByText('end of the year').waitFor()
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Unpin it' }).click()
  await page.getByRole('dialog', { name: 'Unpin this backup?' }).getByRole('textbox').fill(id)
  await page.getByRole('button', { name: 'Unpin it' }).click()
  await page.waitForURL('**/jobs/*')
  await page.getByRole('dialog').getByText('Completed').waitFor()

  await page.goto(`${url}/backups/${id}?source=shop`)
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Remove it' }).click()
  const dialog = page.getByRole('dialog', { name: 'Remove this backup?' })
  await dialog.getByText('It is the newest of its source').waitFor()
  await dialog.getByRole('checkbox').click()
  await dialog.getByRole('textbox').fill(id)
  await dialog.getByRole('button', { name: 'Remove it' }).click()
  await page.waitForURL('**/jobs/*')
  await page.getByRole('dialog').getByText('Completed').waitFor()
  const { items } = await service.api.call<{ items: { id: string }[] }>('GET', '/backups?source=shop')
  assert.equal(items.some((one) => one.id === id), false) // prettier-ignore
})

test('a backup is downloaded in every format, and each is whole; lost, it is uploaded from its file and restored from', async (t) => {
  const before = await stateOf(shop.url)
  const { id: job } = await service.api.call<{ id: string }>('POST', '/backups', { source: 'shop', name: 'To be lost' }) // prettier-ignore
  const { result } = await service.api.until(job, ({ status }) => status === 'completed')
  const id = result?.backup.id ?? ''
  await using open = await openPage(browser, service)
  const { page } = open
  const said = watch(page)
  await page.goto(`${url}/backups/${id}?source=shop`)
  const download = async (item: string, ending: string): Promise<Buffer> => {
    const begun = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download' }).click()
    await page.getByRole('menuitem', { name: item }).click()
    const one = await begun
    assert.equal(one.suggestedFilename(), `holdfast-${id}.${ending}`)
    return await readFile(await one.path())
  }
  const archive = await download('Sealed, as it is stored', 'holdfast')
  const made = await server.database()
  await runScript(made.url, await download('In clear: one SQL script', 'sql'))
  requireSame(await stateOf(made.url), before, 'what the script makes')
  const rows = Number((await shop.query('SELECT count(*) AS n FROM invoice'))[0]?.['n'])
  const fileOf = (zip: Buffer, name: string): string =>
    unzip(zip)
      .find((one) => one.name === name)
      ?.bytes.toString() ?? ''
  const csv = fileOf(await download('In clear: a CSV file per table', 'zip'), 'public.invoice.csv')
  assert.equal(csv.trim().split('\n').length, 1 + rows)
  const json = fileOf(await download('In clear: a JSON file per table', 'zip'), 'public.invoice.json')
  assert.equal((JSON.parse(json) as unknown[]).length, rows)
  const folder = await download('In clear: a folder that psql restores', 'zip')
  assert.match(fileOf(folder, 'restore.sh'), /^#!/)
  assert.equal(fileOf(folder, 'data/public.invoice.csv').trim().split('\n').length, 1 + rows)

  const removal = { confirm: id, evenLast: true }
  const gone = await service.api.call<{ id: string }>('DELETE', `/backups/${id}`, removal)
  await service.api.until(gone.id, ({ status }) => status === 'completed')
  await shop.query('UPDATE invoice SET total = 0')

  const { promise: held, resolve: letGo } = Promise.withResolvers<undefined>()
  await page.route('**/api/v1/uploads?*', async (route) => {
    await held
    await route.continue()
  })
  await page.goto(`${url}/storage`)
  await page.getByRole('button', { name: 'Upload a backup' }).click()
  await page.getByLabel('Choose a file').setInputFiles({ name: `holdfast-${id}.holdfast`, mimeType: '', buffer: archive }) // prettier-ignore
  const name = `upload-${id.slice(0, 8)}`
  assert.equal(await page.getByLabel('Name').inputValue(), name)
  await page.getByRole('button', { name: 'Send it' }).click()
  // Left and found again, on its way.
  await page.getByRole('button', { name: 'Stop' }).waitFor()
  await page.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('link', { name: 'Jobs', exact: true }).click()
  await page.getByRole('heading', { name: 'Jobs' }).waitFor()
  await page.getByRole('link', { name: 'Storage', exact: true }).click()
  await page.getByRole('heading', { name, exact: true }).waitFor()
  await page.getByRole('progressbar').waitFor()
  letGo(undefined)
  await page.getByText(`${name} was uploaded.`, { exact: true }).waitFor()
  await page.getByRole('link', { name }).click()

  const upload = page.getByRole('dialog', { name })
  await upload.getByText('To be lost').waitFor()
  await upload.getByRole('button', { name: 'Restore from it' }).click()
  await page.getByText('From the uploaded file').waitFor()
  await next(page)
  await next(page)
  const copy = `${shop.name}_uploaded`
  t.after(() => server.query(`DROP DATABASE IF EXISTS "${copy}" WITH (FORCE)`))
  const { host, username } = new URL(shop.url)
  for (const [label, value] of [
    ['Name of the new database', copy],
    ['Server', host],
    ['Role', username],
    ['Password', server.password],
    ['Identity', service.identity],
  ] as const)
    await page.getByLabel(label).fill(value)
  assert.doesNotMatch(page.url(), /AGE/)
  await page.getByRole('button', { name: 'Look first' }).click()
  await page.getByRole('button', { name: `Restore into ${copy}` }).click()
  await page.getByText('Restored', { exact: true }).waitFor()
  requireSame(await stateOf(besideUrl(shop.url, copy)), before, 'restored from the upload')

  // Kept with its identity, its tables are seen; brought into storage of its owner, its source is restored from it.
  await page.goto(`${url}/storage/${name}`)
  await upload.getByLabel('Identity').fill(service.identity)
  await upload.getByRole('button', { name: 'Keep the identity' }).click()
  await page.getByText('The identity is kept, sealed.', { exact: true }).waitFor()
  await upload.getByRole('link').first().click()
  await page.getByRole('cell', { name: 'public.playlist_track' }).waitFor()
  await page.goBack()
  await upload.getByRole('button', { name: 'Bring it into main' }).click()
  await upload.getByRole('button', { name: 'Restore from there' }).click()
  await page.waitForURL(`**/restores/new?*backup=${id}*`)
  assert.deepEqual(said(), [])
})

test('nothing of a backup is given in clear where the service does not hold the identity, and what to do is said', async () => {
  const backups = await service.api.call<{ items: { id: string }[] }>('GET', '/backups?source=shop&limit=1')
  await service.catalog.query('UPDATE holdfast.repositories SET secrets = NULL')
  await using open = await openPage(browser, service)
  const { page } = open
  await page.goto(`${url}/backups/${backups.items[0]?.id}?source=shop`)
  await page.getByRole('button', { name: 'Download' }).click()
  await page.getByRole('menuitem', { name: 'In clear: one SQL script' }).click()
  await page
    .getByRole('dialog', { name: 'It can not be downloaded' })
    .getByText('identity_not_held')
    .waitFor()
})

test('a database is tested before it is added, and what is wrong has its cause', async () => {
  await using open = await openPage(browser, service)
  const { page } = open
  await page.goto(`${url}/sources/new`)
  const address = new URL(shop.url)
  address.password = ''
  await page.getByLabel('Address').fill(address.href)
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Test it' }).click()
  await page.getByText('It can not be backed up yet.').waitFor()
  await page.getByRole('alert').getByText('login_failed').waitFor()
  await page.getByLabel('Password').fill(server.password)
  await page.getByRole('button', { name: 'Test it' }).click()
  await page.getByText('It can be backed up.').waitFor()
})

/** Runs a script as psql does, whose COPY has its rows in the lines that follow. */
async function runScript(target: string, script: Buffer): Promise<void> {
  const wire = await connectWire({ address: addressOf(target) })
  try {
    const text = script.toString().replace(":'ON_ERROR_STOP'", "'1'")
    // Statements, a COPY, its rows, and so on.
    const parts = text.split(/^(COPY .* FROM STDIN .*;)\n((?:.*\n)*?)\\\.\n/m)
    for (let i = 0; i < parts.length; i += 3) {
      await wire.query(parts[i] ?? '')
      const [copy, lines] = [parts[i + 1], parts[i + 2]]
      if (copy !== undefined) await wire.copyIn(copy, Readable.from([Buffer.from(lines ?? '')]))
    }
  } finally {
    await wire.close()
  }
}
