import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { csvHeader, csvLine } from '../../src/export/csv.ts'
import { fileName } from '../../src/export/files.ts'
import { jsonKind, jsonRows, jsonValue } from '../../src/export/json.ts'
import { asUtf8, encodeRow } from '../../src/postgres/copy-text.ts'

/** Reads CSV as COPY does: quotes may open and close anywhere in a field; unquoted and empty is null. */
function readCsv(text: string): (string | null)[][] {
  const rows: (string | null)[][] = []
  let row: (string | null)[] = []
  let field = ''
  let quoted = false
  let sawQuote = false
  for (let at = 0; at < text.length; at++) {
    const c = text.charAt(at)
    if (quoted && c === '"' && text[at + 1] === '"') field += text.charAt(++at)
    else if (c === '"') {
      quoted = !quoted
      sawQuote = true
    } else if (!quoted && (c === ',' || c === '\r' || c === '\n')) {
      row.push(field === '' && !sawQuote ? null : field)
      field = ''
      sawQuote = false
      if (c === '\r') at++
      if (c !== ',') {
        rows.push(row)
        row = []
      }
    } else field += c
  }
  return rows
}

const value = fc.option(
  fc.oneof(
    fc.string(),
    fc.constantFrom('', 'NULL', '"', '""', ',', '\r\n', '\n\\.\n', '\\.', 'a\n\\.\n\\.\nb', ' x '),
  ),
)

test('CSV gives the same rows back, null and empty apart', () => {
  for (const lineEnd of ['\n', '\r\n'] as const) {
    for (const forPostgres of [true, false]) {
      fc.assert(
        fc.property(fc.array(fc.array(value, { minLength: 1, maxLength: 4 })), (rows) => {
          const text = rows.map((row) => csvLine(row, { lineEnd, forPostgres })).join('')
          assert.deepEqual(readCsv(text), rows)
          if (forPostgres) assert.doesNotMatch(text, /^\\\.\r?$/m)
        }),
      )
    }
  }
  assert.equal(
    csvHeader(['id', 'a "b", c'], { lineEnd: '\r\n', forPostgres: false }),
    '"id","a ""b"", c"\r\n',
  )
  assert.equal(csvLine([null, '', 'x'], { lineEnd: '\n', forPostgres: true }), ',"",x\n')
})

test('a number is a JSON number only where nothing is lost', () => {
  const cases = {
    '0': '0',
    '-12': '-12',
    '1.10': '1.10',
    '9007199254740991': '9007199254740991',
    '9007199254740993': '"9007199254740993"',
    '-9223372036854775808': '"-9223372036854775808"',
    '0.1234567890123456789': '"0.1234567890123456789"',
    NaN: '"NaN"',
    Infinity: '"Infinity"',
    '1e-07': '1e-07',
    '3.141592653589793': '3.141592653589793',
  }
  for (const [text, json] of Object.entries(cases)) assert.equal(jsonValue(text, 'number'), json)
})

test('bigints and doubles come back as they were', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (n) => {
      assert.equal(BigInt(JSON.parse(jsonValue(String(n), 'number')) as string | number), n)
    }),
  )
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (n) => {
      assert.equal(Number(JSON.parse(jsonValue(String(n), 'number'))), Object.is(n, -0) ? 0 : n)
    }),
  )
})

test('values have the kind of their type', () => {
  assert.equal(jsonKind('numeric(12,2)'), 'number')
  assert.equal(jsonKind('bigint'), 'number')
  assert.equal(jsonKind('jsonb'), 'json')
  assert.equal(jsonKind('integer[]'), 'text')
  assert.equal(jsonKind('money'), 'text')
  assert.equal(jsonValue('t', 'boolean'), 'true')
  assert.equal(jsonValue(null, 'json'), 'null')
  assert.equal(jsonValue('{"a": [1]}', 'json'), '{"a": [1]}')
  assert.equal(jsonValue('a"\n', 'text'), '"a\\"\\n"')
})

test('rows become one JSON array', async () => {
  const columns = [
    { name: 'id', type: 'bigint' },
    { name: 'a "b"', type: 'text' },
  ]
  const write = async (texts: readonly string[]) => {
    async function* slabs() {
      for (const text of texts) yield Buffer.from(text, 'latin1')
    }
    let json = ''
    for await (const bytes of jsonRows({ slabs: slabs(), columns, decode: asUtf8 }))
      json += Buffer.from(bytes).toString()
    return JSON.parse(json) as unknown
  }
  assert.deepEqual(await write([]), [])
  assert.deepEqual(await write([encodeRow(['1', null]), encodeRow(['2', '']), encodeRow(['3', 'Ã©'])]), [
    { id: 1, 'a "b"': null },
    { id: 2, 'a "b"': '' },
    { id: 3, 'a "b"': 'é' },
  ])
})

test('file names are safe, short and never the same for two tables', () => {
  assert.equal(fileName('public', 'orders', 'csv'), 'public.orders.csv')
  assert.equal(fileName('a.b', 'Ä/../x', 'csv'), 'a%2eb.%c3%84%2f%2e%2e%2fx.csv')
  const name = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 63 })
    .filter((text) => text.isWellFormed())
  fc.assert(
    fc.property(name, name, name, name, (s1, t1, s2, t2) => {
      const [a, b] = [fileName(s1, t1, 'csv'), fileName(s2, t2, 'csv')]
      assert.match(a, /^[a-z0-9_%.~-]{1,210}$/)
      assert.equal(a === b, s1 === s2 && t1 === t2)
    }),
  )
  assert.notEqual(fileName('a.b', 'c', 'csv'), fileName('a', 'b.c', 'csv'))
  assert.notEqual(fileName('s', 'Orders', 'csv').toLowerCase(), fileName('s', 'orders', 'csv').toLowerCase())
})
