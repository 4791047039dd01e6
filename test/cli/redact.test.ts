import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRedactor } from '../../src/cli/redact.ts'

test('passwords in addresses', () => {
  const { redact } = createRedactor()
  assert.equal(redact('at postgres://app:s3cret@db:5432/shop now'), 'at postgres://app:***@db:5432/shop now')
  assert.equal(redact('postgresql://app:p@ss:w/rd@db/shop'), 'postgresql://app:***@db/shop')
  assert.equal(redact('postgres://app@db/shop'), 'postgres://app@db/shop')
  assert.equal(redact("host=db password='it''s' user=x"), "host=db password=***'s' user=x")
  assert.equal(redact('host=db password=hush user=x'), 'host=db password=*** user=x')
  assert.equal(
    redact('postgres://db/shop?password=hush&sslmode=require'),
    'postgres://db/shop?password=***&sslmode=require',
  )
})

test('identities and password verifiers', () => {
  const { redact } = createRedactor()
  assert.equal(redact('key AGE-SECRET-KEY-1QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L.'), 'key AGE-SECRET-KEY-***.')
  assert.equal(redact('age-secret-key-pq-1abc'), 'AGE-SECRET-KEY-***')
  assert.equal(redact("PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$a:b'"), "PASSWORD 'SCRAM-SHA-256$***'")
  assert.equal(redact('md50123456789abcdef0123456789abcdef'), 'md5***')
  assert.equal(redact('age1publickeysarenosecret'), 'age1publickeysarenosecret')
})

test('a value that was added is masked wherever it stands, also in its encoded form', () => {
  const redactor = createRedactor()
  redactor.add('correct horse')
  assert.equal(redactor.redact('a correct horse, correct%20horse'), 'a ***, ***')
})

test('of two secrets of which one begins the other, nothing of the longer is left', () => {
  const redactor = createRedactor()
  redactor.add('hunter')
  redactor.add('hunter2secret')
  assert.equal(redactor.redact('hunter2secret hunter'), '*** ***')
})

test('the password of an address is known from then on, unless it is an ordinary word of it', () => {
  const redactor = createRedactor()
  redactor.addAddress('postgres://app:s3%3Acret@db/shop')
  redactor.addAddress('postgres://postgres:postgres@localhost/postgres')
  redactor.addAddress('not an address')
  assert.equal(redactor.redact('FATAL: s3:cret, s3%3Acret'), 'FATAL: ***, ***')
  assert.equal(redactor.redact('role postgres'), 'role postgres')
})

test('values keep their shape, so that JSON stays JSON', () => {
  const redactor = createRedactor()
  redactor.add('quo"te\\d')
  const value = {
    list: ['quo"te\\d', 1, null, true],
    inner: { 'postgres://u:pw@h': 'x@y' },
    big: 10n,
    at: new Date('2026-11-21T00:00:00Z'),
  }
  assert.deepEqual(redactor.redactValue(value), {
    list: ['***', 1, null, true],
    inner: { 'postgres://u:***@h': 'x@y' },
    big: '10',
    at: '2026-11-21T00:00:00.000Z',
  })
})

test('no secret of four characters or more survives, whatever surrounds it', () => {
  const text = fc.string({ unit: 'grapheme' })
  fc.assert(
    fc.property(text, fc.string({ unit: 'grapheme', minLength: 4 }), text, (before, secret, after) => {
      fc.pre(!before.includes('*') && !after.includes('*') && !/^\*+$/.test(secret))
      const redactor = createRedactor()
      redactor.add(secret)
      assert.ok(!redactor.redact(`${before} ${secret} ${after}`).includes(` ${secret} `))
    }),
  )
})
