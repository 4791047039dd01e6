import assert from 'node:assert/strict'
import { test } from 'node:test'
import { destinationUrl, sendHttp } from '../../src/alarms/deliver/http.ts'
import { reachable, reachOf, type Lookup, type Reach } from '../../src/alarms/deliver/reach.ts'
import { newReceiver } from '../support/receiver.ts'

const receiver = await newReceiver()
const nowhere: Lookup = () => Promise.reject(new Error('no such name'))
const post = (url: string, o: { reach?: Reach; lookup?: Lookup; timeoutMs?: number } = {}): Promise<void> =>
  sendHttp(
    { method: 'POST', url, headers: {}, body: 'x' },
    { reach: 'any', lookup: nowhere, timeoutMs: 60_000, ...o },
  )

test('every address is taken for what it is, however it is spelt', () => {
  const cases: Record<Reach, readonly string[]> = {
    public: [
      '93.184.216.34',
      '8.8.8.8',
      '172.32.0.1',
      '2606:4700::6810:84e5',
      '::ffff:8.8.8.8',
      '64:ff9b::808:808',
    ],
    private: ['127.0.0.1', '127.9.9.9', '10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', '198.18.0.1', '::1', 'fd12::1', '::ffff:10.0.0.1', '::ffff:7f00:1', '64:ff9b::a00:1', '0:0:0:0:0:0:0:1', 'fd00:ec2::253'], // prettier-ignore
    any: ['169.254.169.254', '0.0.0.0', '100.100.100.200', '224.0.0.1', '255.255.255.255', '::', 'fe80::1', 'fe80::1%eth0', 'fd00:ec2::254', 'ff02::1', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::1', '2001:0:1::1', '::7f00:1'], // prettier-ignore
  }
  for (const [reach, addresses] of Object.entries(cases))
    for (const address of addresses) assert.equal(reachOf(address), reach, address)
  assert.throws(() => reachOf('example.com'), TypeError)
})

test('a name is reached only if all of its addresses may be, and by the address that was judged', async () => {
  const found =
    (...addresses: readonly string[]): Lookup =>
    () =>
      Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })))
  const look = (reach: Reach, lookup: Lookup) => reachable({ host: 'hooks.example', reach, lookup })
  assert.equal((await look('public', found('8.8.8.8', '2606:4700::1'))).length, 2)
  for (const inside of ['127.0.0.1', '10.1.2.3', '169.254.169.254', '::1'])
    await assert.rejects(look('public', found('8.8.8.8', inside)), { code: 'destination_refused' })
  await assert.rejects(look('private', found('169.254.169.254')), { code: 'destination_refused' })
  assert.equal((await look('private', found('10.1.2.3'))).length, 1)
  await assert.rejects(look('public', found()), { code: 'destination_failed' })
  // Asked a second time it would lead elsewhere.
  let asked = 0
  const port = new URL(receiver.url).port
  const turning: Lookup = () => found(asked++ === 0 ? '127.0.0.1' : '169.254.169.254')('')
  await post(`http://hooks.example:${port}/`, { reach: 'private', lookup: turning })
  assert.equal(asked, 1)
  assert.equal(receiver.requests.at(-1)?.headers.host, `hooks.example:${port}`)
})

test('spellings of an address in a URL do not get round it', async () => {
  const { port } = new URL(receiver.url)
  const before = receiver.requests.length
  for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '0177.0.0.1', '[::1]', '[::ffff:127.0.0.1]'])
    await assert.rejects(
      post(`https://${host}:${port}/`, { reach: 'public' }),
      { code: 'destination_refused' },
      host,
    )
  await assert.rejects(post('https://169.254.169.254/latest/', { reach: 'private' }), {
    code: 'destination_refused',
  })
  assert.equal(receiver.requests.length, before)
})

test('URLs that would be read on their way, or are none, are refused without being repeated', () => {
  for (const [url, code] of [
    ['http://hooks.example/secret', 'destination_refused'],
    ['file:///etc/secret', 'destination_wrong'],
    ['secret', 'destination_wrong'],
    ['https://user:secret@hooks.example/', 'destination_wrong'],
  ] as const) {
    assert.throws(
      () => destinationUrl(url, 'public'),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, code)
        assert.doesNotMatch(error.message, /secret/)
        return true
      },
    )
  }
  assert.equal(destinationUrl('http://hooks.example/x', 'private').pathname, '/x')
})

test('no redirect is followed, and of an answer nothing is told but its status', async () => {
  const other = await newReceiver()
  receiver.answer((response) => response.writeHead(307, { location: other.url }).end('secret'))
  await assert.rejects(post(receiver.url), (error: Error & { details?: Record<string, unknown> }) => {
    assert.match(error.message, /status 307, a redirect, which is not followed/)
    assert.equal(error.details?.['settled'], true)
    assert.doesNotMatch(error.message, /secret/)
    return true
  })
  assert.equal(other.requests.length, 0)
  for (const [status, settled] of [
    [404, true],
    [408, false],
    [429, false],
    [500, false],
  ] as const) {
    receiver.answer((response) => response.writeHead(status, { 'retry-after': '90' }).end())
    await assert.rejects(post(receiver.url), { code: 'destination_failed', details: { status, settled, retryAfterMs: 90_000 } }) // prettier-ignore
  }
})

test('an answer without end is not read, and none at all is not waited for', async () => {
  receiver.answer((response) => {
    const fill = (): void => {
      while (response.write('x'.repeat(65_536)));
      response.once('drain', fill)
    }
    response.writeHead(200)
    fill()
  })
  await post(receiver.url)
  receiver.answer(() => undefined)
  await assert.rejects(post(receiver.url, { timeoutMs: 50 }), {
    message: /did not answer within 0.05 seconds/,
  })
  receiver.answer((response) => response.destroy())
  await assert.rejects(post(receiver.url), { code: 'destination_failed', message: /could not be reached/ })
})
