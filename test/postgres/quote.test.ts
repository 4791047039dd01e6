import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareLsn, formatLsn, parseLsn } from '../../src/postgres/lsn.ts'
import { ident, literal, qualified } from '../../src/postgres/quote.ts'

const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'))

test('identifiers: one quoted word that reads back as the name', () => {
  fc.assert(
    fc.property(text, (name) => {
      const quoted = ident(name)
      assert.match(quoted, /^"(?:[^"]|"")*"$/u)
      assert.equal(quoted.slice(1, -1).replaceAll('""', '"'), name)
    }),
  )
  assert.equal(qualified('a"b', 'Select'), '"a""b"."Select"')
  assert.throws(() => ident('a\0b'), TypeError)
})

test('literals: one constant that reads back as the text', () => {
  fc.assert(
    fc.property(text, (value) => {
      const quoted = literal(value)
      const escaped = quoted.startsWith('E')
      assert.equal(escaped, value.includes('\\'))
      assert.match(quoted, escaped ? /^E'(?:[^'\\]|''|\\\\)*'$/u : /^'(?:[^']|'')*'$/u)
      const inner = quoted.slice(escaped ? 2 : 1, -1).replaceAll("''", "'")
      assert.equal(escaped ? inner.replaceAll('\\\\', '\\') : inner, value)
    }),
  )
  assert.equal(literal("it's \\"), "E'it''s \\\\'")
  assert.throws(() => literal('\0'), TypeError)
})

test('LSN: text, number and order agree', () => {
  const lsn = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  fc.assert(fc.property(lsn, (value) => assert.equal(parseLsn(formatLsn(value)), value)))
  fc.assert(
    fc.property(lsn, lsn, (a, b) => assert.equal(Math.sign(compareLsn(a, b)), a < b ? -1 : a > b ? 1 : 0)),
  )
  assert.equal(parseLsn('16/B374D848'), 0x16_b374_d848n)
  assert.equal(formatLsn(0x16_b374_d848n), '16/B374D848')
  for (const bad of ['', '16', '16/', '/1', '0/123456789', 'x/1', '1/1 '])
    assert.throws(() => parseLsn(bad), TypeError)
})
