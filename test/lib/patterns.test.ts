import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError } from '../../src/lib/errors.ts'
import {
  matchesSchema,
  matchesTable,
  parseSchemaPattern,
  parseTablePattern,
  quotePattern,
} from '../../src/lib/patterns.ts'
import { schemaMatcher, tableMatcher } from '../../src/lib/table-matcher.ts'

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })

function matches(pattern: string, schema: string, table: string): boolean {
  return matchesTable(parseTablePattern(pattern), { schema, name: table })
}

test('a plain name means the table in any schema, case counting', () => {
  assert.ok(matches('orders', 'public', 'orders'))
  assert.ok(matches('orders', 'archive', 'orders'))
  assert.ok(!matches('orders', 'public', 'Orders'))
  assert.ok(!matches('orders', 'public', 'orders2'))
})

test('stars and question marks', () => {
  assert.ok(matches('public.log_*', 'public', 'log_2026'))
  assert.ok(!matches('public.log_*', 'archive', 'log_2026'))
  assert.ok(matches('*.?og', 'x', 'log'))
  assert.ok(!matches('?og', 'x', 'og'))
  assert.ok(matches('?', 'x', '😀'), 'a character beyond the first plane is one character')
  assert.ok(matches('*', 'x', 'two\nlines'))
})

test('inside quotes everything is literal', () => {
  assert.ok(matches('"a.b"."c*"', 'a.b', 'c*'))
  assert.ok(!matches('"a.b"."c*"', 'a.b', 'cd'))
  assert.ok(matches('"say ""hi"""', 'x', 'say "hi"'))
  assert.ok(matches('pre"*"*', 'x', 'pre*post'))
})

test('text that is special in regular expressions is not', () => {
  assert.ok(matches('a+(b)|c', 'x', 'a+(b)|c'))
  assert.ok(!matches('a+', 'x', 'aa'))
})

test('what is no pattern is refused with a reason', () => {
  for (const text of ['', '.', 'a.', '.b', 'a.b.c', '"open', '""']) {
    assert.throws(
      () => parseTablePattern(text),
      (error) => isHoldfastError(error, 'usage'),
      text,
    )
  }
  assert.throws(
    () => parseSchemaPattern('a.b'),
    (error) => isHoldfastError(error, 'usage'),
  )
})

test('a quoted name matches itself and no other', () => {
  fc.assert(
    fc.property(name, name, name, (schema, table, other) => {
      const text = `${quotePattern(schema)}.${quotePattern(table)}`
      assert.ok(matches(text, schema, table))
      assert.equal(matches(text, schema, other), other === table)
      assert.ok(matchesSchema(parseSchemaPattern(quotePattern(schema)), schema))
    }),
  )
})

test('a name with any part replaced by a star still matches', () => {
  fc.assert(
    fc.property(name, fc.nat(), fc.nat(), (table, a, b) => {
      const characters = [...table]
      const from = a % (characters.length + 1)
      const to = from + (b % (characters.length - from + 1))
      const quote = (part: string[]): string => (part.length === 0 ? '' : quotePattern(part.join('')))
      assert.ok(matches(`${quote(characters.slice(0, from))}*${quote(characters.slice(to))}`, 'any', table))
    }),
  )
})

test('many stars do not keep matching from coming to an end', () => {
  assert.ok(!matches(`${'*'.repeat(500)}b`, 'x', 'a'.repeat(63)))
})

test('a pattern that means no table is told with the table that it is near to', () => {
  const root = { schema: 'shop', name: 'events' }
  const tables = [
    { schema: 'crm', name: 'notes' },
    { schema: 'shop', name: 'events_1', parents: [root] },
  ]
  const hint = (match: () => unknown): string => {
    try {
      match()
    } catch (error) {
      if (isHoldfastError(error, 'table_not_found')) return error.hint
    }
    return ''
  }
  assert.match(
    hint(() => tableMatcher('crm.note', tables)),
    /^Did you mean crm\.notes\? Patterns are/,
  )
  assert.match(
    hint(() => tableMatcher('evnets', tables)),
    /^Did you mean events\? /,
  )
  assert.match(
    hint(() => schemaMatcher('shup', tables)),
    /^Did you mean shop\? /,
  )
  assert.match(
    hint(() => tableMatcher('other', tables)),
    /^Patterns are/,
  )
})
