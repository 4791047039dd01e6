import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { besideUrl, contentsOf, failure, newRepository, requireSame, stateOf } from '../support/journey.ts'
import { queryAt, stopTestServers, testServer, type TestServer } from '../support/postgres.ts'

after(stopTestServers)

/** A type before it is defined, and its functions. */
const shell = (name: string): string =>
  `CREATE TYPE ${name}; CREATE FUNCTION ${name}_in(cstring) RETURNS ${name} LANGUAGE internal STRICT AS 'textin';
   CREATE FUNCTION ${name}_out(${name}) RETURNS cstring LANGUAGE internal STRICT AS 'textout'`

/** What only a superuser can make: how, what must be there first, and what the plan calls it. */
const beyond: readonly { sql: string; first?: string; label: string }[] = [
  {
    first: `CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'`,
    sql: 'CREATE EVENT TRIGGER watches ON ddl_command_end EXECUTE FUNCTION on_ddl()',
    label: 'event trigger watches',
  },
  { sql: 'CREATE FOREIGN DATA WRAPPER wraps', label: 'foreign data wrapper wraps' },
  {
    sql: `CREATE FUNCTION in_c() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'`,
    label: 'function public.in_c()',
  },
  {
    sql: `CREATE FUNCTION inside(text) RETURNS text LANGUAGE internal AS 'upper'`,
    label: 'function public.inside(text)',
  },
  {
    sql: `CREATE FUNCTION tight() RETURNS int LANGUAGE sql LEAKPROOF AS 'SELECT 1'`,
    label: 'function public.tight()',
  },
  {
    first: shell('base'),
    sql: 'CREATE TYPE base (INPUT = base_in, OUTPUT = base_out, LIKE = text)',
    label: 'type public.base',
  },
  {
    first: `CREATE FUNCTION handles() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'`,
    sql: 'CREATE LANGUAGE another HANDLER handles',
    label: 'procedural language another',
  },
  {
    first: `${shell('other')}; CREATE TYPE other (INPUT = other_in, OUTPUT = other_out, LIKE = text)`,
    sql: 'CREATE CAST (other AS text) WITHOUT FUNCTION',
    label: 'cast (public.other AS text)',
  },
  {
    first: `CREATE FUNCTION to_point(int) RETURNS point LANGUAGE sql IMMUTABLE RETURN point($1, $1)`,
    sql: 'CREATE CAST (int AS point) WITH FUNCTION to_point(int)',
    label: 'cast (integer AS point)',
  },
  {
    sql: 'CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler',
    label: 'access method heap_too',
  },
  {
    sql: 'CREATE TEXT SEARCH TEMPLATE tmpl (INIT = dsimple_init, LEXIZE = dsimple_lexize)',
    label: 'text search template public.tmpl',
  },
  {
    sql: 'CREATE TEXT SEARCH PARSER prs (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)',
    label: 'text search parser public.prs',
  },
  { sql: 'CREATE OPERATOR FAMILY fam USING btree', label: 'operator family public.fam' },
  {
    sql: 'CREATE OPERATOR CLASS cls FOR TYPE int USING btree AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int)',
    label: 'operator class public.cls',
  },
  {
    sql: 'CREATE AGGREGATE percent(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA)',
    label: 'aggregate public.percent(double precision, anyelement)',
  },
  { sql: 'CREATE PUBLICATION everything FOR ALL TABLES', label: 'publication everything' },
  {
    sql: 'CREATE PUBLICATION schemas FOR TABLES IN SCHEMA public',
    label: 'publication tables in schema public.schemas public',
  },
  { sql: 'CREATE EXTENSION file_fdw', label: 'extension file_fdw' },
  {
    sql: `CREATE SUBSCRIPTION subscribes CONNECTION 'host=192.0.2.1 password=x' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
    label: 'subscription subscribes',
  },
]

/** What any owner of a database may make, as much alike as can be. */
const within = `
  CREATE EXTENSION citext; CREATE TABLE t (a citext, n int PRIMARY KEY); INSERT INTO t SELECT n::text, n FROM generate_series(1, 30) n;
  CREATE PUBLICATION one FOR TABLE t WHERE (n > 3); CREATE TYPE span AS RANGE (subtype = float8);
  CREATE TYPE pair AS (a int, b int); CREATE FUNCTION pair_of(int) RETURNS pair LANGUAGE sql IMMUTABLE RETURN ROW($1, $1)::pair;
  CREATE CAST (int AS pair) WITH FUNCTION pair_of(int); CREATE CAST (text AS pair) WITH INOUT;
  CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0'); CREATE OPERATOR === (LEFTARG = citext, RIGHTARG = citext, FUNCTION = citext_eq);
  CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN PERFORM ' LANGUAGE c LEAKPROOF '; END $$;
  CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = simple); CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8`

async function withRestorer(
  major: 15 | 18,
  work: (server: TestServer, as: (url: string) => string) => Promise<void>,
): Promise<void> {
  const server = await testServer(major)
  await server.query(`CREATE ROLE restorer LOGIN CREATEDB PASSWORD 'p'`)
  try {
    await work(server, (url) => {
      const own = new URL(url)
      own.username = 'restorer'
      own.password = 'p'
      return own.href
    })
  } finally {
    await server.query('DROP ROLE restorer')
  }
}

test('what only a superuser can make is told before anything is touched, and nothing else is refused', async () => {
  for (const major of [15, 18] as const)
    await withRestorer(major, async (server, as) => {
      const repository = await newRepository(openMemoryStorage())
      await using source = await server.database()
      await using owned = await server.database({ clauses: 'OWNER restorer' })
      for (const { first = '', sql } of beyond) {
        await source.query(`${first}; ${sql}`)
        await owned.query(first)
        // The server itself says so: this keeps the list honest.
        await assert.rejects(queryAt(as(owned.url), sql), { code: /^(?:42501|42P13)$/ }, sql)
      }
      await repository.backUp(source.url)
      const choice = { createDatabase: true, noOwner: true }
      const url = besideUrl(source.url, 'rights_copy')
      const refused = await failure(repository.restoreTo(as(url), choice), 'target_lacks')
      for (const { label } of beyond)
        assert.ok(
          new RegExp(` ${RegExp.escape(label)}[,:]`).test(refused.message),
          `${label} in ${refused.message}`,
        )
      assert.deepEqual(await server.query(`SELECT FROM pg_database WHERE datname = 'rights_copy'`), [])
      assert.deepEqual((await repository.planTo(url, choice)).problems, [])

      await using plain = await server.database()
      await plain.query(within)
      // From 16 on a subscription is not a superuser's matter only.
      if (major >= 16) {
        await plain.query(`${beyond.find((b) => b.label.startsWith('subscription'))?.sql}`)
        await server.query('GRANT pg_create_subscription TO restorer')
      }
      await repository.backUp(plain.url)
      await using target = await server.database({ clauses: 'OWNER restorer' })
      const report = await repository.restoreTo(as(target.url), { noOwner: true })
      assert.deepEqual(report.warnings, [])
      assert.deepEqual((await contentsOf(target.url)).tables, (await contentsOf(plain.url)).tables)
      await Promise.all([owned.drop(), target.drop()])
    })
})

test('where a provider may have given more, it is a warning, and a restore that fails is undone', () =>
  withRestorer(18, async (server, as) => {
    const repository = await newRepository(openMemoryStorage())
    await using source = await server.database()
    await source.query(
      `CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 30); ${beyond[0]?.first}; ${beyond[0]?.sql}`,
    )
    await repository.backUp(source.url)
    await using target = await server.database({ clauses: 'OWNER restorer' })
    const was = await stateOf(target.url)
    await server.query('CREATE ROLE rds_superuser; GRANT rds_superuser TO restorer')
    const plan = await repository.planTo(as(target.url), { noOwner: true })
    assert.deepEqual(plan.problems, [])
    assert.match(
      plan.warnings.join(),
      /event trigger watches may be refused to restorer: only a superuser can/,
    )
    const failed = await failure(repository.restoreTo(as(target.url), { noOwner: true }), 'restore_failed')
    assert.match(failed.message, /event trigger watches could not be made/)
    requireSame(await stateOf(target.url), was, 'the target')
    // An extension that a superuser has installed before is not made again.
    await server.query('DROP ROLE rds_superuser')
    await source.query('DROP EVENT TRIGGER watches; CREATE EXTENSION file_fdw')
    await repository.backUp(source.url)
    const ask = async () => (await repository.planTo(as(target.url), { noOwner: true })).problems
    assert.match((await ask())[0]?.message ?? '', /extension file_fdw.*Let one run CREATE EXTENSION/)
    await target.query('CREATE EXTENSION file_fdw')
    assert.deepEqual(await ask(), [])
    const report = await repository.restoreTo(as(target.url), { noOwner: true })
    assert.equal(report.rows, 30)
    await target.drop()
  }))
