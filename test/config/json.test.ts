import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  isJsonArray,
  isJsonObject,
  JsonError,
  parseJson,
  printJson,
  type JsonValue,
} from '../../src/config/json.ts'

/** As JSON.parse would give it; only for names that an object can hold in any order. */
function plain(value: JsonValue): unknown {
  if (isJsonObject(value)) {
    // Defined, not set: setting `__proto__` would make no member.
    const members = [...value].map(([name, inner]) => [name, plain(inner)] as const)
    return Object.fromEntries(members)
  }
  return isJsonArray(value) ? value.map(plain) : value
}

test('JSON is read as JSON.parse reads it, and printed so that it reads the same', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.integer({ min: 0, max: 4 }), (text, indent) => {
      const expected: unknown = JSON.parse(text)
      const read = parseJson(JSON.stringify(expected, null, indent))
      assert.deepEqual(plain(read), expected)
      assert.deepEqual(parseJson(printJson(read)), read)
    }),
    { numRuns: 300 },
  )
})

test('what JSON.parse refuses is refused, and what it takes is taken, whatever was done to the text', () => {
  const pieces = fc.constantFrom(...'{}[],:"\\ \n/-0.1eEtn'.split(''), 'true', 'null', '"a"', '\u0001', 'x')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (list) => {
      const text = list.join('')
      let expected: { value: unknown } | null = null
      try {
        expected = { value: JSON.parse(text) }
      } catch {
        // It is no JSON.
      }
      if (expected === null) assert.throws(() => parseJson(text), JsonError)
      else if (!/"a".*"a"/s.test(text)) assert.deepEqual(plain(parseJson(text)), expected.value)
    }),
    { numRuns: 3000 },
  )
})

test('an error says where and what, and quotes nothing', () => {
  const cases: readonly [string, string][] = [
    ['{\n  "a": hunter22\n}', 'line 2, column 8: a value is expected here'],
    ['{"a": 1 "hunter22": 2}', 'line 1, column 9: "," or "}" is expected here'],
    ['{"a": 1,\n}', 'line 1, column 8: a comma before "}" is not allowed in JSON'],
    ['{"a": "hunter22', 'line 1, column 7: a text is not closed, or holds what must be escaped'],
    ['{ // why\n"a": 1}', 'line 1, column 3: comments are not allowed in JSON'],
    ["{'a': 1}", 'line 1, column 2: a name in double quotes is expected here'],
    ['{"a": 1} hunter22', 'line 1, column 10: nothing more is expected here'],
    ['{"a": 01}', 'line 1, column 7: a value is expected here'],
    ['{"a"', 'line 1, column 5: the text ends where it should go on'],
    ['', 'line 1, column 1: the text ends where it should go on'],
    ['{"a": 1, "b": 2, "a": 3}', 'line 1, column 18: "a" is given twice'],
    ['['.repeat(100_000), 'line 1, column 34: this is nested too deeply'],
  ]
  for (const [text, message] of cases) {
    assert.throws(() => parseJson(text), { message }, text.slice(0, 40))
  }
})

test('names keep their order, also those that look like numbers, and may be any', () => {
  const text = printJson(
    new Map<string, JsonValue>([
      ['b', 1],
      ['2', [1, 2]],
      ['__proto__', null],
      ['1', ['x'.repeat(60), 'y'.repeat(60)]],
    ]),
  )
  const read = parseJson(text)
  assert.ok(isJsonObject(read))
  assert.deepEqual([...read.keys()], ['b', '2', '__proto__', '1'])
  assert.equal(text.split('\n')[2], '  "2": [1, 2],')
  assert.equal(text.split('\n')[4], '  "1": [')
})
