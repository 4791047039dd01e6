import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDocuments } from '../../src/people/documents.ts'
import { newReceiver } from '../support/receiver.ts'

const receiver = await newReceiver()
let now = 0
let body = '{"version":1}'
receiver.answer((response) => response.end(body))
const url = `${receiver.url}/keys`
const asked = () => receiver.requests.length

test('what a provider publishes is kept, asked for anew once a minute at most, and believed for a while when it rests', async () => {
  const documents = createDocuments(() => now)
  await Promise.all(Array.from({ length: 10 }, () => documents.get(url)))
  assert.equal(asked(), 1, 'all wait for one answer')
  for (let i = 0; i < 100; i++) await documents.get(url, true)
  assert.equal(asked(), 1, 'what lacks something is not asked for anew so soon')
  body = '{"version":2}'
  now = 60_000
  assert.deepEqual(await documents.get(url), { version: 1 })
  const both = await Promise.all([documents.get(url, true), documents.get(url, true)])
  assert.deepEqual([both, asked()], [[{ version: 2 }, { version: 2 }], 2])
  receiver.answer(500)
  now = 60_000 + 11 * 60_000
  assert.deepEqual(await documents.get(url), { version: 2 })
  assert.deepEqual(await documents.get(url), { version: 2 })
  assert.equal(asked(), 3, 'it was asked for anew, and is not for a moment')
  now = 62 * 60_000
  await assert.rejects(documents.get(url), { code: 'provider_failed' })
  now += 1_000
  await assert.rejects(documents.get(url), { code: 'provider_failed' })
  assert.equal(asked(), 4)
  receiver.answer((response) => response.end(body))
  now += 10_000
  assert.deepEqual(await documents.get(url), { version: 2 })
})

test('what is too long, no JSON, or elsewhere is not taken', async () => {
  const answers = [
    () => receiver.answer((response) => response.end(`["${'x'.repeat(300_000)}"]`)),
    () => receiver.answer((response) => response.end('<html>')),
    () => receiver.answer((response) => response.end('1')),
    () => receiver.answer((response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()),
    () => receiver.answer((response) => response.writeHead(404).end('{}')),
    () => receiver.answer((response) => response.destroy()),
  ]
  for (const prepare of answers) {
    prepare()
    await assert.rejects(createDocuments(() => now).get(url), { code: 'provider_failed' })
  }
  for (const wrong of [
    'http://example.com/',
    'file:///etc/passwd',
    'ftp://127.0.0.1/',
    'http://127.0.0.1.example.com/',
  ])
    await assert.rejects(createDocuments(() => now).get(wrong), { code: 'provider_refused' })
})
