import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { CheckName, DrillReport } from '../../src/verify/types.ts'
import { newRepository, type JourneyRepository } from '../support/journey.ts'
import { testServer, type TestServer } from '../support/postgres.ts'

/* What a drill checks beside the rows: each check is made to fail by a database that is really wrong. */

let server: TestServer
let repository: JourneyRepository
let healthy = ''
let broken = ''

const sound = `
  CREATE TABLE customer (id int PRIMARY KEY, name text);
  CREATE TABLE purchase (id int PRIMARY KEY, customer int REFERENCES customer, at int4range, words tsvector);
  CREATE INDEX ON purchase USING gin (words);
  CREATE INDEX ON purchase USING gist (at);
  INSERT INTO customer SELECT n, 'c' || n FROM generate_series(1, 100) n;
  INSERT INTO purchase SELECT n, n % 100 + 1, int4range(n, n + 1), to_tsvector('word' || n) FROM generate_series(1, 500) n;
  ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
  ALTER TABLE customer FORCE ROW LEVEL SECURITY;
  CREATE POLICY own ON customer FOR SELECT TO drill_in, drill_out USING (name = current_user);
  CREATE TABLE visited (place int4range, stay int4range, PRIMARY KEY (place, stay WITHOUT OVERLAPS));
  CREATE TABLE guest (place int4range, stay int4range, FOREIGN KEY (place, PERIOD stay) REFERENCES visited (place, PERIOD stay));
  INSERT INTO visited VALUES ('[1,2)', '[1,5)'), ('[1,2)', '[5,9)');
  INSERT INTO guest VALUES ('[1,2)', '[2,7)'), (NULL, '[1,2)');
  CREATE TABLE pair (a int, b int, UNIQUE (a, b));
  CREATE TABLE half (a int, b int, FOREIGN KEY (a, b) REFERENCES pair (a, b) MATCH FULL);
  CREATE TABLE part (id int REFERENCES customer) PARTITION BY RANGE (id);
  CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (50);
  CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (50) TO (500);
  INSERT INTO part SELECT n FROM generate_series(1, 100) n;
  CREATE TABLE loose (early int, never int REFERENCES customer NOT ENFORCED);
  INSERT INTO loose VALUES (-1, -1);
  ALTER TABLE loose ADD FOREIGN KEY (early) REFERENCES customer NOT VALID`

/** Beside the drill's own reading of it, each of these is a defect that a dump and a restore carry along faithfully. */
const defects = `
  SET session_replication_role = replica;
  INSERT INTO purchase VALUES (1001, 901), (1002, 902);
  INSERT INTO guest VALUES ('[1,2)', '[8,12)');
  INSERT INTO half VALUES (1, NULL);
  INSERT INTO part VALUES (400);
  RESET session_replication_role;
  CREATE SEQUENCE counter;
  CREATE FUNCTION lie(int) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN nextval('public.counter'); END $$;
  CREATE INDEX lying ON customer (lie(id));
  CREATE FUNCTION open_doors() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
    ALTER POLICY own ON public.customer USING (true);
    ALTER TABLE public.customer NO FORCE ROW LEVEL SECURITY;
    CREATE POLICY all_see ON public.customer USING (true);
    DROP TABLE IF EXISTS public.doomed;
    ALTER ROLE drill_in PASSWORD 'with new salt';
    RETURN 1;
  END $$;
  CREATE MATERIALIZED VIEW doors AS SELECT open_doors() AS n;
  CREATE TABLE doomed (id int);
  DROP POLICY all_see ON customer;
  ALTER TABLE customer FORCE ROW LEVEL SECURITY;
  ALTER POLICY own ON customer USING (name = current_user)`

before(async () => {
  server = await testServer(18)
  repository = await newRepository(openMemoryStorage())
  await server.query(`CREATE ROLE drill_in LOGIN PASSWORD 'x'; CREATE ROLE drill_out LOGIN`)
  await using source = await server.database()
  await source.query(sound)
  healthy = (await repository.backUp(source.url)).manifest.id
  await source.query(defects)
  broken = (await repository.backUp(source.url)).manifest.id
})

function checkIn(report: DrillReport, name: CheckName) {
  const found = report.checks.find((check) => check.name === name)
  assert.ok(found, name)
  return found
}

test('a sound database passes every check, and what could not be checked is told', async () => {
  const report = await repository.drill({ backup: healthy })
  assert.deepEqual(
    report.checks.map(({ name, result, checked, failures }) => [name, result, checked, failures.length]),
    [
      ['restore', 'passed', 9, 0],
      ['schema', 'passed', report.objects, 0],
      ['foreign keys', 'passed', 4, 0],
      ['row security', 'passed', 3, 0],
      ['indexes', 'passed', 4, 0],
      ['logins', 'passed', 2, 0],
    ],
  )
  assert.deepEqual(
    report.checks.flatMap(({ notVerified }) => notVerified.map(({ what, why }) => `${what}: ${why}`)),
    [
      'public.loose loose_early_fkey: the source had not validated it',
      'public.loose loose_never_fkey: it is not enforced',
      '2 of kind gist: the server has no check for them but that they could be built',
      'drill_out: the backup holds no password for it: it needs a new one, or another way to log in',
    ],
  )
  assert.deepEqual(report.notVerified, [])
})

test('what a dump and a restore carry along faithfully is found all the same', async () => {
  const { report, error } = await repository.tryDrill({ backup: broken })
  assert.equal(error?.code, 'drill_failed')
  assert.equal(report.result, 'failed')
  assert.deepEqual(checkIn(report, 'schema').failures, [
    { what: 'TABLE public.doomed', why: 'it is not in the restored database' },
  ])
  assert.deepEqual(
    checkIn(report, 'logins').failures.map(({ what }) => what),
    ['drill_in'],
  )
  assert.deepEqual(checkIn(report, 'foreign keys').failures, [
    { what: 'public.guest guest_place_stay_fkey', why: '1 row has no match in public.visited' },
    { what: 'public.half half_a_b_fkey', why: '1 row has no match in public.pair' },
    { what: 'public.part part_id_fkey', why: '1 row has no match in public.customer' },
    { what: 'public.purchase purchase_customer_fkey', why: '2 rows have no match in public.customer' },
  ])
  assert.deepEqual(checkIn(report, 'row security').failures, [
    { what: 'FORCED ROW SECURITY public.customer', why: 'it is not in the restored database' },
    { what: 'POLICY public.customer all_see', why: 'the backup does not have it' },
    { what: 'POLICY public.customer own', why: 'its conditions are others' },
  ])
  const [lying, ...others] = checkIn(report, 'indexes').failures
  assert.equal(lying?.what, 'public.lying')
  assert.match(lying.why, /lacks matching index tuple/)
  assert.deepEqual(others, [])
})
