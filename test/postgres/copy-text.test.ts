import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError } from '../../src/lib/errors.ts'
import {
  asBytes,
  asUtf8,
  encodeRow,
  parseRows,
  type DecodeValue,
  type TextRow,
} from '../../src/postgres/copy-text.ts'

async function parse(
  slabs: readonly Uint8Array[],
  columns: number,
  decode?: DecodeValue,
): Promise<TextRow[]> {
  async function* stream() {
    yield* slabs
  }
  const rows: TextRow[] = []
  for await (const batch of parseRows({
    slabs: stream(),
    columns,
    ...(decode === undefined ? {} : { decode }),
  })) {
    rows.push(...batch)
  }
  return rows
}

const bytes = (text: string) => Buffer.from(text, 'latin1')

function cut(all: Uint8Array, at: readonly number[]): Uint8Array[] {
  const borders = [0, ...at.map((n) => n % (all.length + 1)).toSorted((a, b) => a - b), all.length]
  return borders.slice(1).map((end, i) => all.subarray(borders[i], end))
}

const value = fc.option(
  fc.oneof(
    fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)) }),
    fc.constantFrom(
      '',
      '\\N',
      '\\.',
      'N',
      '\n',
      '\r\n',
      '\t',
      '\\',
      '\\\\',
      '\\x41',
      '\\101',
      'a\\',
      '\b\f\v',
    ),
  ),
)

test('whatever is encoded is parsed as it was, wherever it is cut', async () => {
  const table = fc
    .integer({ min: 0, max: 5 })
    .chain((columns) =>
      fc.tuple(fc.constant(columns), fc.array(fc.array(value, { minLength: columns, maxLength: columns }))),
    )
  await fc.assert(
    fc.asyncProperty(table, fc.array(fc.nat(), { maxLength: 20 }), async ([columns, rows], at) => {
      const all = bytes(rows.map(encodeRow).join(''))
      assert.deepEqual(await parse(cut(all, at), columns, asBytes), rows)
    }),
    { numRuns: 500 },
  )
})

test('text of all planes survives in UTF-8', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary' }).filter((s) => !s.includes('\0') && s.isWellFormed()),
      async (text) => {
        const line = bytes(encodeRow([Buffer.from(text).toString('latin1')]))
        assert.deepEqual(await parse(cut(line, [1, 3]), 1), [[text]])
      },
    ),
  )
})

test('every escape that COPY reads', async () => {
  const line =
    String.raw`\b\f\n\r\t\v` +
    '\t' +
    String.raw`\\` +
    '\t' +
    String.raw`\N` +
    '\t\t' +
    String.raw`\101\x42\x4g\7\q\.` +
    '\n'
  assert.deepEqual(await parse([bytes(line)], 5), [['\b\f\n\r\t\v', '\\', null, '', 'AB\x04g\x07q.']])
})

test('null is not the text of its mark', async () => {
  assert.deepEqual(await parse([bytes('\\N\t\\\\N\tN\n')], 3), [[null, '\\N', 'N']])
  assert.equal(encodeRow([null, '\\N', '']), '\\N\t\\\\N\t\n')
})

test('bytes that are no UTF-8 stay readable one by one', async () => {
  assert.deepEqual(await parse([Buffer.from([0xe9, 0x09, 0xc3, 0xa9, 0x0a])], 2, asUtf8), [['é', 'é']])
  assert.deepEqual(await parse([Buffer.from([0xc3, 0xa9, 0x0a])], 1, asBytes), [['Ã©']])
})

test('rows of a table without columns, and of one with a single empty value', async () => {
  assert.deepEqual(await parse([bytes('\n\n')], 0), [[], []])
  assert.deepEqual(await parse([bytes('\n\n')], 1), [[''], ['']])
  assert.deepEqual(await parse([], 3), [])
})

test('what is no COPY text is refused', async () => {
  for (const [text, columns] of [
    ['a\tb\n', 3],
    ['a\tb\n', 1],
    ['a', 1],
    ['a\\\n', 1],
    ['x\n', 0],
  ] as const) {
    await assert.rejects(
      parse([bytes(text)], columns),
      (error) => isHoldfastError(error, 'object_damaged'),
      text,
    )
  }
})
