import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textsOf } from '../../src/lib/sentence.ts'
import type { SchemaEntry } from '../../src/postgres/schema/entry.ts'
import { beyondRights } from '../../src/restore/beyond-rights.ts'

type Facts = Parameters<typeof beyondRights>[0]['facts']

const user = { user: 'restorer', major: 18, superuser: false }

const rights: Facts['rights'] = {
  plain: true,
  untrustedExtensions: new Set(['postgres_fdw']),
  languages: new Map([
    ['c', 'untrusted'],
    ['internal', 'untrusted'],
    ['sql', 'usable'],
    ['plpgsql', 'usable'],
    ['Guarded', 'not granted'],
  ]),
  subscribes: false,
}

/** What is said of one entry. */
function said(
  type: string,
  sql: string,
  facts: Partial<Facts & Facts['rights']> = {},
  more: { name?: string; schema?: string | null; present?: string[]; createDatabase?: boolean } = {},
): { problems: string[]; warnings: string[] } {
  const text = Buffer.from(sql)
  const entry: SchemaEntry = {
    id: 1,
    type,
    phase: 'pre',
    schema: more.schema ?? null,
    name: more.name ?? 'x',
    owner: null,
    catalogOid: 0,
    oid: 0,
    dependsOn: [],
    offset: 0,
    length: text.length,
    lengthWithoutOwner: text.length,
  }
  const { problems, warnings } = beyondRights({
    entries: [entry],
    text,
    facts: { ...user, ...facts, rights: { ...rights, ...facts }, extensionsPresent: more.present ?? [] },
    createDatabase: more.createDatabase ?? false,
  })
  return { problems: problems.map((p) => p.message), warnings: textsOf(warnings) }
}

const refused = (type: string, sql: string, facts?: Partial<Facts & Facts['rights']>): void =>
  assert.match(said(type, sql, facts).problems.join(), /^restorer may not make (?:\S.* )?x: /, sql)
const allowed = (type: string, sql: string, facts?: Partial<Facts & Facts['rights']>): void =>
  assert.deepEqual(said(type, sql, facts), { problems: [], warnings: [] }, sql)

test('of functions only those in untrusted languages, or with what only a superuser may say, are beyond a role', () => {
  const make = (rest: string): string =>
    `CREATE FUNCTION app.x(a text DEFAULT ' LANGUAGE c '::text) RETURNS text\n    ${rest};\n`
  refused('FUNCTION', make(`LANGUAGE c STRICT\n    AS '$libdir/x', 'f'`))
  refused('FUNCTION', make(`LANGUAGE internal\n    AS 'textin'`))
  refused('FUNCTION', make(`LANGUAGE sql IMMUTABLE LEAKPROOF\n    AS 'SELECT 1'`))
  refused('PROCEDURE', make(`LANGUAGE plpgsql SUPPORT app.helps\n    AS $$x$$`))
  refused('FUNCTION', make(`LANGUAGE "Guarded"\n    AS 'x'`))
  // A database that is made has the rights of template0, whatever they are where it was asked.
  const made = said('FUNCTION', make(`LANGUAGE "Guarded"\n    AS 'x'`), {}, { createDatabase: true })
  assert.deepEqual(made, { problems: [], warnings: [] })
  allowed('FUNCTION', make(`LANGUAGE sql\n    AS $$\n    LANGUAGE c LEAKPROOF SUPPORT\n$$`))
  allowed(
    'FUNCTION',
    make(`LANGUAGE sql\n    SET "LEAKPROOF.a" TO 'LEAKPROOF'\n    RETURN 'LEAKPROOF'::text`),
  )
  allowed(
    'FUNCTION',
    `CREATE FUNCTION app."LANGUAGE c"() RETURNS app.language\n    LANGUAGE plpgsql\n    AS $_$x$_$;\n`,
  )
  // It comes with the backup, where it is told itself if it can't be made.
  allowed('FUNCTION', make(`LANGUAGE unknown\n    AS 'x'`))
})

test('of types, aggregates, casts, languages and publications the kinds that need a superuser are told apart', () => {
  refused('TYPE', 'CREATE TYPE app.x (\n    INTERNALLENGTH = 4,\n    INPUT = app.x_in\n);\n')
  refused('SHELL TYPE', 'CREATE TYPE app.x;\n')
  allowed('TYPE', 'CREATE TYPE app.x AS (\n\ta integer\n);\n')
  allowed('TYPE', 'CREATE TYPE app.x AS RANGE (\n    subtype = integer\n);\n')
  refused(
    'AGGREGATE',
    'CREATE AGGREGATE app.x(integer) (\n    SFUNC = int8_avg_accum,\n    STYPE = internal\n);\n',
  )
  allowed(
    'AGGREGATE',
    `CREATE AGGREGATE app.x(integer) (\n    SFUNC = int4pl,\n    STYPE = integer,\n    INITCOND = '0'\n);\n`,
  )
  refused('CAST', 'CREATE CAST (app.a AS app.b) WITHOUT FUNCTION AS IMPLICIT;\n')
  refused('CAST', 'CREATE CAST (integer AS character varying) WITH FUNCTION app.f(integer);\n')
  allowed('CAST', 'CREATE CAST (integer AS app.b) WITH FUNCTION app.f(integer) AS IMPLICIT;\n')
  allowed('CAST', 'CREATE CAST (text AS app.b) WITH INOUT;\n')
  refused('PROCEDURAL LANGUAGE', 'CREATE TRUSTED PROCEDURAL LANGUAGE x HANDLER app.h;\n')
  allowed('PROCEDURAL LANGUAGE', 'CREATE OR REPLACE PROCEDURAL LANGUAGE x;\n')
  refused('PUBLICATION', `CREATE PUBLICATION x FOR ALL TABLES WITH (publish = 'insert');\n`)
  allowed('PUBLICATION', `CREATE PUBLICATION " FOR ALL TABLES" WITH (publish = 'insert');\n`)
  refused('PUBLICATION TABLES IN SCHEMA', 'ALTER PUBLICATION x ADD TABLES IN SCHEMA app;\n')
  allowed('PUBLICATION TABLE', 'ALTER PUBLICATION x ADD TABLE ONLY app.t;\n')
  for (const type of [
    'ACCESS METHOD',
    'EVENT TRIGGER',
    'FOREIGN DATA WRAPPER',
    'OPERATOR CLASS',
    'OPERATOR FAMILY',
  ])
    refused(type, `CREATE ${type} x;\n`)
  for (const type of ['OPERATOR', 'COLLATION', 'CONVERSION', 'TABLE', 'TEXT SEARCH DICTIONARY', 'TRIGGER'])
    allowed(type, `CREATE ${type} x;\n`)
})

test('subscriptions need a superuser before 16, and from then on a right and a password', () => {
  const make = (connection: string, options = `slot_name = 'x'`): string =>
    `CREATE SUBSCRIPTION x CONNECTION '${connection}' PUBLICATION p WITH (connect = false, ${options});\n`
  const good = make('host=h user=u password=p')
  refused('SUBSCRIPTION', good, { major: 15, subscribes: true })
  assert.match(
    said('SUBSCRIPTION', good).problems.join(),
    /members of pg_create_subscription .*GRANT pg_create_subscription TO restorer/,
  )
  const may = { subscribes: true }
  allowed('SUBSCRIPTION', good, may)
  allowed('SUBSCRIPTION', good, { ...may, major: 16 })
  allowed('SUBSCRIPTION', make('postgres://u:p@h/d'), may)
  refused('SUBSCRIPTION', make('host=h user=u'), may)
  refused('SUBSCRIPTION', make('host=h password=p', `slot_name = 'x', password_required = false`), may)
})

test('extensions that are no longer to be made, or that any owner can make, are no matter', () => {
  const sql = 'CREATE EXTENSION IF NOT EXISTS postgres_fdw WITH SCHEMA public;\n'
  const of = (name: string, present: string[] = [], createDatabase = false) =>
    said('EXTENSION', sql, {}, { name, present, createDatabase }).problems.join()
  assert.match(
    of('postgres_fdw'),
    /extension postgres_fdw: only a superuser can\. Let one run CREATE EXTENSION/,
  )
  assert.equal(of('citext'), '')
  assert.equal(of('postgres_fdw', ['postgres_fdw']), '')
  assert.notEqual(of('postgres_fdw', ['postgres_fdw'], true), '')
})

test('where a server may make exceptions it is a warning, and grants on what Postgres brings always are', () => {
  const trigger = said('EVENT TRIGGER', 'CREATE EVENT TRIGGER x;\n', { plain: false })
  assert.deepEqual(trigger.problems, [])
  assert.match(
    trigger.warnings.join(),
    /^event trigger x may be refused to restorer: only a superuser can, unless/,
  )
  const grants = said(
    'ACL',
    'REVOKE ALL ON FUNCTION pg_catalog.f() FROM PUBLIC;\n',
    {},
    { name: 'FUNCTION f()', schema: 'pg_catalog' },
  )
  assert.deepEqual(grants.problems, [])
  assert.match(grants.warnings.join(), /grants on pg_catalog\.FUNCTION f\(\).*--no-grants/)
  const as = { superuser: true }
  assert.deepEqual(said('EVENT TRIGGER', 'CREATE EVENT TRIGGER x;\n', as), { problems: [], warnings: [] })
})
