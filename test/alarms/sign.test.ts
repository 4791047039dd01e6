import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { signatureOf } from '../../src/alarms/deliver/sign.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

interface Verifier {
  isFromHoldfast(o: {
    key: string
    body: string | Buffer
    signature: string | undefined
    now: number
  }): boolean
}

test('what docs/ALARMS.md gives for verifying takes what we sign, and nothing else', async (t) => {
  const page = await readFile(new URL('../../docs/ALARMS.md', import.meta.url), 'utf8')
  const code = /```js\n([\s\S]+?)```/.exec(page)?.[1]
  assert.ok(code !== undefined)
  const file = join(await temporaryDirectory(t), 'verify.mjs')
  await writeFile(file, code)
  const { isFromHoldfast } = (await import(file)) as Verifier
  const now = Date.parse('2026-03-01T02:00:00Z')
  const [key, body] = ['k'.repeat(43), '{"title":"Größe 🗄"}']
  const signature = signatureOf({ key, at: new Date(now), body })
  assert.equal(isFromHoldfast({ key, body, signature, now }), true)
  assert.equal(isFromHoldfast({ key, body: Buffer.from(body), signature, now: now + 299_000 }), true)
  for (const other of [
    { key: `${key.slice(1)}x`, body, signature, now },
    { key, body: `${body} `, signature, now },
    { key, body, signature, now: now + 301_000 },
    { key, body, signature: signature.replace(/t=(\d+)\d,/, 't=$19,'), now },
    { key, body, signature: signature.slice(0, -1), now },
    { key, body, signature: undefined, now },
  ])
    assert.equal(isFromHoldfast(other), false)
})

test('a signature is that of the time, a full stop and the body', () => {
  // By another implementation: printf '1772330400.{}' | openssl dgst -sha256 -hmac secret
  const signature = signatureOf({ key: 'secret', at: new Date('2026-03-01T02:00:00.900Z'), body: '{}' })
  assert.equal(signature, 't=1772330400,v1=fb4ab63ad1931cc9bf27aa8adfffe1fc2b85fdedd67b73139513dca70e86c536')
})
