import assert from 'node:assert/strict'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { hardTroubles } from '../fixtures/hard.ts'
import { loadAreas } from '../support/hard-database.ts'
import {
  besideUrl,
  contentsOf,
  failure,
  newRepository,
  requireSame,
  schemaOf,
  stateOf,
  type JourneyRepository,
  type MadeBackup,
} from '../support/journey.ts'
import type { RestoreReport } from '../../src/restore/types.ts'
import { testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
})

after(() => server.stop('immediate'))

interface Travel extends MadeBackup {
  readonly source: TestDatabase
  readonly target: TestDatabase
  readonly report: RestoreReport
}

/** Backs a new database up and restores it into another, then looks at both. */
async function travel(
  fill: readonly string[] | ((database: TestDatabase) => Promise<void>),
  look: (travel: Travel) => Promise<void> | void = () => undefined,
  same = true,
): Promise<void> {
  await using source = await server.database()
  await using target = await server.database()
  if (typeof fill === 'function') await fill(source)
  else for (const statement of fill) await source.query(statement)
  const made = await repository.backUp(source.url)
  const report = await repository.restoreTo(target.url)
  if (same) requireSame(await stateOf(target.url), await stateOf(source.url), 'the copy')
  await look({ ...made, source, target, report })
}

const trouble = (name: string) => async (database: TestDatabase) => {
  const areas = hardTroubles().filter((area) => area.name === name)
  assert.equal(areas.length, 1, name)
  await loadAreas(database, areas)
}

test('CHECK constraints that read other tables or need a search path come back as they were', async () => {
  for (const name of ['check_reads_another_table', 'check_depends_on_search_path']) {
    await travel(trouble(name), ({ report }) => assert.deepEqual(report.warnings, []))
  }
})

test('a CHECK constraint that rows do not pass any more is NOT VALID, and told', async () => {
  await travel(
    trouble('check_depends_on_time'),
    async ({ source, target, report }) => {
      assert.deepEqual(await contentsOf(target.url), await contentsOf(source.url))
      assert.equal(report.warnings.length, 1)
      assert.match(report.warnings[0] ?? '', /events_at_check of trouble_time\.events is NOT VALID/)
      await assert.rejects(
        target.query(`INSERT INTO trouble_time.events VALUES ('2020-01-01')`),
        /check constraint/,
      )
      await target.query(`INSERT INTO trouble_time.events VALUES ('2090-01-01')`)
    },
    false,
  )
})

test('CHECK constraints are put back where they were inherited from', async () => {
  const allowed = `CREATE TABLE z_allowed (kind text); INSERT INTO z_allowed VALUES ('a'), ('b');
    CREATE FUNCTION allowed(text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.z_allowed z WHERE z.kind = $1)'`
  await travel(
    [
      allowed,
      `CREATE TABLE base (kind text CONSTRAINT known CHECK (allowed(kind)), CONSTRAINT alone CHECK (allowed(kind)) NO INHERIT);
       COMMENT ON CONSTRAINT known ON base IS 'It''s known';
       CREATE TABLE child (n int, CONSTRAINT own CHECK (allowed(kind) OR n = 0)) INHERITS (base); CREATE TABLE other (kind text CONSTRAINT known CHECK (allowed(kind))) INHERITS (base)`,
      `CREATE TABLE parts (kind text, CONSTRAINT whole CHECK (allowed(kind))) PARTITION BY LIST (kind);
       CREATE TABLE part_a PARTITION OF parts (CONSTRAINT leaf CHECK (allowed(kind))) FOR VALUES IN ('a'); CREATE TABLE part_b PARTITION OF parts FOR VALUES IN ('b')`,
      `INSERT INTO base VALUES ('a'); INSERT INTO child VALUES ('b', 1); INSERT INTO other VALUES ('a'); INSERT INTO parts VALUES ('a'), ('b'), ('a')`,
    ],
    ({ report }) => assert.deepEqual(report.warnings, []),
  )
})

test('a foreign key that the source itself breaks is NOT VALID, and told', async () => {
  await travel(
    trouble('foreign_key_broken'),
    async ({ source, target, report }) => {
      assert.deepEqual(await contentsOf(target.url), await contentsOf(source.url))
      assert.match(report.warnings.join(), /child_parent_id_fkey is NOT VALID/)
      await assert.rejects(target.query('INSERT INTO trouble_key.child VALUES (9, 9)'), /foreign key/)
    },
    false,
  )
})

test('indexes and materialized views whose functions rely on a search path', async () => {
  await travel(trouble('index_depends_on_search_path'))
  await travel(trouble('invalid_index'))
  await travel([
    `CREATE SCHEMA s; SET search_path = s; CREATE TABLE words (a text); INSERT INTO words VALUES ('A'), ('B');
     CREATE FUNCTION helper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
     CREATE FUNCTION calls(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN helper($1); END'`,
    // Servers from 17 on build indexes and fill views under a safe path themselves, so these exist from before.
    `CREATE TABLE s.generated (a text, b text GENERATED ALWAYS AS (s.calls(a)) STORED)`,
    `SET search_path = s; INSERT INTO generated (a) VALUES ('X'), ('Y')`,
  ])
})

test('materialized views that depend on each other, against the order of their names', async () => {
  await travel([
    'CREATE TABLE rows AS SELECT generate_series(1, 100) AS n',
    'CREATE MATERIALIZED VIEW z AS SELECT n FROM rows WHERE n % 2 = 0; CREATE MATERIALIZED VIEW m AS SELECT n FROM z WHERE n % 3 = 0',
    'CREATE VIEW b AS SELECT n FROM m; CREATE MATERIALIZED VIEW a AS SELECT count(*) FROM b; CREATE UNIQUE INDEX ON z (n)',
    'CREATE MATERIALIZED VIEW c_empty AS SELECT n FROM a, z WITH NO DATA',
  ])
})

test('exclusion constraints of partitioned tables come back with those of the partitions, under their names', () =>
  travel(
    [
      `CREATE SCHEMA s; CREATE TABLE booking (room int4range, at int4range, CONSTRAINT "its \\ ""own""" EXCLUDE USING gist (room WITH =, at WITH &&) DEFERRABLE, PRIMARY KEY (room, at)) PARTITION BY LIST (room);
      CREATE TABLE s.one PARTITION OF booking FOR VALUES IN ('[1,1]'); CREATE TABLE s.rest PARTITION OF booking DEFAULT PARTITION BY LIST (room);
      CREATE TABLE "it's" PARTITION OF s.rest DEFAULT`,
      // The name that the server would give is another's.
      `ALTER TABLE s.one RENAME CONSTRAINT one_room_at_excl TO was; ALTER TABLE s.one ADD CONSTRAINT one_room_at_excl EXCLUDE USING gist (at WITH =);
      ALTER TABLE "it's" RENAME CONSTRAINT "it's_room_at_excl" TO "x \\ "" $$"; ALTER TABLE s.rest RENAME CONSTRAINT rest_room_at_excl TO "it's_room_at_excl";
      ALTER TABLE s.one CLUSTER ON was; COMMENT ON INDEX s.was IS 'theirs'; COMMENT ON CONSTRAINT "x \\ "" $$" ON "it's" IS 'deep'`,
      `INSERT INTO booking VALUES ('[1,1]', '[1,5]'), ('[1,1]', '[6,9]'), ('[2,2]', '[1,5]')`,
    ],
    async ({ target, report }) => {
      assert.deepEqual(report.warnings, [])
      await assert.rejects(target.query(`INSERT INTO booking VALUES ('[2,2]', '[5,6]')`), { code: '23P01' })
      await target.query(`CREATE TABLE two PARTITION OF booking FOR VALUES IN ('[7,7]')`)
      await target.query(`INSERT INTO booking VALUES ('[7,7]', '[1,5]')`)
      await assert.rejects(target.query(`INSERT INTO booking VALUES ('[7,7]', '[5,6]')`), { code: '23P01' })
    },
  ))

test('what is made before rows and needs a primary key finds it there', () =>
  travel([
    `CREATE TABLE prices (id int PRIMARY KEY, price int);
    CREATE FUNCTION highest() RETURNS int STABLE BEGIN ATOMIC SELECT max(price) FROM (SELECT id, price FROM prices GROUP BY id) p; END;
    CREATE DOMAIN allowed AS int CHECK (VALUE <= highest());
    CREATE TABLE orders (price int DEFAULT highest(), most allowed); CREATE MATERIALIZED VIEW top AS SELECT highest() AS price;
    CREATE TABLE of_top (was top); INSERT INTO prices VALUES (1, 10), (2, 20); INSERT INTO orders VALUES (DEFAULT, 5); INSERT INTO of_top VALUES (ROW(7));
    REFRESH MATERIALIZED VIEW top`,
  ]))

test('foreign tables that inherit from others are not asked for anything', () =>
  travel([
    `CREATE EXTENSION postgres_fdw; CREATE SERVER nowhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nowhere');
    CREATE USER MAPPING FOR PUBLIC SERVER nowhere; CREATE TABLE above (id int); CREATE TABLE here (a int) INHERITS (above);
    CREATE FOREIGN TABLE far (a int) INHERITS (above) SERVER nowhere; CREATE FOREIGN TABLE farther () INHERITS (here) SERVER nowhere;
    INSERT INTO above VALUES (1); INSERT INTO here VALUES (2, 3)`,
  ]))

test('marks of cycles come back, which the server does not write as it reads them', () => {
  const walk = (cycle: string): string =>
    `WITH RECURSIVE r (a, b) AS (SELECT 1, 2 UNION SELECT b, a FROM r) ${cycle} USING p SELECT a, b, mark FROM r`
  return travel([
    `CREATE TYPE "a mood" AS ENUM ('it''s', 'b'); CREATE VIEW one AS ${walk(`CYCLE a, b SET mark TO 'Y' DEFAULT 'N'`)};
    CREATE VIEW two AS ${walk(`SEARCH DEPTH FIRST BY a SET o CYCLE a SET mark TO "a mood" 'it''s' DEFAULT 'b'`)};
    CREATE FUNCTION three() RETURNS text BEGIN ATOMIC SELECT mark FROM (${walk(`CYCLE a SET mark TO char(2) E'\\\\' DEFAULT ' ::'`)}) s; END;
    CREATE FUNCTION four() RETURNS text LANGUAGE sql AS $$ SELECT ' CYCLE a SET b TO ''x''::text DEFAULT 1 USING c' $$`,
  ])
})

test('triggers, also those that always fire, and rules do not touch the restored rows', async () => {
  const spoil = (name: string): string =>
    `CREATE TRIGGER ${name} BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION spoil()`
  await travel([
    `CREATE TABLE log (n int); CREATE TABLE watched (n int); INSERT INTO watched SELECT generate_series(1, 50);
     CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := -1; INSERT INTO public.log VALUES (1); RETURN NEW; END $$`,
    `${['one', 'two', 'three', 'four'].map(spoil).join(';')};
     ALTER TABLE watched ENABLE ALWAYS TRIGGER two, ENABLE REPLICA TRIGGER three, DISABLE TRIGGER four`,
    `CREATE TABLE ruled (n int); INSERT INTO ruled VALUES (1), (2); CREATE RULE away AS ON INSERT TO ruled DO INSTEAD NOTHING;
     CREATE TABLE ruled_always (n int); INSERT INTO ruled_always VALUES (3); CREATE RULE also AS ON INSERT TO ruled_always DO ALSO DELETE FROM public.ruled_always; ALTER TABLE ruled_always ENABLE ALWAYS RULE also`,
  ])
})

test('event triggers that forbid everything are restored, and do not stop their own restore', async () => {
  await travel([
    `CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE MATERIALIZED VIEW m AS SELECT a FROM t; GRANT SELECT ON t TO PUBLIC;
     CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not here: %', tg_tag; END $$`,
    `CREATE EVENT TRIGGER a_end ON ddl_command_end EXECUTE FUNCTION forbid(); CREATE EVENT TRIGGER b_start ON ddl_command_start EXECUTE FUNCTION forbid();
     CREATE EVENT TRIGGER c_drop ON sql_drop EXECUTE FUNCTION forbid(); ALTER EVENT TRIGGER c_drop ENABLE ALWAYS;
     COMMENT ON EVENT TRIGGER b_start IS 'no'`,
  ])
  await travel(trouble('event_trigger_refuses'))
})

test('an event trigger that fires at every login is restored, into a new database and into one that is there', async () => {
  await using source = await server.database()
  await source.query(`CREATE TABLE t (a int); INSERT INTO t VALUES (1); ALTER DATABASE ${source.name} SET work_mem = '5MB';
    CREATE FUNCTION greet() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; END $$;
    CREATE EVENT TRIGGER greeting ON login EXECUTE FUNCTION greet()`)
  await repository.backUp(source.url)
  const expected = await stateOf(source.url)
  await using target = await server.database()
  const made = `${target.name}_made`
  try {
    for (const [name, createDatabase] of [
      [target.name, false],
      [made, true],
    ] as const) {
      const url = besideUrl(server.url(), name)
      await repository.restoreTo(url, { createDatabase })
      requireSame(await stateOf(url), expected, `the copy in ${name}`)
    }
    assert.deepEqual(await server.query('SHOW work_mem', made), [{ work_mem: '5MB' }])
  } finally {
    await server.query(`DROP DATABASE IF EXISTS ${made} WITH (FORCE)`)
  }
})

test('of an extension only the rows it declares its configuration are held, and its absence is found first', async (t) => {
  const directory = await temporaryDirectory(t)
  await chmod(directory, 0o755)
  await mkdir(join(directory, 'extension'), { mode: 0o755 })
  await writeFile(
    join(directory, 'extension', 'sample_ext.control'),
    "default_version = '1.0'\nrelocatable = true\n",
  )
  await writeFile(
    join(directory, 'extension', 'sample_ext--1.0.sql'),
    `CREATE TABLE settings (id serial PRIMARY KEY, name text, shipped boolean DEFAULT false);
     INSERT INTO settings (name, shipped) VALUES ('shipped', true);
     SELECT pg_catalog.pg_extension_config_dump('settings', 'WHERE NOT shipped');
     SELECT pg_catalog.pg_extension_config_dump('settings_id_seq', '');
     CREATE TABLE jobs (job text); SELECT pg_catalog.pg_extension_config_dump('jobs', '');
     CREATE TABLE internal (n int); INSERT INTO internal VALUES (1);`,
  )
  const settings = { extension_control_path: `$system:${directory}` }
  const extended = await testServer(18, { settings, label: 'extended' })
  await using source = await extended.database()
  await source.query(`CREATE SCHEMA e; CREATE EXTENSION sample_ext SCHEMA e; CREATE TABLE own (a int); INSERT INTO own VALUES (1);
    INSERT INTO e.settings (name) VALUES ('mine'), ('mine too'); INSERT INTO e.jobs VALUES ('* * * * *'); INSERT INTO e.internal VALUES (2)`)
  const { contents, manifest } = await repository.backUp(source.url)
  assert.equal(manifest.totals.rows, 4)
  assert.deepEqual(
    contents.tables.map((table) => table.name),
    ['jobs', 'settings', 'own'],
  )
  await using target = await extended.database()
  await repository.restoreTo(target.url)
  const expected = await stateOf(source.url)
  await source.query('DELETE FROM e.internal WHERE n = 2')
  requireSame(
    await stateOf(target.url),
    { ...expected, tables: (await contentsOf(source.url)).tables },
    'the copy',
  )

  const plain = await testServer(18, { label: 'plain' })
  await using without = await plain.database()
  const refused = await failure(repository.restoreTo(without.url), 'target_lacks')
  assert.match(refused.message, /extension sample_ext is not installed/)
  const url = besideUrl(plain.url(), 'never_made')
  await failure(repository.restoreTo(url, { createDatabase: true }), 'target_lacks')
  assert.deepEqual(await plain.query(`SELECT datname FROM pg_database WHERE datname = 'never_made'`), [])
  const drill = await repository.drill()
  assert.match(drill.notVerified.map((one) => one.what).join('; '), /extension sample_ext.*rows of e\.jobs/)
  assert.deepEqual(
    drill.tables.map((table) => [table.name, table.compared]),
    [['own', 'hashed']],
  )
  assert.match(await schemaOf(target.url), /CREATE EXTENSION IF NOT EXISTS sample_ext WITH SCHEMA e/)
})
