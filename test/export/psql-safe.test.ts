import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { commentText, psqlSafe, psqlSafeRows } from '../../src/export/psql-safe.ts'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { encodeRow } from '../../src/postgres/copy-text.ts'

const unsafe = (error: unknown) => isHoldfastError(error, 'export_unsafe')

test('SQL that pg_dump writes passes unchanged', () => {
  for (const sql of [
    `CREATE TABLE a."we\\ird" (t text DEFAULT 'back\\slash'::text, u text DEFAULT E'tab\\tquote\\'s');\n`,
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $_$ SELECT 'a\\b' || $1 $_$;\n",
    'CREATE FUNCTION g() AS $a$ $b$ \\! \n \\q $b$ $a$;\n',
    "COMMENT ON TABLE x IS '\\! rm\n\\! rm';\n",
    '-- Name: \\! in a comment\nSELECT 1;\n',
    '/* \\! /* \\! */ \\! */ SELECT 2;\n',
    'SELECT a$b$c, x::text, f(y := 1);\n',
    'CREATE TABLE "a\n\\! touch x\n" ();\n',
  ]) {
    assert.equal(psqlSafe(sql), sql)
  }
})

test('a backslash that psql would see is refused', () => {
  for (const sql of [
    '\\! touch x\n',
    'SELECT 1;\n\\q\n',
    "SELECT 'a' \\g x\n",
    '-- comment\r\\! touch x\n',
    '$a$ $b$ $a$ \\! x $b$',
    "SELECT 'a''' \\! x",
    'SELECT a$b$ \\! x $b$',
    'SELECT $1$x$ $x$ \\! y',
    "SELECT E'a'\n'\\'' \\! touch x '",
    "SELECT E'a' -- c\n '\\'' \\! touch x '",
    "SELECT E'\\' \\! touch x ",
    "SELECT 'open",
    'SELECT "open',
    '/* open /* */ \\!',
  ]) {
    assert.throws(() => psqlSafe(sql), unsafe, sql)
  }
})

test('an array slice is no variable of psql', () => {
  assert.equal(
    psqlSafe('SELECT a[1:n], b[1:"HOST"], c[1:2]::int[], \':x\', ":y"'),
    'SELECT a[1: n], b[1: "HOST"], c[1: 2]::int[], \':x\', ":y"',
  )
})

test('no name ends its comment', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      // oxlint-disable-next-line no-control-regex
      assert.doesNotMatch(commentText(`a\n${name}\r\\! x`), /[\0-\x1f]/)
    }),
  )
})

async function pass(slabs: readonly string[]): Promise<string> {
  async function* stream() {
    for (const slab of slabs) yield Buffer.from(slab, 'latin1')
  }
  let text = ''
  for await (const bytes of psqlSafeRows(stream())) text += Buffer.from(bytes).toString('latin1')
  return text
}

/** All ways to cut a text in three. */
function* cuts(text: string): Generator<string[]> {
  for (let a = 0; a <= text.length; a++) {
    for (let b = a; b <= text.length; b++) yield [text.slice(0, a), text.slice(a, b), text.slice(b)]
  }
}

test('rows that end early are refused, wherever they are cut', async () => {
  for (const text of ['\\.\n\\! x\n', 'a\n\\.\n', 'a\tb\n\\.\r\n', 'a\rb\n']) {
    for (const slabs of cuts(text)) await assert.rejects(pass(slabs), unsafe, JSON.stringify(slabs))
    await assert.rejects(pass([...text]), unsafe)
  }
  await assert.rejects(pass(['a\tb']), (error) => isHoldfastError(error, 'object_damaged'))
})

test('every row that a server could send passes', async () => {
  const values = fc.array(fc.oneof(fc.string(), fc.constantFrom('\\.', '\n\\.\n', '.', '\\', '\r\n')), {
    minLength: 1,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(values), fc.nat(), async (rows, at) => {
      const text = rows
        .map(encodeRow)
        .join('')
        .replaceAll(/[^\0-\xff]/g, '?')
      const border = at % (text.length + 1)
      assert.equal(await pass([text.slice(0, border), text.slice(border)]), text)
    }),
  )
})
