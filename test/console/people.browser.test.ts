import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testBrowser } from '../support/chromium.ts'
import { consoleCatalog, openPage, password, second, watch } from '../support/console.ts'
import { appCode } from '../support/people.ts'
import { newMailServer, newReceiver } from '../support/receiver.ts'

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
  // Turning it off by the API would take a second person again.
  await catalog.query(`UPDATE holdfast.settings SET value = 'false' WHERE name = 'approvals'`)
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
  await count.waitFor()
  await failed.click()
  assert.ok(asked < 10, `${asked} requests`)
  await page.getByText('A check found 3 chunks that are damaged.').waitFor()
  // Others may come meanwhile, of storage that is not there: the number says nothing of this one.
  await page.getByRole('row').filter({ hasText: 'Damage found' }).locator('.font-semibold').waitFor({ state: 'detached' }) // prettier-ignore
  await page.getByLabel('Why').fill('The server was moved')
  await page.getByRole('button', { name: 'Close the alarm' }).click()
  await page.getByText('Closed by').waitFor()
})

test('a chat, a webhook and a mailbox are added, each takes a test, what one hears is changed, and one is removed', async () => {
  const [chat, hook, mail] = await Promise.all([newReceiver(), newReceiver(), newMailServer()])
  await using open = await openPage(browser, service)
  const { page } = open
  const said = watch(page)
  const add = async (name: string, kind: string, fields: Readonly<Record<string, string>>): Promise<void> => {
    await page.goto(`${url}/destinations/new`)
    await page.getByLabel('Name').fill(name)
    await page.getByLabel('Kind', { exact: true }).selectOption(kind)
    for (const [label, value] of Object.entries(fields))
      await page.getByLabel(label, { exact: true }).fill(value)
    await page.getByLabel('In which network').selectOption('private')
    if (kind === 'email') await page.getByLabel('Encryption').selectOption('none')
    await page.getByRole('button', { name: 'Add a destination' }).last().click()
    if (kind === 'webhook') await page.getByRole('status', { name: 'Key of the webhook' }).waitFor()
    else await page.waitForURL('**/destinations')
  }
  await add('chat', 'slack', { URL: `${chat.url}/hook` })
  await add('hook', 'webhook', { URL: `${hook.url}/hook` })
  await add('mailbox', 'email', { 'To, with commas between several': 'team@example.com', From: 'holdfast@example.com', 'Server of mail': '127.0.0.1', Port: String(mail.port) }) // prettier-ignore
  for (const name of ['chat', 'hook', 'mailbox']) {
    const card = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) })
    await card.getByRole('button', { name: 'Send a test' }).click()
    await page.getByText(`${name} took the test message.`, { exact: true }).waitFor()
  }
  assert.match(chat.requests[0]?.body ?? '', /"text"/)
  assert.match(String(hook.requests[0]?.headers['holdfast-signature']), /\w{40,}/)
  assert.deepEqual(mail.mails[0]?.to, ['team@example.com'])

  await page.getByRole('link', { name: 'chat', exact: true }).click()
  const sheet = page.getByRole('dialog', { name: 'chat' })
  await sheet.getByRole('button', { name: 'Change' }).click()
  await sheet.getByLabel('How serious at least').selectOption('error')
  await sheet.getByLabel('When').selectOption('daily')
  await sheet.getByLabel('At', { exact: true }).selectOption('7')
  await sheet.getByRole('checkbox', { name: 'All kinds of alarms' }).click()
  await sheet.getByRole('checkbox', { name: 'Backup is late' }).click()
  await sheet.getByRole('button', { name: 'Save' }).click()
  await sheet.getByText('A summary each day, from: Error').waitFor()
  const heard = () => api.call<{ items: Record<string, unknown>[] }>('GET', '/subscriptions?destination=chat')
  const [first] = (await heard()).items
  assert.deepEqual([first?.['minSeverity'], first?.['mode'], first?.['hour']], ['error', 'daily', 7])
  assert.match(String(first?.['events']), /backup_failed/)
  assert.doesNotMatch(String(first?.['events']), /backup_late/)
  await sheet.getByRole('button', { name: 'Let it hear more' }).click()
  await sheet.getByLabel('How serious at least').selectOption('critical')
  await sheet.getByRole('button', { name: 'Let it hear more' }).click()
  await sheet.getByText('At once, from: Critical').waitFor()
  assert.equal((await heard()).items.length, 2)

  await page.goto(`${url}/destinations`)
  const card = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'hook', exact: true }) }) // prettier-ignore
  await card.getByRole('button', { name: 'Remove' }).click()
  const dialog = page.getByRole('dialog', { name: 'Remove hook?' })
  await dialog.getByRole('textbox').first().fill('hook')
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await card.waitFor({ state: 'detached' })
  assert.deepEqual(said(), [])
})

test('alarms are all marked as seen at once', async () => {
  await using open = await openPage(browser, service)
  const { page } = open
  const { id } = await api.call<{ id: string }>('POST', '/repositories', { name: 'seen', address: '/seen' })
  await catalog.query(`INSERT INTO holdfast.alarms (event, severity, subject, repository_id, about, text, raised_at, last_at)
    SELECT 'storage_filling', 'warning', 'repository:${id}:' || n, '${id}', 'seen', 'It fills.', now(), now() FROM generate_series(1, 3) n`)
  await page.goto(`${url}/alarms`)
  const unseen = page.locator('tbody .font-semibold').filter({ hasText: 'Storage is nearly full' })
  await unseen.nth(2).waitFor()
  await page.getByRole('button', { name: 'Mark all as seen' }).click()
  await unseen.first().waitFor({ state: 'detached' })
  const { items } = await api.call<{ items: unknown[] }>('GET', '/alarms?open=true&event=storage_filling')
  assert.equal(items.length, 3)
})

test('a provider is added, its button is on the sign-in page while it is on, and it is removed', async () => {
  await using open = await openPage(browser, service)
  await using nobody = await openPage(browser, service, { session: null })
  const { page } = open
  await page.goto(`${url}/providers/new`)
  for (const [label, value] of [
    ['Name', 'company'],
    ['Issuer', 'https://login.example.com'],
    ['Audience', 'holdfast'],
    ['Address of its keys', 'https://login.example.com/keys'],
    ['Client id', 'holdfast'],
  ] as const)
    await page.getByLabel(label).fill(value)
  await page.getByRole('button', { name: 'Add a provider' }).last().click()
  const toggle = page.getByRole('switch', { name: 'Provider company is on' })
  await toggle.waitFor()
  await nobody.page.goto(`${url}/sign-in`)
  const ways = nobody.page.getByText('company')
  await ways.waitFor()
  await toggle.click()
  await page.locator('[role=switch][aria-checked=false][aria-label*=company]').waitFor()
  await nobody.page.reload()
  await nobody.page.getByLabel('E-mail').waitFor()
  assert.equal(await ways.count(), 0)
  await page.getByRole('button', { name: 'Remove' }).click()
  const dialog = page.getByRole('dialog', { name: 'Remove company?' })
  await dialog.getByRole('textbox').first().fill('company')
  await dialog.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('company was removed.', { exact: true }).waitFor()
})
