import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { newRepository, requireSame, stateOf } from '../support/journey.ts'
import { stopTestServers, testServer } from '../support/postgres.ts'

after(stopTestServers)

/** What pg_dump writes labels of, by catalog. No provider is there, so they are put into the catalog by hand. */
const labelled: Readonly<Record<string, readonly string[]>> = {
  pg_class: ['t', 'v', 'm', 's'],
  pg_namespace: ['app'],
  pg_proc: ['f', 'p'],
  pg_type: ['pair', 'word'],
  pg_language: ['plpgsql'],
  pg_publication: ['pub'],
  pg_event_trigger: ['watches'],
}

const nameOf: Readonly<Record<string, string>> = {
  pg_class: 'relname',
  pg_namespace: 'nspname',
  pg_proc: 'proname',
  pg_type: 'typname',
  pg_language: 'lanname',
  pg_publication: 'pubname',
  pg_event_trigger: 'evtname',
}

test('security labels whose provider the target has not loaded are told, whatever they are on, and stop nothing', async () => {
  const server = await testServer(17)
  const repository = await newRepository(openMemoryStorage())
  await using source = await server.database()
  await source.query(`
    CREATE SCHEMA app; CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t VALUES (1, 'b'); CREATE VIEW v AS SELECT a FROM t; CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
    CREATE SEQUENCE s; CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
    CREATE TYPE pair AS (a int); CREATE DOMAIN word AS text; CREATE PUBLICATION pub FOR TABLE t; CREATE EVENT TRIGGER watches ON sql_drop EXECUTE FUNCTION f();
    CREATE SUBSCRIPTION sub CONNECTION 'host=192.0.2.1' PUBLICATION p WITH (connect = false, slot_name = NONE)`)
  const unlabelled = await stateOf(source.url)
  const inserts = Object.entries(labelled).flatMap(([catalog, names]) =>
    names.map(
      (name) => `INSERT INTO pg_seclabel (objoid, classoid, objsubid, provider, label)
        SELECT oid, '${catalog}'::regclass, 0, 'nobody', 'label of ${name}' FROM ${catalog} WHERE ${nameOf[catalog]} = '${name}'`,
    ),
  )
  await source.query(`SET allow_system_table_mods = on; ${inserts.join('; ')};
    INSERT INTO pg_seclabel (objoid, classoid, objsubid, provider, label) VALUES ('t'::regclass, 'pg_class'::regclass, 2, 'nobody', 'of a column');
    INSERT INTO pg_shseclabel (objoid, classoid, provider, label) SELECT oid, 'pg_subscription'::regclass, 'nobody', 'x' FROM pg_subscription WHERE subname = 'sub'`)
  await repository.backUp(source.url)
  await using target = await server.database()
  const report = await repository.restoreTo(target.url)
  requireSame(await stateOf(target.url), unlabelled, 'the copy')
  assert.ok(report.warnings.every((w) => /security label .*provider "nobody" is not loaded/.test(w)))
  const told = [
    'TABLE t', 'VIEW v', 'MATERIALIZED VIEW m', 'SEQUENCE s', 'SCHEMA app', 'FUNCTION f()', 'PROCEDURE p()',
    'TYPE pair', 'DOMAIN word', 'PUBLICATION pub', 'SUBSCRIPTION sub', 'EVENT TRIGGER watches',
  ] // prettier-ignore
  for (const name of told)
    assert.ok(
      report.warnings.some((w) => w.includes(name)),
      `${name} in ${report.warnings.join('\n')}`,
    )
})
