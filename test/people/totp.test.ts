import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base32, codeOf, stepAt, stepOf, totpAddress } from '../../src/people/totp.ts'

const secret = Buffer.from('12345678901234567890')

test('codes are those of RFC 6238, appendix B', () => {
  for (const [seconds, code] of [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ] as const)
    assert.equal(codeOf(secret, stepAt(new Date(seconds * 1000)), 8), code)
})

test('codes are those of RFC 4226, appendix D', () => {
  const codes = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ')
  codes.forEach((code, count) => assert.equal(codeOf(secret, count), code))
})

test('a code is good for the step before and after, and no longer', () => {
  const now = new Date(1_000_000_015_000)
  const step = stepAt(now)
  for (const [off, found] of [
    [-2, null],
    [-1, step - 1],
    [0, step],
    [1, step + 1],
    [2, null],
  ] as const)
    assert.equal(stepOf(secret, codeOf(secret, step + off), now), found)
})

test('secrets are written as RFC 4648 has it, and an app reads them from the address', () => {
  for (const [text, written] of [
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ] as const)
    // prettier-ignore
    assert.equal(base32(Buffer.from(text)), written)
  const url = new URL(totpAddress(secret, 'a+b@example.com'))
  assert.deepEqual(
    [url.protocol, decodeURIComponent(url.pathname), url.searchParams.get('secret')],
    ['otpauth:', '/Holdfast:a+b@example.com', 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'],
  )
})
