import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testBrowser } from '../support/chromium.ts'
import { consoleCatalog, openPage, password, second, watch } from '../support/console.ts'
import { appCode } from '../support/people.ts'

/* Who comes in, what a second person has a say in, and what is told by itself. */

const [service, browser] = await Promise.all([consoleCatalog(), testBrowser()])
const { url, api, catalog } = service

test('somebody who is invited comes in by the link, switches codes on, and signs in with a code', async () => {
  await using administrator = await openPage(browser, service)
  const said = watch(administrator.page)
  const { page } = administrator
  await page.goto(`${url}/people/new`)
  await page.getByLabel('Name').fill('Omar Nasser')
  await page.getByLabel('E-mail').fill('omar@example.com')
  await page.getByRole('button', { name: 'Make the link' }).click()
  const link = await page.getByRole('status', { name: 'Link' }).textContent()
  assert.match(link ?? '', new RegExp(`^${url}/invitation#`))

  await using invited = await openPage(browser, service, { session: null })
  const own = invited.page
  await own.goto(link ?? '')
  await own.getByLabel('New password').fill('short')
  await own.getByText('7 more characters').waitFor()
  await own.getByLabel('New password').fill(password)
  await own.getByRole('button', { name: 'Open the account' }).click()
  await own.getByRole('heading', { name: 'Overview' }).waitFor()

  await own.goto(`${url}/account`)
  await own.getByRole('button', { name: 'Switch on' }).click()
  await own.getByLabel('Current password').first().fill(password)
  await own.getByRole('button', { name: 'Continue' }).click()
  await own.getByRole('img', { name: 'Picture for the app' }).waitFor()
  const secret = (await own.locator('form bdi').first().textContent()) ?? ''
  const { now } = await api.call<{ now: string }>('GET', '/system')
  await own.getByLabel('The first code it shows').fill(appCode(secret, new Date(now)))
  await own.getByRole('button', { name: 'Switch on' }).click()
  const codes = await own.getByRole('status', { name: 'Recovery codes' }).textContent()
  const [recovery = ''] = (codes ?? '').split('\n')

  await own.getByRole('button', { name: 'Omar Nasser' }).click()
  await own.getByRole('menuitem', { name: 'Sign out' }).click()
  await own.getByLabel('E-mail').fill('omar@example.com')
  await own.getByLabel('Password').fill(password)
  await own.getByRole('button', { name: 'Sign in' }).click()
  await own.getByRole('heading', { name: 'One more step' }).waitFor()
  await own.getByLabel('Code').fill('000000')
  await own.getByRole('button', { name: 'Sign in' }).click()
  await own.getByRole('alert').waitFor()
  await own.getByLabel('Code').fill(recovery)
  await own.getByRole('button', { name: 'Sign in' }).click()
  await own.getByRole('button', { name: 'Omar Nasser' }).waitFor()
  assert.deepEqual(said(), [])
})

test('what destroys asks for a sign-in that is recent, and waits for a second person', async () => {
  await using first = await openPage(browser, service)
  await using other = await openPage(browser, service, { session: second })
  const { page } = first
  await api.call('PATCH', '/settings', { approvals: true })
  await page.goto(`${url}/storage/spare`)
  await catalog.query(`UPDATE holdfast.sessions SET recent_at = now() - interval '1 hour'`)
  await page.getByRole('button', { name: 'Forget' }).click()
  const dialog = page.getByRole('dialog', { name: 'Forget spare?' })
  await dialog.getByLabel('To go on, type').fill('spare')
  await dialog.getByLabel('Reason').fill('It was moved')
  await dialog.getByRole('button', { name: 'Forget' }).click()
  const again = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await again.getByLabel('Password').fill(password)
  await again.getByRole('button', { name: 'Confirm', exact: true }).click()
  await dialog.getByText('A second person has to agree').waitFor()

  await other.page.goto(`${url}/approvals`)
  await other.page.getByText('It was moved').waitFor()
  await other.page.getByRole('heading', { name: 'Forget the repository spare' }).waitFor()
  await other.page.getByRole('button', { name: 'Agree' }).click()
  await dialog.getByText('A second person has agreed.').waitFor()
  const before = await api.call<{ items: unknown[] }>('GET', '/repositories')
  assert.equal(before.items.length, 1)
  await dialog.getByRole('button', { name: 'Forget' }).click()
  await page.waitForURL('**/storage')
  const after = await api.call<{ items: unknown[] }>('GET', '/repositories')
  assert.equal(after.items.length, 0)
})

test('an alarm appears by itself, is counted until it was seen, and is closed', async () => {
  await using open = await openPage(browser, service)
  const { page } = open
  const { id } = await api.call<{ id: string }>('POST', '/repositories', { name: 'kept', address: '/kept' })
  let asked = 0
  page.on('request', (request) => {
    if (request.url().includes('/api/v1/alarms?')) asked++
  })
  await page.goto(`${url}/alarms`)
  await page.getByRole('heading', { name: 'Alarms', exact: true }).waitFor()
  await page.waitForFunction(() => document.querySelector('aside [role=status]') === null)
  await catalog.query(`INSERT INTO holdfast.alarms (event, severity, subject, repository_id, about, text, raised_at, last_at)
    VALUES ('damage_found', 'critical', 'repository:${id}', '${id}', 'kept', 'A check found 3 chunks that are damaged.', now(), now())`)
  const failed = page.getByRole('link', { name: 'Damage found' })
  await failed.waitFor()
  const count = page.locator('nav a[href^="/alarms"]').getByText(/\d/)
  const before = await count.textContent()
  await failed.click()
  assert.ok(asked < 10, `${asked} requests`)
  await page.getByText('A check found 3 chunks that are damaged.').waitFor()
  await page.waitForFunction(
    (text) => ![...document.querySelectorAll('nav span')].some((one) => one.textContent === text),
    before,
  )
  await page.getByLabel('Why').fill('The server was moved')
  await page.getByRole('button', { name: 'Close the alarm' }).click()
  await page.getByText('Closed by').waitFor()
})
