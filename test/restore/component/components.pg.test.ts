import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { before, test } from 'node:test'
import { planComponents } from '../../../src/restore/component/plan.ts'
import { applySchemaUndo, planSchemaUndo } from '../../../src/restore/component/undo.ts'
import type { Component } from '../../../src/restore/component/types.ts'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import {
  applyPlanned,
  componentRequest,
  restoreComponents,
  summaryOf,
  undoSchema,
} from '../../support/component.ts'
import {
  failure,
  newRepository,
  requireSame,
  stateOf,
  type JourneyRepository,
} from '../../support/journey.ts'
import { testServer, type TestDatabase, type TestServer } from '../../support/postgres.ts'

const replace = { create: true, update: true, delete: true }
const create = { create: true, update: false, delete: false }

const schema = `
  CREATE SCHEMA shop AUTHORIZATION keeper;
  CREATE TABLE shop.orders (id int PRIMARY KEY, owner text, amount numeric);
  CREATE TABLE shop."odd ON name" (id int PRIMARY KEY);
  INSERT INTO shop.orders SELECT n, 'keeper', n FROM generate_series(1, 20) n;
  CREATE FUNCTION shop.total(a int) RETURNS int LANGUAGE sql AS 'SELECT $1';
  CREATE FUNCTION shop.total(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT $1 + $2';
  CREATE FUNCTION shop.pick(a int) RETURNS int LANGUAGE sql AS 'SELECT $1';
  CREATE PROCEDURE shop.tidy() LANGUAGE plpgsql AS $$ BEGIN PERFORM 'semi;colon'; END $$;
  CREATE AGGREGATE shop.sum_all(int) (sfunc = int4pl, stype = int);
  ALTER FUNCTION shop.total(int) OWNER TO keeper;
  REVOKE ALL ON FUNCTION shop.total(int, int) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION shop.total(int, int) TO reader;
  COMMENT ON FUNCTION shop.total(int) IS 'of one';
  CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
  CREATE TRIGGER touched BEFORE INSERT OR UPDATE OF amount ON shop.orders FOR EACH ROW WHEN (new.amount > 0) EXECUTE FUNCTION shop.touch();
  CREATE TRIGGER "on ON" AFTER DELETE ON shop."odd ON name" FOR EACH ROW EXECUTE FUNCTION shop.touch();
  ALTER TABLE shop.orders DISABLE TRIGGER touched;
  COMMENT ON TRIGGER touched ON shop.orders IS 'sleeps';
  ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own_rows ON shop.orders FOR SELECT TO reader USING (owner = current_user);
  CREATE POLICY "odd ON" ON shop."odd ON name" AS RESTRICTIVE TO writer USING (id > shop.total(1));
  COMMENT ON POLICY own_rows ON shop.orders IS 'own rows';
  CREATE VIEW shop.large WITH (security_barrier) AS SELECT id, amount FROM shop.orders WHERE amount > 10;
  CREATE VIEW shop.larger AS SELECT id FROM shop.large WHERE amount > 15;
  ALTER VIEW shop.large OWNER TO keeper;
  CREATE FUNCTION shop.put() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
  CREATE TRIGGER put INSTEAD OF INSERT ON shop.large FOR EACH ROW EXECUTE FUNCTION shop.put();
  COMMENT ON VIEW shop.large IS 'large ones';
  COMMENT ON COLUMN shop.large.amount IS 'how much';
  GRANT SELECT ON shop.large TO reader;
  GRANT USAGE ON SCHEMA shop TO reader, writer;
  GRANT SELECT, INSERT ON shop.orders TO writer WITH GRANT OPTION;
  GRANT SELECT (id, amount), UPDATE (amount) ON shop.orders TO reader;
  SET ROLE writer; GRANT SELECT ON shop.orders TO guest; RESET ROLE;
  ALTER DEFAULT PRIVILEGES FOR ROLE keeper IN SCHEMA shop GRANT SELECT ON TABLES TO reader;
  ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO guest;
  ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO guest;`

let server: TestServer
let repository: JourneyRepository
let source: TestDatabase
let was: Awaited<ReturnType<typeof stateOf>>

before(async () => {
  server = await testServer(17)
  await server.query('CREATE ROLE keeper; CREATE ROLE reader; CREATE ROLE writer; CREATE ROLE guest')
  source = await server.database()
  await source.query(schema)
  repository = await newRepository(openMemoryStorage())
  await repository.backUp(source.url)
  was = await stateOf(source.url)
})

/** A database as it was backed up. */
async function copied(): Promise<TestDatabase> {
  return await server.database({ clauses: `TEMPLATE "${source.name}"` })
}

/** What is done to an object, what replacing does about it, and what only creating does. */
const damages: readonly { component: Component; sql: string; does: string[]; creates?: string[] }[] = [
  {
    component: 'policies',
    sql: `DROP POLICY own_rows ON shop.orders`,
    does: ['make policy shop.orders own_rows', 'make comment shop.POLICY own_rows ON orders'],
    creates: ['make policy shop.orders own_rows', 'make comment shop.POLICY own_rows ON orders'],
  },
  {
    component: 'policies',
    sql: `ALTER POLICY "odd ON" ON shop."odd ON name" TO reader USING (true); ALTER POLICY own_rows ON shop.orders USING (false)`,
    does: ['replace policy shop.odd ON name odd ON', 'replace policy shop.orders own_rows'],
    creates: [],
  },
  {
    component: 'policies',
    sql: `CREATE POLICY more ON shop.orders TO guest USING (true); ALTER TABLE shop."odd ON name" ENABLE ROW LEVEL SECURITY; ALTER TABLE shop.orders DISABLE ROW LEVEL SECURITY`,
    does: [
      'drop policy shop.orders more',
      'left (extra) row security shop.odd ON name',
      'make row security shop.orders',
    ],
    creates: ['make row security shop.orders'],
  },
  {
    component: 'functions',
    sql: `DROP FUNCTION shop.total(int, int); DROP PROCEDURE shop.tidy; DROP AGGREGATE shop.sum_all(int)`,
    does: [
      'make aggregate shop.sum_all(integer)',
      'make function shop.total(integer, integer)',
      'make procedure shop.tidy()',
    ],
  },
  {
    component: 'functions',
    sql: `CREATE OR REPLACE FUNCTION shop.total(a int) RETURNS int LANGUAGE sql AS 'SELECT 0'; ALTER FUNCTION shop.total(int) OWNER TO writer`,
    does: ['replace function shop.total(integer)'],
    creates: [],
  },
  {
    component: 'functions',
    sql: `DROP FUNCTION shop.pick(int); CREATE FUNCTION shop.pick(b int) RETURNS text LANGUAGE sql AS 'SELECT $1::text'; REVOKE ALL ON FUNCTION shop.pick FROM guest`,
    does: ['replace function shop.pick(integer)'],
    creates: [],
  },
  {
    component: 'functions',
    sql: `CREATE FUNCTION shop.total(a text) RETURNS text LANGUAGE sql AS 'SELECT $1'; COMMENT ON FUNCTION shop.total(int) IS 'other'; COMMENT ON FUNCTION shop.pick IS 'new'`,
    does: [
      'drop comment shop.FUNCTION pick(a integer)',
      'drop function shop.total(text)',
      'replace comment shop.FUNCTION total(a integer)',
    ],
    creates: [],
  },
  {
    component: 'triggers',
    sql: `DROP TRIGGER touched ON shop.orders; DROP TRIGGER put ON shop.large`,
    does: [
      'make comment shop.TRIGGER touched ON orders',
      'make trigger shop.large put',
      'make trigger shop.orders touched',
    ],
  },
  {
    component: 'triggers',
    sql: `ALTER TABLE shop.orders ENABLE TRIGGER touched; CREATE TRIGGER more AFTER INSERT ON shop.orders EXECUTE FUNCTION shop.touch(); CREATE OR REPLACE TRIGGER "on ON" AFTER DELETE ON shop."odd ON name" FOR EACH STATEMENT EXECUTE FUNCTION shop.touch()`,
    does: [
      'drop trigger shop.orders more',
      'replace trigger shop.odd ON name on ON',
      'replace trigger shop.orders touched',
    ],
    creates: [],
  },
  {
    component: 'views',
    sql: `DROP VIEW shop.large CASCADE`,
    does: [
      'make comment shop.COLUMN large.amount',
      'make comment shop.VIEW large',
      'make view shop.large',
      'make view shop.larger',
    ],
  },
  {
    component: 'views',
    sql: `CREATE OR REPLACE VIEW shop.large AS SELECT id, amount FROM shop.orders; CREATE VIEW shop.more AS SELECT 1`,
    does: ['drop view shop.more', 'replace view shop.large'],
    creates: [],
  },
  {
    component: 'views',
    sql: `CREATE OR REPLACE VIEW shop.large WITH (security_barrier) AS SELECT id, amount, owner FROM shop.orders WHERE amount > 10`,
    does: ['replace view shop.large', 'replace view shop.larger'],
    creates: [],
  },
  {
    component: 'grants',
    sql: `REVOKE EXECUTE ON FUNCTION shop.total(int, int) FROM reader; REVOKE SELECT (amount), UPDATE (amount) ON shop.orders FROM reader; REVOKE GRANT OPTION FOR INSERT ON shop.orders FROM writer; REVOKE SELECT ON shop.orders FROM writer CASCADE; ALTER DEFAULT PRIVILEGES FOR ROLE keeper IN SCHEMA shop REVOKE SELECT ON TABLES FROM reader`,
    does: [
      'make grants on FUNCTION shop.total(a integer, b integer)',
      'make grants on TABLE shop.orders',
      'make grants on TABLE shop.orders',
      'make grants on TABLES by default',
    ],
  },
  {
    component: 'grants',
    sql: `GRANT EXECUTE ON FUNCTION shop.total(int, int) TO PUBLIC; GRANT ALL ON shop.orders TO reader; GRANT SELECT ON shop."odd ON name" TO PUBLIC; GRANT UPDATE (owner) ON shop.orders TO guest; GRANT CREATE ON SCHEMA shop TO guest WITH GRANT OPTION; REVOKE DELETE ON shop."odd ON name" FROM CURRENT_USER; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC; GRANT CREATE ON SCHEMA public TO PUBLIC`,
    does: [
      'replace grants on FUNCTION shop.total(a integer, b integer)',
      'replace grants on SCHEMA public',
      'replace grants on SCHEMA shop',
      'replace grants on TABLE shop."odd ON name"',
      'replace grants on TABLE shop.orders',
      'replace grants on TABLE shop.orders',
      'replace grants on TABLES by default',
    ],
    creates: ['make grants on TABLE shop."odd ON name"'],
  },
]

/** Each reading of a schema takes its time: of each three damages one test has one and the next test another. */
const turn = randomInt(3)

test('each part, damaged in each way, comes back as it was, and its undoing as it was before that', async () => {
  for (const [n, { component, sql, does }] of damages.entries()) {
    if (n % 3 !== turn) continue
    await using database = await copied()
    await database.query(sql)
    const damaged = await stateOf(database.url)
    const request = await componentRequest(repository, database.url, {
      components: [component],
      actions: replace,
    })
    const { planned, undo, safety } = await restoreComponents(request)
    assert.deepEqual(summaryOf(planned), [...does].sort(), sql)
    const left = planned.preview.changes.filter((c) => c.action === null)
    const restored = await stateOf(database.url)
    if (left.length === 0) requireSame(restored, was, `after ${sql}`)
    const undone = await undoSchema(request, safety)
    requireSame(await stateOf(database.url), damaged, `taken back after ${sql}`)
    // Each reading of a schema takes its time, and there are three in an undoing: a share of them does.
    if (n % 4 > 1) continue
    await undoSchema(request, undone)
    requireSame(await stateOf(database.url), restored, `made again after ${sql}`)
    await database.query(undo)
    requireSame(await stateOf(database.url), damaged, `undone after ${sql}`)
  }
})

test('by default only what is missing is made', async () => {
  for (const { component, sql, does, creates = does } of damages.filter((_, n) => (n + 1) % 3 === turn)) {
    await using database = await copied()
    await database.query(sql)
    const damaged = await stateOf(database.url)
    const request = await componentRequest(repository, database.url, {
      components: [component],
      actions: create,
    })
    const { planned } = await restoreComponents(request)
    const done = summaryOf(planned).filter((line) => !line.startsWith('left'))
    assert.deepEqual(done, [...creates].sort(), sql)
    if (creates.length === 0) requireSame(await stateOf(database.url), damaged, `after ${sql}`)
  }
})

test('a failure at any statement leaves the target as it was', async () => {
  await using database = await copied()
  await database.query(
    `DROP VIEW shop.larger; ALTER POLICY own_rows ON shop.orders USING (false); GRANT SELECT ON shop.orders TO PUBLIC;
     CREATE TABLE public.fault (at int);
     CREATE FUNCTION public.fail() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
       CREATE TEMP SEQUENCE IF NOT EXISTS done;
       IF nextval('pg_temp.done') = (SELECT at FROM public.fault) THEN RAISE 'on purpose'; END IF;
     END $$;
     CREATE EVENT TRIGGER fail ON ddl_command_end WHEN TAG IN ('CREATE VIEW', 'ALTER VIEW', 'CREATE POLICY', 'COMMENT', 'GRANT', 'REVOKE')
       EXECUTE FUNCTION public.fail();
     INSERT INTO public.fault VALUES (0)`,
  )
  const components = ['views', 'policies', 'grants'] as const
  const request = await componentRequest(repository, database.url, { components, actions: replace })
  const planned = await planComponents(request)
  let failed = 0
  for (let at = 1; ; at++) {
    await database.query(`UPDATE public.fault SET at = ${at}`)
    const damaged = await stateOf(database.url)
    const error = await applyPlanned({ ...request, planned }).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    if (error === null) break
    await failure(Promise.reject(error), 'restore_failed')
    requireSame(await stateOf(database.url), damaged, `failed at ${at}`)
    failed = at
  }
  // At least one for each step: what others do to the object comes with it.
  assert.ok(failed >= planned.steps.length, `${failed} of ${planned.steps.length}`)
})

test('a restore is not taken back where what it changed has changed since, or a statement fails', async () => {
  await using database = await copied()
  await database.query(
    `DROP POLICY own_rows ON shop.orders; CREATE OR REPLACE FUNCTION shop.total(a int) RETURNS int LANGUAGE sql AS 'SELECT 0'`,
  )
  const damaged = await stateOf(database.url)
  const components = ['policies', 'functions'] as const
  const request = await componentRequest(repository, database.url, { components, actions: replace })
  const { safety } = await restoreComponents(request)
  const restored = await stateOf(database.url)
  const { schema } = safety
  assert.ok(schema)
  const { target } = request
  const asked = { restore: 'x', backup: null, safety, schema, target, lockTimeoutMs: 5000 }
  const planned = await planSchemaUndo(asked)
  const apply = () =>
    applySchemaUndo({ ...asked, planned, commitSafety: () => Promise.reject(new Error('not to be reached')) })

  await database.query('ALTER POLICY own_rows ON shop.orders USING (true)')
  const changed = await stateOf(database.url)
  const told = (await planSchemaUndo(asked)).preview
  assert.match(told.problems.join(), /^policy shop\.orders own_rows has changed since the restore/)
  await failure(apply(), 'preview_outdated')
  requireSame(await stateOf(database.url), changed, 'the changed')
  await database.query('DROP POLICY own_rows ON shop.orders')
  assert.match(
    (await planSchemaUndo(asked)).preview.problems.join(),
    /is as it was before the restore already/,
  )
  await database.query(schema.forth.find(({ object }) => object.startsWith('policy'))?.sql ?? '')
  await database.query(schema.forth.find(({ object }) => object.startsWith('comment'))?.sql ?? '')
  requireSame(await stateOf(database.url), restored, 'as the restore left it')

  await database.query(`
    CREATE FUNCTION public.fail() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'on purpose'; END $$;
    CREATE EVENT TRIGGER fail ON ddl_command_end WHEN TAG IN ('CREATE FUNCTION') EXECUTE FUNCTION public.fail()`)
  const withTrigger = await stateOf(database.url)
  const error = await failure(apply(), 'restore_failed')
  assert.match(error.message, /function shop\.total\(integer\)/)
  requireSame(await stateOf(database.url), withTrigger, 'the failed')
  await database.query('DROP EVENT TRIGGER fail; DROP FUNCTION public.fail')
  await undoSchema(request, safety)
  requireSame(await stateOf(database.url), damaged, 'the undone')
  assert.deepEqual((await planSchemaUndo(asked)).preview.changes, [])
})

test('what others depend on is not dropped, and they are named', async () => {
  await using database = await copied()
  await database.query(
    `DROP FUNCTION shop.pick(int); CREATE FUNCTION shop.pick(b int) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
     CREATE VIEW shop.uses AS SELECT shop.pick(1) AS p;
     CREATE OR REPLACE VIEW shop.large WITH (security_barrier) AS SELECT id, amount, owner FROM shop.orders WHERE amount > 10;
     CREATE MATERIALIZED VIEW shop.kept AS SELECT * FROM shop.large WITH NO DATA`,
  )
  const request = await componentRequest(repository, database.url, {
    components: ['functions', 'views'],
    actions: { ...replace, delete: false },
  })
  const { preview } = await planComponents(request)
  assert.match(preview.problems.join('\n'), /shop\.pick\(integer\) must be dropped.*view shop\.uses/)
  assert.match(preview.problems.join('\n'), /view shop\.large must be dropped.*materialized view shop\.kept/)
})

test('a schema that changes after the preview is not touched', async () => {
  await using database = await copied()
  await database.query('DROP POLICY own_rows ON shop.orders')
  const request = await componentRequest(repository, database.url, { components: ['policies'] })
  const planned = await planComponents(request)
  await database.query('CREATE POLICY own_rows ON shop.orders USING (true)')
  const changed = await stateOf(database.url)
  await failure(applyPlanned({ ...request, planned }), 'preview_outdated')
  requireSame(await stateOf(database.url), changed, 'the database')
})

test('only what is chosen is compared', async () => {
  await using database = await copied()
  await database.query(
    'DROP POLICY own_rows ON shop.orders; DROP POLICY "odd ON" ON shop."odd ON name"; DROP FUNCTION shop.pick; DROP VIEW shop.larger',
  )
  const request = await componentRequest(repository, database.url, {
    components: ['policies', 'functions', 'views'],
    tables: ['orders'],
  })
  const planned = await planComponents(request)
  assert.deepEqual(summaryOf(planned), [
    'make comment shop.POLICY own_rows ON orders',
    'make policy shop.orders own_rows',
  ])
})
