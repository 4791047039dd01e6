import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SchemaEntry } from '../../src/postgres/schema/entry.ts'
import { callingOut } from '../../src/restore/quarantine/calling-out.ts'

const entry = (id: number, type: string, name: string): SchemaEntry => ({
  id,
  type,
  phase: 'post',
  schema: 'app',
  name,
  owner: null,
  catalogOid: 0,
  oid: 0,
  dependsOn: [],
  offset: 0,
  length: 0,
  lengthWithoutOwner: 0,
})

/** Which of the triggers, each named as the function it runs, call out. */
function found(o: {
  functions: Readonly<Record<string, string>>
  triggers: readonly string[]
  extensions?: readonly string[]
}): string[] {
  const texts = new Map<SchemaEntry, string>()
  const make = (type: string, name: string, sql: string): SchemaEntry => {
    const made = entry(texts.size, type, name)
    texts.set(made, sql)
    return made
  }
  for (const [name, body] of Object.entries(o.functions))
    make(
      'FUNCTION',
      name,
      `CREATE FUNCTION app.${name}() RETURNS trigger\n    LANGUAGE plpgsql\n    AS $_$${body}$_$;\n`,
    )
  for (const name of o.extensions ?? []) make('EXTENSION', name, `CREATE EXTENSION ${name};`)
  const triggers = o.triggers.map((name) =>
    make(
      'TRIGGER',
      name,
      `CREATE TRIGGER t AFTER INSERT ON app.orders FOR EACH ROW EXECUTE FUNCTION app.${name}('x');\n`,
    ),
  )
  return [...callingOut([...texts.keys()], triggers, (e) => texts.get(e) ?? '')].map(({ name }) => name)
}

test('triggers that call out through any number of functions are found, and others are not', () => {
  const functions = {
    sends: 'SELECT net.http_post(url)',
    '"Passes"': 'PERFORM app.sends (url)',
    a: `EXECUTE 'SELECT APP . "Passes"()'`,
    b: 'CALL a(1); PERFORM b()',
    elsewhere: 'PERFORM other.sends(1)',
    capitals: 'PERFORM passes()',
    round: 'PERFORM around()',
    around: 'PERFORM round()',
    longer: 'PERFORM resends(1), sends_not(1)',
    none: 'RETURN new',
  }
  const triggers = ['a', 'b', 'sends', 'elsewhere', 'capitals', 'round', 'longer', 'none']
  assert.deepEqual(found({ functions, triggers }), ['a', 'b', 'sends'])
})

test('functions of an extension call out where the backup has it', () => {
  const functions = { gets: 'PERFORM extensions.http_get(url)', links: 'PERFORM dblink_exec(x, y)' }
  const triggers = ['gets', 'links']
  assert.deepEqual(found({ functions, triggers }), [])
  assert.deepEqual(found({ functions, triggers, extensions: ['http'] }), ['gets'])
  assert.deepEqual(found({ functions, triggers, extensions: ['http', 'dblink'] }), ['gets', 'links'])
})

test('a large body takes no longer than it must', () => {
  const functions = {
    sends: 'SELECT net.http_post(url)',
    big: `${'x'.repeat(1_000_000)} ${'"'.repeat(100_001)} sends()`,
  }
  assert.deepEqual(found({ functions, triggers: ['big'] }), ['big'])
})
