import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import {
  contentsOf,
  failure,
  newRepository,
  requireSame,
  stateOf,
  type JourneyRepository,
} from '../support/journey.ts'
import { testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'

/* What the source's own rows do not let be built again must not take the rest of a restore with it. */

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
})

/** Writes rows past the table's unique indexes, as damage to these lets them in. */
const past = (table: string, insert: string): string => `
  UPDATE pg_index SET indisready = false, indisunique = false WHERE indrelid = '${table}'::regclass;
  ${insert};
  UPDATE pg_index SET indisready = true, indisunique = true WHERE indrelid = '${table}'::regclass;`

const damaged = `
  CREATE TABLE person (id int PRIMARY KEY, email text, name text);
  CREATE UNIQUE INDEX person_email ON person (email);
  CREATE INDEX person_name ON person (name);
  COMMENT ON CONSTRAINT person_pkey ON person IS 'theirs'; COMMENT ON INDEX person_name IS 'names';
  ALTER TABLE person REPLICA IDENTITY USING INDEX person_pkey;
  CREATE TABLE visit (person int REFERENCES person, at int);
  CREATE VIEW visits AS SELECT p.id, p.name::varchar(20) COLLATE "C" AS "N n", p.name, count(*) AS n FROM person p JOIN visit v ON v.person = p.id GROUP BY p.id;
  CREATE VIEW often AS SELECT name FROM visits WHERE n > 1;
  GRANT SELECT ON often TO PUBLIC;
  INSERT INTO person VALUES (1, 'a@example', 'Ann'), (2, 'b@example', 'Bob');
  INSERT INTO visit VALUES (1, 1), (2, 2);
  CREATE TABLE part (id int PRIMARY KEY) PARTITION BY RANGE (id);
  CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
  CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20);
  CREATE TABLE of_part (id int REFERENCES part); CREATE TABLE of_part_2 (id int REFERENCES part_2);
  INSERT INTO part VALUES (1), (11); INSERT INTO of_part VALUES (1)`

async function damagedSource(): Promise<TestDatabase> {
  const source = await server.database()
  await source.query(damaged)
  await source.query(past('person', `INSERT INTO person VALUES (2, 'c@example', 'Bob again')`))
  await source.query(past('part_1', `INSERT INTO part_1 VALUES (1)`))
  return source
}

const damage = (what: string, index: string): string =>
  `${what}: because restored rows do not allow it: could not create unique index "${index}". All rows are there. Correct them, then make it: holdfast export --format sql has its statement.`
const need = (what: string, needed: string): string => `${what}: it needs the ${needed}, which is not there.`

const expectedWarnings = [
  'The index of a partitioned table that the constraint public.part_1 part_1_pkey is a part of is not valid before that is made and attached: ALTER INDEX ... ATTACH PARTITION.',
  'The view public.visits can not be read: it needs the constraint public.person person_pkey, which is not there. Make that, then the view anew.',
  damage('constraint public.part_1 part_1_pkey', 'part_1_pkey'),
  damage('constraint public.person person_pkey', 'person_pkey'),
  need('fk constraint public.of_part of_part_id_fkey', 'constraint public.part_1 part_1_pkey'),
  need('fk constraint public.visit visit_person_fkey', 'constraint public.person person_pkey'),
]

test('an index that damaged rows do not let be made is left out with what needs it, and all of it is told', async () => {
  await using source = await damagedSource()
  await using target = await server.database()
  const { manifest } = await repository.backUp(source.url)
  const { warnings, parts } = await repository.restoreTo(target.url)
  assert.deepEqual(await contentsOf(target.url), await contentsOf(source.url))
  const told = warnings.map((w) => /^The (.+?) is not there[,:] (.+)$/.exec(w)?.slice(1).join(': ') ?? w)
  assert.deepEqual(told.sort(), expectedWarnings)
  assert.deepEqual(parts.map((p) => p.text).sort(), warnings.toSorted())
  const [index] = await target.query(
    `SELECT array_agg(c.relname::text ORDER BY c.relname) AS names FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = 'person'::regclass`,
  )
  assert.deepEqual(index?.['names'], ['person_email', 'person_name'])
  const closed =
    /The view public\.visits was not restored: it needs the constraint public\.person person_pkey/
  for (const read of [
    '* FROM often',
    'count(*) FROM visits',
    'FROM visits WHERE id = 1',
    'FROM part LEFT JOIN visits ON true',
  ])
    await assert.rejects(target.query(`SELECT ${read}`), closed, read)
  await target.query(`INSERT INTO of_part_2 VALUES (11)`)
  await assert.rejects(target.query(`INSERT INTO of_part_2 VALUES (12)`), /of_part_2_id_fkey/)

  const { report, error } = await repository.tryDrill({ backup: manifest.id })
  assert.equal(error?.code, 'drill_failed')
  const missing = report.checks.find((c) => c.name === 'schema')?.failures.map((f) => f.what) ?? []
  for (const what of ['CONSTRAINT public.person person_pkey', 'FK CONSTRAINT public.visit visit_person_fkey'])
    assert.ok(missing.includes(what), what)
})

test('what else needs it is left out if its absence is noticed by who needs it, and fails the restore if not', async () => {
  await using source = await damagedSource()
  await source.query(`CREATE FUNCTION most() RETURNS int STABLE BEGIN ATOMIC SELECT max(id) FROM (SELECT id, name FROM person GROUP BY id) p; END;
    CREATE MATERIALIZED VIEW named AS SELECT id, name FROM person GROUP BY id; CREATE INDEX ON named (id); GRANT SELECT ON named TO PUBLIC;
    CREATE TABLE twice (a int); INSERT INTO twice VALUES (1), (2); CREATE UNIQUE INDEX late ON twice (nullif(a, 3), a)`)
  await using target = await server.database()
  await repository.backUp(source.url)
  const { warnings } = await repository.restoreTo(target.url)
  const told = warnings.map(
    (w) => /^The (.+) is not there: it needs the constraint public.person person_pkey,/.exec(w)?.[1],
  )
  for (const what of [
    'function public.most()',
    'materialized view public.named',
    'index public.named_id_idx',
  ]) {
    if (what.startsWith('index'))
      assert.match(
        warnings.join('\n'),
        /index public.named_id_idx is not there: it needs the materialized view public.named/,
      )
    else assert.ok(told.includes(what), `${what}\n${warnings.join('\n')}`)
  }
  await source.query(
    `ALTER TABLE visit ENABLE ROW LEVEL SECURITY; CREATE POLICY guard ON visit AS RESTRICTIVE USING (person < most())`,
  )
  await repository.backUp(source.url)
  await using other = await server.database()
  const { message } = await failure(repository.restoreTo(other.url), 'restore_failed')
  assert.match(
    message,
    /policy public.visit guard needs the function public.most\(\), .* would not be guarded/,
  )
  await using empty = await server.database()
  requireSame(await stateOf(other.url), await stateOf(empty.url), 'the target')
})

test('names in an encoding that is not ours do not keep an index or a view from being closed or made', async () => {
  const clauses = `ENCODING 'LATIN2' TEMPLATE template0 LOCALE 'C'`
  await using source = await server.database({ clauses })
  await using target = await server.database({ clauses })
  await source.query(`CREATE TABLE "ő" (id int PRIMARY KEY, "ű" text); INSERT INTO "ő" VALUES (1, repeat('x', 100000));
    CREATE VIEW "Ő" AS SELECT id, "ű" FROM "ő" GROUP BY id; CREATE INDEX ON "ő" ("ű"); ALTER TABLE "ő" ALTER "ű" SET STORAGE EXTERNAL`)
  await source.query(past('"ő"', `INSERT INTO "ő" VALUES (1, 'again')`))
  await repository.backUp(source.url)
  const { warnings } = await repository.restoreTo(target.url)
  assert.equal(warnings.length, 3, warnings.join('\n'))
  assert.match(warnings.join('\n'), /index public\.ő_ű_idx holds compressed values/)
  await assert.rejects(target.query('SELECT "ű" FROM "Ő"'), /The view public\.Ő was not restored/)
})

test('nothing is left out of what takes the place of something live', async () => {
  await using source = await damagedSource()
  await repository.backUp(source.url)
  const before = await stateOf(source.url)
  await failure(repository.swapTo(source.url), 'restore_failed')
  await failure(repository.schemasTo(source.url), 'restore_failed')
  requireSame(await stateOf(source.url), before, 'the live one')
})

test('what is not of the rows still fails the restore, and leaves nothing', async () => {
  await using source = await server.database()
  await using target = await server.database()
  await using empty = await server.database()
  // Of values that are too long the index is made once more: what fails then is what is told.
  await source.query(`CREATE FUNCTION full_when_compressed(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
      IF (SELECT attstorage FROM pg_attribute WHERE attrelid = 'public.big'::regclass AND attname = 'a') = 'x' AND current_database() <> '${source.name}'
      THEN RAISE disk_full USING MESSAGE = 'no room'; END IF; RETURN $1; END $$;
    CREATE TABLE big (a text); INSERT INTO big VALUES (repeat('x', 100000)); CREATE INDEX ON big (a, full_when_compressed('x'));
    ALTER TABLE big ALTER a SET STORAGE EXTERNAL`)
  await repository.backUp(source.url)
  await failure(repository.restoreTo(target.url), 'restore_failed').then(({ message }) =>
    assert.match(message, /no room/),
  )
  await source.query('DROP TABLE big')
  await source.query(`CREATE FUNCTION loud(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
    CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE INDEX ON t (loud(a));
    CREATE OR REPLACE FUNCTION loud(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN no_such_function($1); END'`)
  await repository.backUp(source.url)
  await assert.rejects(repository.restoreTo(target.url), {
    code: 'restore_failed',
    message: /no_such_function/,
  })
  assert.deepEqual(await stateOf(target.url), await stateOf(empty.url))
})

test('an index of values that are too long for it uncompressed is made as in the source', async () => {
  const long = (value: string, length: number): string => `repeat('${value}', ${length})`
  await using source = await server.database()
  await using target = await server.database()
  await source.query(`CREATE TABLE "ä b" (k text PRIMARY KEY, "ü" text, n text UNIQUE, p int);
    INSERT INTO "ä b" VALUES (${long('k', 100_000)}, ${long('u', 4000)}, 'n', 1); CREATE INDEX ON "ä b" ("ü") INCLUDE (p);
    ALTER TABLE "ä b" ALTER k SET STORAGE EXTERNAL, ALTER "ü" SET STORAGE PLAIN, ALTER n SET STORAGE EXTERNAL`)
  await repository.backUp(source.url)
  const { warnings } = await repository.restoreTo(target.url)
  requireSame(await stateOf(target.url), await stateOf(source.url), 'the copy')
  assert.equal(warnings.length, 2, warnings.join('\n'))
  await assert.rejects(target.query(`REINDEX TABLE "ä b"`), { code: '54000' })
  for (const warning of warnings) assert.match(warning, /ä b.* holds compressed values, .*REINDEX would fail/)
})

test('a materialized view whose query fails by now is left empty with those that read it, and told', async () => {
  await using source = await server.database()
  await using target = await server.database()
  await source.query(`CREATE TABLE t (n int); INSERT INTO t VALUES (1);
    CREATE MATERIALIZED VIEW shares AS SELECT 1 / n AS part FROM t; CREATE MATERIALIZED VIEW double AS SELECT 2 * part AS p FROM shares;
    CREATE MATERIALIZED VIEW whole AS SELECT n FROM t; GRANT SELECT ON shares, whole TO PUBLIC; UPDATE t SET n = 0;
    REFRESH MATERIALIZED VIEW whole`)
  await repository.backUp(source.url)
  const { warnings } = await repository.restoreTo(target.url)
  assert.deepEqual(warnings, [
    'The materialized view public.shares could not be filled: division by zero. It can be read once REFRESH MATERIALIZED VIEW succeeds.',
    'The materialized view public.double could not be filled: it reads the materialized view public.shares. It can be read once REFRESH MATERIALIZED VIEW succeeds.',
  ])
  assert.deepEqual(await target.query('SELECT * FROM whole'), [{ n: 0 }])
  await target.query('UPDATE t SET n = 2; REFRESH MATERIALIZED VIEW shares')
  const [rights] = await target.query(`SELECT relacl::text FROM pg_class WHERE relname = 'shares'`)
  assert.match(String(rights?.['relacl']), /=r\//)
})
