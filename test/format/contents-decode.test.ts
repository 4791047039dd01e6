import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError, type HoldfastError } from '../../src/lib/errors.ts'
import { decodeContents } from '../../src/repository/format/contents-decode.ts'
import { sampleContents } from '../support/contents.ts'
import { apply, copyOf, placesIn, type Change } from '../support/json-changes.ts'

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const decode = (value: unknown) => decodeContents('chunks/ab/abcd', encode(value))

test('contents come back as they were', () => {
  assert.deepEqual(decode(sampleContents()), sampleContents())
})

test('whatever field is missing, of another type or unknown is named', () => {
  const all = placesIn(copyOf(sampleContents()), 'it').length
  fc.assert(
    fc.property(
      fc.nat(all - 1),
      fc.constantFrom<Change>('delete', 'number', 'object', 'unknown'),
      (at, change) => {
        const document = copyOf(sampleContents())
        const place = placesIn(document, 'it')[at]
        assert.ok(place)
        const named = apply(place, change)
        const error = failureOf(() => decode(document))
        assert.equal(error.code, 'object_damaged', place.path)
        assert.ok(error.message.includes(named), `${error.message} does not name ${named}`)
        assert.ok(error.message.includes('chunks/ab/abcd'))
      },
    ),
    { numRuns: 2000 },
  )
})

test('numbers that nothing can count are refused', () => {
  for (const wrong of [-1, 0.5, 2 ** 53, '1', null]) {
    const document = copyOf(sampleContents())
    const rows = placesIn(document, 'it').find(({ path }) => path === 'it.tables[0].rows')
    if (rows) rows.parent['rows'] = wrong
    assert.match(failureOf(() => decode(document)).message, /it\.tables\[0\]\.rows is not a whole number/)
  }
})

test('what points outside of the contents is refused', () => {
  const { schema, tables, ...rest } = sampleContents()
  const entries = schema.entries.map((entry) => ({ ...entry, length: 91 }))
  const outside = failureOf(() => decode({ ...rest, tables, schema: { ...schema, entries } }))
  assert.match(outside.message, /it\.schema\.entries\[0\] lies outside/)
  const fewer = tables.map((table) => ({ ...table, ranges: table.ranges.slice(0, 1) }))
  const sample = failureOf(() => decode({ ...rest, schema, tables: fewer }))
  assert.match(sample.message, /it\.tables\[0\]\.fingerprint\.samples\[0\]\.range/)
})

test('a newer format is told from damage', () => {
  assert.equal(failureOf(() => decode({ format: 3, all: 'different' })).code, 'repository_too_new')
  for (const format of [null, '1', 1.5]) {
    assert.equal(failureOf(() => decode({ ...sampleContents(), format })).code, 'object_damaged')
  }
  for (const text of ['', 'null', '[]', '{"format":1', '\ufeff{}']) {
    const bytes = new TextEncoder().encode(text)
    assert.equal(failureOf(() => decodeContents('k', bytes)).code, 'object_damaged', text)
  }
  assert.equal(failureOf(() => decodeContents('k', Uint8Array.of(0x22, 0xff, 0x22))).code, 'object_damaged')
})

test('contents of format 1 say nothing of the run of the server and of files', () => {
  const { horizon, incarnation, ...server } = sampleContents().server
  assert.ok(horizon !== null && incarnation !== null)
  const tables = sampleContents().tables.map(({ filenode: _filenode, ...table }) => table)
  const first = { ...sampleContents(), format: 1, server, tables }
  assert.deepEqual(decode(first), {
    ...first,
    server: { ...server, horizon: null, incarnation: null },
    tables: tables.map((table) => ({ ...table, filenode: null })),
  })
  assert.equal(failureOf(() => decode({ ...sampleContents(), format: 1 })).code, 'object_damaged')
  assert.equal(failureOf(() => decode({ ...first, format: 2 })).code, 'object_damaged')
})

test('contents of 100,000 ranges are decoded', () => {
  const { tables, ...rest } = sampleContents()
  const range = (at: number) => ({
    from: at,
    to: at + 1,
    rows: 1,
    pieces: [{ chunk: at, offset: 0, length: 9 }],
  })
  const ranges = Array.from({ length: 100_000 }, (_, at) => range(at))
  const bytes = encode({ ...rest, tables: tables.map((table) => ({ ...table, ranges })) })
  assert.equal(decodeContents('k', bytes).tables[0]?.ranges.length, 100_000)
})

function failureOf(work: () => unknown): HoldfastError {
  try {
    work()
  } catch (error) {
    if (isHoldfastError(error)) return error
    throw error
  }
  throw new Error('It was accepted.')
}
