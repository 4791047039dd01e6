import assert from 'node:assert/strict'
import { it } from 'node:test'
import { adaptEntry } from '../../../src/postgres/schema/adapt.ts'

const old = { lz4: false, major: 15 }
const set = (table: string, column: string): string =>
  `ALTER TABLE ONLY ${table} ALTER COLUMN ${column} SET COMPRESSION lz4;`

it('leaves out lz4 where the target has none', () => {
  const create = `CREATE TABLE public.t (\n    a text,\n    "b;'$$" text\n);\n`
  const plain = set('public.t', 'a')
  const quoted = set('"s."".x"."t; --"', `"b;'$$"`)
  const other = 'ALTER TABLE ONLY public.t ALTER COLUMN a SET STORAGE EXTERNAL;\n'
  const sql = `${create}${plain}\n${other}${quoted}\n\n`
  assert.deepEqual(adaptEntry(sql, old), { sql: create + other, leftOut: [plain, quoted] })
  assert.deepEqual(adaptEntry(sql, { lz4: true, major: 18 }), { sql, leftOut: [] })
})

it('keeps text that looks like it', () => {
  const text = `\n${set('public.t', 'a')}\n`
  for (const around of [
    `'${text}'`,
    `E'\\'${text}'`,
    `"${text}"`,
    `$$;${text}$$`,
    `$a$ $$;${text}$a$`,
    `'it''s;${text}'`,
  ]) {
    const sql = `CREATE TABLE public.t (a text DEFAULT ${around});\n`
    assert.deepEqual(adaptEntry(sql, old), { sql, leftOut: [] })
  }
  const comment = `COMMENT ON TABLE public.t IS ';${text}';\n${set('public.t', 'a')}\n`
  assert.equal(adaptEntry(comment, old).sql, `COMMENT ON TABLE public.t IS ';${text}';\n`)
})

it('takes an option from a subscription that older servers do not know', () => {
  const connection = `CREATE SUBSCRIPTION s CONNECTION 'a, run_as_owner = true);' PUBLICATION p WITH (connect = false`
  const owner = 'ALTER SUBSCRIPTION "s" OWNER TO "postgres";\n'
  const before = `${connection}, run_as_owner = true, origin = none, synchronous_commit = 'on');\n${owner}`
  const after = `${connection}, origin = none, synchronous_commit = 'on');\n${owner}`
  assert.deepEqual(adaptEntry(before, old), { sql: after, leftOut: [] })
  assert.equal(adaptEntry(before, { lz4: false, major: 16 }).sql, before)
  assert.equal(adaptEntry(`${connection});\n${owner}`, old).sql, `${connection});\n${owner}`)
})

it('makes inherited columns NOT NULL in the way that servers before 18 know', () => {
  const before = (list: string): string =>
    `SET default_tablespace = x;\n\nCREATE TABLE s."t (\n    NOT NULL a" (\n${list})\nINHERITS (s.p);\nALTER TABLE s.t OWNER TO o;\n`
  const alter = (column: string): string =>
    `ALTER TABLE ONLY s."t (\n    NOT NULL a" ALTER COLUMN ${column} SET NOT NULL;\n`
  const after = (list: string, ...columns: string[]): string =>
    before(list).replace('ALTER TABLE s.t', `${columns.map(alter).join('')}ALTER TABLE s.t`)
  const seventeen = { lz4: true, major: 17 }
  const cases: [string, string, string[]][] = [
    [
      `    b text DEFAULT 'x\n    NOT NULL c,\n',\n    NOT NULL a\n`,
      `    b text DEFAULT 'x\n    NOT NULL c,\n'\n`,
      ['a'],
    ],
    [`    NOT NULL "a ""b, (",\n    NOT NULL c\n`, '', ['"a ""b, ("', 'c']],
    [`    NOT NULL a,\n    c integer NOT NULL\n`, `    c integer NOT NULL\n`, ['a']],
    [`    a integer NOT NULL\n`, `    a integer NOT NULL\n`, []],
  ]
  for (const [list, expected, columns] of cases) {
    assert.deepEqual(adaptEntry(before(list), seventeen).sql, after(expected, ...columns))
    assert.equal(adaptEntry(before(list), { lz4: true, major: 18 }).sql, before(list))
  }
})
