import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outboxRules, pauseAfter } from '../../src/alarms/deliver/outbox.ts'
import { signatureOf } from '../../src/alarms/deliver/sign.ts'
import { addDestination, readdress } from '../../src/alarms/destinations.ts'
import { subscribe, type NewSubscription } from '../../src/alarms/subscriptions.ts'
import { asCaller } from '../../src/catalog/claims.ts'
import { dyingDatabase, newAlarms, type TestAlarms } from '../support/alarms.ts'
import { claimsOf } from '../support/catalog.ts'
import { testServer } from '../support/postgres.ts'
import { newMailServer, newReceiver } from '../support/receiver.ts'

const server = await testServer(18, { settings: { fsync: 'off' } })
const minute = 60_000
const admin = claimsOf('super_admin')

/** Adds a destination as the API does, and subscribes it to everything at once unless it is told otherwise. */
async function listen(
  { catalog }: TestAlarms,
  name: string,
  address: unknown,
  subscription: Partial<NewSubscription> | null = {},
): Promise<{ id: string; key: string | null }> {
  return await asCaller(catalog.api, admin, async (queries) => {
    const added = await addDestination(queries, catalog.seal, {
      name,
      address,
      reach: 'private',
      follows: null,
    })
    if (subscription !== null) {
      await subscribe(queries, {
        destinationId: added.id,
        sourceId: null,
        events: null,
        minSeverity: 'info',
        mode: 'each',
        zone: 'UTC',
        hour: 8,
        ...subscription,
      })
    }
    return added
  })
}

const titles = (requests: readonly { body: string }[]): string[] =>
  requests.map(({ body }) => (JSON.parse(body) as { title: string }).title)

test('an alarm arrives by mail, webhook, Slack, Discord and Teams, and so does its end', async () => {
  const service = await newAlarms(server)
  const [web, slack, discord, teams] = [await newReceiver(), await newReceiver(), await newReceiver(), await newReceiver()] // prettier-ignore
  discord.answer(204)
  teams.answer(202)
  const mail = await newMailServer()
  const { key } = await listen(service, 'web', { kind: 'webhook', url: `${web.url}/hook` })
  await listen(service, 'slack', { kind: 'slack', url: `${slack.url}/services/T0/B0/x` })
  await listen(service, 'discord', { kind: 'discord', url: `${discord.url}/api/webhooks/1/x` })
  await listen(service, 'teams', { kind: 'teams', url: `${teams.url}/workflows/x` })
  await listen(service, 'mail', {
    kind: 'email',
    host: '127.0.0.1',
    port: mail.port,
    security: 'none',
    user: 'holdfast',
    password: 'secret',
    from: 'Holdfast <holdfast@example.com>',
    to: ['ops@example.com', 'Ann <ann@example.com>'],
  })
  await service.job({ kind: 'drill', status: 'failed', code: 'drill_failed' })
  await service.tick()
  service.clock.pass(minute)
  await service.job({ kind: 'drill' })
  await service.tick()

  assert.deepEqual(titles(web.requests), ['Drill failed: shop', 'Over: Drill failed: shop'])
  const [first] = web.requests
  assert.ok(first !== undefined && key !== null)
  assert.equal(first.path, '/hook')
  assert.equal(first.headers['content-type'], 'application/json')
  const body = JSON.parse(first.body) as Record<string, unknown>
  assert.equal(first.headers['idempotency-key'], body['delivery'])
  assert.deepEqual([body['kind'], body['event'], body['severity'], body['about']], ['raised', 'drill_failed', 'critical', 'shop']) // prettier-ignore
  const at = new Date(service.clock.now().getTime() - minute)
  assert.equal(first.headers['holdfast-signature'], signatureOf({ key, at, body: first.body }))

  const text = (requests: readonly { body: string }[]) => requests.map((one) => Object.keys(JSON.parse(one.body) as object).join()) // prettier-ignore
  assert.deepEqual(text(slack.requests), ['text,blocks', 'text,blocks'])
  assert.deepEqual(text(discord.requests), ['embeds,allowed_mentions', 'embeds,allowed_mentions'])
  assert.deepEqual(text(teams.requests), ['type,attachments', 'type,attachments'])

  const [sent] = mail.mails
  assert.equal(mail.mails.length, 2)
  assert.deepEqual([sent?.from, sent?.to, sent?.user], ['holdfast@example.com', ['ops@example.com', 'ann@example.com'], 'holdfast']) // prettier-ignore
  assert.match(sent?.source ?? '', /^Subject: \[Holdfast\] Drill failed: shop\r$/m)
  assert.match(sent?.source ?? '', /^Auto-Submitted: auto-generated\r$/m)
  assert.match(sent?.source ?? '', /^Message-ID: <[0-9a-f-]{36}@holdfast\.invalid>\r$/m)
  assert.match(
    sent?.source ?? '',
    /The drill of shop failed at 2026-03-01 02:00 UTC: It broke\. \(drill_failed\)/,
  )
})

test('a subscription hears of its source, its events and what matters enough, and of one thing once', async () => {
  const service = await newAlarms(server)
  const web = await newReceiver()
  const { sourceId } = service
  const { id } = await listen(service, 'failures', { kind: 'webhook', url: `${web.url}/failures` }, { minSeverity: 'error' }) // prettier-ignore
  await service.catalog.system.query(
    `INSERT INTO holdfast.subscriptions (destination_id, source_id, events) VALUES ($1, $2, ARRAY['backup_failed'])`,
    [id, sourceId],
  )
  await listen(service, 'damage', { kind: 'webhook', url: `${web.url}/damage` }, { events: ['damage_found'] })
  await listen(service, 'tenant', { kind: 'webhook', url: `${web.url}/tenant` }, { sourceId })
  await listen(service, 'nobody', { kind: 'webhook', url: `${web.url}/nobody` }, null)
  await service.job({ status: 'failed' })
  await service.job({ kind: 'check', status: 'failed', code: 'check_failed' })
  await service.job({ kind: 'prune', status: 'failed' })
  await service.tick()
  service.clock.pass(minute)
  await service.job()
  await service.tick()
  const heard = web.requests.map(({ path, body }) => `${path} ${titles([{ body }]).join()}`)
  assert.deepEqual(heard.sort(), [
    '/damage Damage found: main',
    '/failures Backup failed: shop',
    '/failures Backups work again: shop',
    '/failures Damage found: main',
    '/tenant Backup failed: shop',
    '/tenant Backups work again: shop',
    '/tenant Retention is blocked: shop',
  ])
})

test('what a destination does not take is sent again, ever later, and that it is dead is an alarm until it is not', async () => {
  const service = await newAlarms(server)
  const [web, other] = [await newReceiver(), await newReceiver()]
  await listen(service, 'web', { kind: 'webhook', url: web.url }, { minSeverity: 'error' })
  await listen(service, 'other', { kind: 'webhook', url: other.url }, { events: ['destination_dead'] })
  web.answer(500)
  await service.job({ status: 'failed' })
  await service.tick()
  assert.equal(web.requests.length, 1)
  service.clock.pass(outboxRules.firstPauseMs - 1)
  await service.tick()
  assert.equal(web.requests.length, 1)
  service.clock.pass(1)
  await service.tick()
  assert.equal(web.requests.length, 2)
  assert.deepEqual(await service.events(), ['backup_failed open'])
  service.clock.pass(minute)
  await service.tick()
  assert.deepEqual(await service.events(), ['backup_failed open', 'destination_dead open'])
  await service.tick()
  assert.deepEqual(titles(other.requests), ['Alarms do not arrive: web'])
  web.answer(200)
  service.clock.pass(2 * minute)
  await service.tick()
  const ids = web.requests.map(({ headers }) => headers['idempotency-key'])
  assert.equal(ids.length, 4)
  assert.equal(new Set(ids).size, 1)
  assert.deepEqual(await service.events(), ['backup_failed open', 'destination_dead closed'])
  await service.tick()
  assert.deepEqual(titles(other.requests), ['Alarms do not arrive: web', 'Over: Alarms do not arrive: web'])
})

test('a destination that refuses for good is told at once, and a message is given up after a day of attempts', async () => {
  const service = await newAlarms(server)
  const web = await newReceiver()
  await listen(service, 'web', { kind: 'slack', url: `${web.url}/secret-path` })
  web.answer(404)
  await service.job({ status: 'failed' })
  await service.tick()
  assert.deepEqual(await service.events(), ['backup_failed open', 'destination_dead open'])
  for (let attempt = 2; attempt <= outboxRules.attempts + 3; attempt++) {
    service.clock.pass(outboxRules.longestPauseMs)
    await service.tick()
  }
  assert.equal(web.requests.length, outboxRules.attempts)
  const [delivery] = await service.catalog.system.query(
    `SELECT o.status, o.attempt, o.error, d.failures, d.sent FROM holdfast.deliveries AS o JOIN holdfast.destinations AS d ON d.id = o.destination_id`,
  )
  const host = new URL(web.url).host
  assert.deepEqual(delivery, {
    status: 'given_up',
    attempt: outboxRules.attempts,
    error: `${host} answered with status 404. (destination_failed)`,
    failures: String(outboxRules.attempts),
    sent: '0',
  })
})

test('pauses grow to their limit, and come to about a day in all', () => {
  const pauses = Array.from({ length: outboxRules.attempts - 1 }, (_, at) => pauseAfter(at + 1, () => 0.5))
  assert.deepEqual(pauses.slice(0, 3), [30_000, 60_000, 120_000])
  assert.equal(pauses.at(-1), outboxRules.longestPauseMs)
  const hours = pauses.reduce((sum, pause) => sum + pause, 0) / 3_600_000
  assert.ok(hours > 20 && hours < 30, String(hours))
  assert.equal(
    pauseAfter(1, () => 0),
    24_000,
  )
  assert.ok(pauseAfter(1, () => 0.999) < 36_000)
})

test('of processes that deliver at once each message is sent by one', async () => {
  const service = await newAlarms(server)
  const web = await newReceiver()
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
    await listen(service, name, { kind: 'webhook', url: `${web.url}/${name}` })
  for (const kind of ['backup', 'drill', 'prune']) await service.job({ kind, status: 'failed' })
  await Promise.all(Array.from({ length: 4 }, () => service.tick()))
  await service.tick()
  assert.equal(web.requests.length, 18)
  assert.equal(new Set(web.requests.map(({ headers }) => headers['idempotency-key'])).size, 18)
})

test('whoever dies between sending and telling so has it sent again, as the same, when the lease is over', async () => {
  const service = await newAlarms(server)
  const web = await newReceiver()
  await listen(service, 'web', { kind: 'webhook', url: web.url })
  await service.job({ status: 'failed' })
  // Counts the statements of a tick that sends, then dies at the one after the sending.
  let at = 1
  for (; web.requests.length === 0; at++) {
    const dying = dyingDatabase(service.catalog.system, at)
    await service.tick({ catalog: { system: dying, seal: service.catalog.seal } }).catch(() => undefined)
  }
  await service.tick()
  assert.equal(web.requests.length, 1)
  service.clock.pass(outboxRules.leaseMs + 1)
  await service.tick()
  await service.tick()
  const [first, again, ...more] = web.requests
  assert.equal(more.length, 0)
  assert.equal(again?.headers['idempotency-key'], first?.headers['idempotency-key'])
  assert.equal(again?.body, first?.body)
})

test('a message at which every process dies is given up like any other', async () => {
  const service = await newAlarms(server)
  const web = await newReceiver()
  await listen(service, 'web', { kind: 'webhook', url: web.url })
  await service.job({ status: 'failed' })
  await service.tick()
  await service.catalog.system.query(
    `UPDATE holdfast.deliveries SET status = 'pending', ended_at = NULL, attempt = $1`,
    [outboxRules.attempts],
  )
  await service.tick()
  assert.equal(web.requests.length, 1)
  const [delivery] = await service.catalog.system.query('SELECT status, error FROM holdfast.deliveries')
  assert.deepEqual(delivery, {
    status: 'given_up',
    error: 'Whoever sent it has died each time. (destination_failed)',
  })
})

test('a destination that may not be reached, or whose secrets can not be opened, is an alarm and not a connection', async () => {
  const service = await newAlarms(server)
  const web = await newReceiver()
  await listen(service, 'web', { kind: 'webhook', url: web.url })
  await service.catalog.system.query(`UPDATE holdfast.destinations SET reach = 'public'`)
  await service.job({ status: 'failed' })
  await service.tick()
  await service.catalog.system.query(`UPDATE holdfast.destinations SET reach = 'private', secrets = '\\x00'`)
  service.clock.pass(minute)
  await service.tick()
  assert.equal(web.requests.length, 0)
  const [row] = await service.catalog.system.query<{ text: string; times: number }>(
    `SELECT text, times FROM holdfast.alarms WHERE event = 'destination_dead'`,
  )
  assert.equal(row?.times, 2)
  assert.match(row.text, /can't be opened with this key\. \(catalog_key_wrong\)/)
})

test('a test message tells whether it was taken, and leaves no trace', async () => {
  const service = await newAlarms(server)
  const web = await newReceiver()
  const { id } = await listen(service, 'web', { kind: 'webhook', url: web.url })
  await service.alarms().test(id)
  assert.deepEqual(titles(web.requests), ['A test message of Holdfast'])
  web.answer(403)
  await assert.rejects(service.alarms().test(id), { code: 'destination_failed' })
  await assert.rejects(service.alarms().test('6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b'), { code: 'destination_not_found' }) // prettier-ignore
  assert.deepEqual(await service.catalog.system.query('SELECT id FROM holdfast.deliveries'), [])
})

test('a mail server that refuses the login is told without the password', async () => {
  const service = await newAlarms(server)
  const mail = await newMailServer()
  const address = { kind: 'email', host: '127.0.0.1', port: mail.port, security: 'none', from: 'a@example.com', to: ['b@example.com'] } // prettier-ignore
  const { id } = await listen(service, 'mail', { ...address, user: 'holdfast', password: 'wr0ng-pass' })
  await assert.rejects(service.alarms().test(id), (error: Error & { details?: Record<string, unknown> }) => {
    assert.match(error.message, /did not take it/)
    assert.doesNotMatch(error.message, /wr0ng-pass/)
    assert.equal(error.details?.['settled'], true)
    return true
  })
  await asCaller(service.catalog.api, admin, (queries) =>
    readdress(queries, service.catalog.seal, {
      id,
      address: { ...address, user: 'holdfast', password: 'secret' },
      reach: 'private',
    }),
  )
  await service.alarms().test(id)
  assert.equal(mail.mails.length, 1)
})

test('mail that is to go by TLS goes by nothing else, and to nobody whose certificate is not trusted', async () => {
  const service = await newAlarms(server)
  const [plain, strange] = [await newMailServer(), await newMailServer({ secure: true })]
  for (const [port, security, why] of [
    [plain.port, 'starttls', /STARTTLS/],
    [strange.port, 'tls', /certificate/],
  ] as const) {
    const address = { kind: 'email', host: '127.0.0.1', port, security, from: 'a@example.com', to: ['b@example.com'] } // prettier-ignore
    const { id } = await listen(service, security, address)
    await assert.rejects(service.alarms().test(id), { code: 'destination_failed', message: why })
  }
  assert.deepEqual([...plain.mails, ...strange.mails], [])
})

test('secrets are sealed, in no column that can be read, and only those who may add a destination do', async () => {
  const service = await newAlarms(server)
  const url = 'https://hooks.example.com/services/T0/B0/top-secret'
  const key = 'k'.repeat(32)
  await listen(service, 'slack', { kind: 'slack', url })
  await listen(service, 'web', { kind: 'webhook', url, key })
  const rows = await service.catalog.system.query('SELECT * FROM holdfast.destinations')
  const stored = JSON.stringify(rows.map((row) => ({ ...row, secrets: String(row['secrets']) })))
  assert.doesNotMatch(stored, /top-secret|kkkk/)
  assert.match(stored, /"host":"hooks\.example\.com"/)
  const adding = asCaller(service.catalog.api, claimsOf('platform_operator'), (queries) =>
    addDestination(queries, service.catalog.seal, {
      name: 'x',
      address: { kind: 'slack', url },
      reach: 'public',
      follows: null,
    }),
  )
  await assert.rejects(adding, { code: 'catalog_failed' })
})

test('what can be no destination or subscription is refused, and nothing of it is repeated', async () => {
  const service = await newAlarms(server)
  const url = 'https://hooks.example.com/top-secret'
  const mail = { kind: 'email', host: 'mail.example.com', port: 587, security: 'starttls', from: 'a@example.com', to: ['b@example.com'] } // prettier-ignore
  for (const [address, code] of [
    [null, 'destination_wrong'],
    [{ kind: 'pigeon', url }, 'destination_wrong'],
    [{ kind: 'slack', url, more: 1 }, 'destination_wrong'],
    [{ kind: 'webhook', url, key: 'short' }, 'destination_wrong'],
    [{ kind: 'slack', url: 'http://hooks.example.com/top-secret' }, 'destination_refused'],
    [{ kind: 'ping', success: url }, 'destination_wrong'],
    [{ ...mail, security: 'none' }, 'destination_refused'],
    [{ ...mail, to: ['b@example.com\r\nBcc: top-secret@evil.example'] }, 'destination_wrong'],
    [{ ...mail, from: 'top-secret' }, 'destination_wrong'],
  ] as const) {
    const adding = service.catalog.system.transaction((queries) =>
      addDestination(queries, service.catalog.seal, { name: 'x', address, reach: 'public', follows: null }),
    )
    await assert.rejects(adding, (error: Error & { code?: string }) => {
      assert.equal(error.code, code, JSON.stringify(address))
      assert.doesNotMatch(error.message, /top-secret/)
      return true
    })
  }
  await assert.rejects(listen(service, 'a', { kind: 'slack', url }, { events: ['nonsense'] }), { code: 'destination_wrong' }) // prettier-ignore
  await assert.rejects(listen(service, 'b', { kind: 'slack', url }, { zone: 'Mars/Base' }), { code: 'destination_wrong' }) // prettier-ignore
})
