import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { besideUrl, contentsOf, newRepository, type JourneyRepository } from '../support/journey.ts'
import { queryAt, testServer, type TestServer } from '../support/postgres.ts'

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
})

after(() => server.stop('immediate'))

const mood = `CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')`
const oneOf = '(enum_range(NULL::mood))[1 + n % 8]'
const partitions = `
  CREATE TABLE t_0 PARTITION OF t FOR VALUES WITH (modulus 3, remainder 0);
  CREATE TABLE t_1 PARTITION OF t FOR VALUES WITH (modulus 3, remainder 1);
  CREATE TABLE t_2 PARTITION OF t FOR VALUES WITH (modulus 3, remainder 2)`

const tables: Readonly<Record<string, readonly string[]>> = {
  'an enum': [
    'CREATE TABLE t (k mood, n int) PARTITION BY HASH (k)',
    partitions,
    `INSERT INTO t SELECT ${oneOf}, n FROM generate_series(1, 100) n`,
  ],
  'an array of enums': [
    'CREATE TABLE t (k mood[], n int) PARTITION BY HASH (k)',
    partitions,
    `INSERT INTO t SELECT ARRAY[${oneOf}], n FROM generate_series(1, 100) n`,
  ],
  'a row with an enum': [
    'CREATE TYPE pair AS (m mood, n int); CREATE TABLE t (k pair, n int) PARTITION BY HASH (k)',
    partitions,
    `INSERT INTO t SELECT (${oneOf}, n)::pair, n FROM generate_series(1, 100) n`,
  ],
  'an expression that is an enum': [
    'CREATE TABLE t (k mood, n int) PARTITION BY HASH ((CASE WHEN n > 0 THEN k END))',
    partitions,
    `INSERT INTO t SELECT ${oneOf}, n FROM generate_series(1, 100) n`,
  ],
  'an enum, in partitions whose columns are in different orders': [
    'CREATE TABLE t (k mood, n int) PARTITION BY HASH (k)',
    'CREATE TABLE t_0 PARTITION OF t FOR VALUES WITH (modulus 2, remainder 0)',
    'CREATE TABLE t_1 (gone int, n int, k mood); ALTER TABLE t_1 DROP gone; ALTER TABLE t ATTACH PARTITION t_1 FOR VALUES WITH (modulus 2, remainder 1)',
    `INSERT INTO t SELECT ${oneOf}, n FROM generate_series(1, 100) n`,
  ],
}

for (const [key, statements] of Object.entries(tables)) {
  test(`rows of partitions by the hash of ${key} find their new partition`, async () => {
    await using source = await server.database()
    for (const sql of [mood, ...statements]) await source.query(sql)
    const made = await repository.backUp(source.url)
    const via = made.contents.tables.map((t) => t.loadVia?.name)
    assert.deepEqual(new Set(via), new Set(['t']))
    const url = besideUrl(server.url(), `${source.name}_copy`)
    try {
      const report = await repository.restoreTo(url, { createDatabase: true })
      assert.ok(report.tables.every((t) => t.compared === 'hashed'))
      // Which partition holds a row is the new database's own matter: the whole is compared.
      const [copy, original] = [await contentsOf(url), await contentsOf(source.url)]
      assert.equal(copy.tables['public.t'], original.tables['public.t'])
    } finally {
      await server.query(`DROP DATABASE IF EXISTS ${source.name}_copy WITH (FORCE)`)
    }
  })
}

/** Equal by their own rules, and different bytes. */
const blind = `CREATE COLLATION blind (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false)`

test('rows of partitions by text under a nondeterministic collation travel, by hash, range and list', async () => {
  await using source = await server.database()
  await source.query(`${blind};
    CREATE TABLE t (k text COLLATE blind, n int) PARTITION BY HASH (k); ${partitions};
    CREATE TABLE r (k text COLLATE blind, n int) PARTITION BY RANGE (k);
    CREATE TABLE r_1 PARTITION OF r FOR VALUES FROM (MINVALUE) TO ('m'); CREATE TABLE r_2 PARTITION OF r FOR VALUES FROM ('M') TO (MAXVALUE);
    CREATE TABLE d (k text COLLATE blind) PARTITION BY LIST (k); CREATE TABLE d_1 PARTITION OF d FOR VALUES IN ('Straße', 'A'); CREATE TABLE d_2 PARTITION OF d DEFAULT;
    CREATE UNIQUE INDEX ON r (k, n)`)
  const words = `(ARRAY['a', 'A', 'ä', 'Ä', 'm', 'M', 'mm', 'Z', 'zebra', 'é', 'É', 'ß'])[1 + n % 12]`
  await source.query(`INSERT INTO t SELECT ${words}, n FROM generate_series(1, 240) n; INSERT INTO r SELECT k, n FROM t;
    INSERT INTO d SELECT k FROM t; INSERT INTO d VALUES ('straße'), ('STRASSE'), (NULL)`)
  const made = await repository.backUp(source.url)
  const url = besideUrl(server.url(), `${source.name}_copy`)
  try {
    const report = await repository.restoreTo(url, { createDatabase: true })
    assert.ok(report.tables.every((t) => t.compared === 'hashed'))
    const [copy, original] = [await contentsOf(url), await contentsOf(source.url)]
    assert.deepEqual(copy, original)
    assert.ok(
      ['r_1', 'r_2', 'd_1'].every((name) => !(original.tables[`public.${name}`] ?? '0 ').startsWith('0 ')),
    )
    // The server finds them, so each is in the partition that the collation says.
    for (const at of [source.url, url])
      assert.deepEqual(
        await queryAt(
          at,
          `SELECT (SELECT count(*)::int FROM t WHERE k = 'A') AS t, (SELECT count(*)::int FROM r WHERE k = 'M') AS r`,
        ),
        [{ t: 40, r: 40 }],
      )
    // Its hash is made of what a version of ICU sorts by, so they find their partition anew; their order is for the server to check.
    const via = made.contents.tables.map((t) => [t.name, t.loadVia?.name ?? null])
    assert.deepEqual(via, [['d_1', null], ['d_2', null], ['r_1', null], ['r_2', null], ['t_0', 't'], ['t_1', 't'], ['t_2', 't']]) // prettier-ignore
  } finally {
    await server.query(`DROP DATABASE IF EXISTS ${source.name}_copy WITH (FORCE)`)
  }
})

test('partitions that are compared as one are not said to be hashed if only the small ones were', async () => {
  await using source = await server.database()
  await source.query(`${mood}; CREATE TABLE t (k mood, n int) PARTITION BY HASH (k); ${partitions};
    INSERT INTO t SELECT 'a', n FROM generate_series(1, 20000) n; INSERT INTO t SELECT ${oneOf}, n FROM generate_series(1, 8) n`)
  const made = await repository.backUp(source.url, { proof: 'sampled' })
  assert.ok(made.contents.tables.some((t) => t.fingerprint?.hash != null))
  assert.ok(made.contents.tables.some((t) => t.fingerprint?.hash == null))
  const url = besideUrl(server.url(), `${source.name}_copy`)
  try {
    const report = await repository.restoreTo(url, { createDatabase: true })
    assert.deepEqual(new Set(report.tables.map((t) => t.compared)), new Set(['counted']))
  } finally {
    await server.query(`DROP DATABASE IF EXISTS ${source.name}_copy WITH (FORCE)`)
  }
})

test('rows are loaded through the table that is divided by such a hash, not through one above it', async () => {
  await using source = await server.database()
  await source.query(`${mood}; CREATE TABLE top (k mood, n int) PARTITION BY LIST (n);
    CREATE TABLE beside PARTITION OF top DEFAULT;
    CREATE TABLE t PARTITION OF top FOR VALUES IN (1) PARTITION BY HASH (k); ${partitions};
    INSERT INTO top SELECT ${oneOf}, n % 3 FROM generate_series(1, 100) n`)
  const made = await repository.backUp(source.url)
  const via = made.contents.tables.map((t) => [t.name, t.loadVia?.name ?? null])
  assert.deepEqual(via, [['beside', null], ['t_0', 't'], ['t_1', 't'], ['t_2', 't']]) // prettier-ignore
  const url = besideUrl(server.url(), `${source.name}_copy`)
  try {
    const report = await repository.restoreTo(url, { createDatabase: true })
    assert.ok(report.tables.every((t) => t.compared === 'hashed'))
    const [copy, original] = [await contentsOf(url), await contentsOf(source.url)]
    assert.equal(copy.tables['public.top'], original.tables['public.top'])
    assert.equal(copy.tables['public.beside'], original.tables['public.beside'])
  } finally {
    await server.query(`DROP DATABASE IF EXISTS ${source.name}_copy WITH (FORCE)`)
  }
})

test('rows of partitions by the hash of plain values are loaded where they were', async () => {
  await using source = await server.database()
  await source.query(`CREATE TABLE t (k text, n int) PARTITION BY HASH (k, n); ${partitions}`)
  const made = await repository.backUp(source.url)
  assert.deepEqual(
    made.contents.tables.map((t) => t.loadVia),
    [null, null, null],
  )
})

test('a materialized view whose owner sees a part of a table only is filled with that part', async () => {
  await server.query('CREATE ROLE hp_owner; CREATE ROLE hp_reader')
  await using source = await server.database()
  await source.query(`
    CREATE TABLE secrets (n int, who text); INSERT INTO secrets SELECT n, (ARRAY['hp_owner', 'hp_reader'])[1 + n % 2] FROM generate_series(1, 11) n;
    ALTER TABLE secrets OWNER TO hp_owner; ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON secrets USING (who = current_user); GRANT SELECT ON secrets TO hp_reader;
    CREATE MATERIALIZED VIEW seen AS SELECT n FROM secrets; ALTER MATERIALIZED VIEW seen OWNER TO hp_reader; REFRESH MATERIALIZED VIEW seen`)
  await repository.backUp(source.url)
  const url = besideUrl(server.url(), `${source.name}_copy`)
  try {
    await repository.restoreTo(url, { createDatabase: true })
    const [copy, original] = [await contentsOf(url), await contentsOf(source.url)]
    assert.deepEqual(copy, original)
    assert.match(original.tables['public.seen'] ?? '', /^6 rows/)
  } finally {
    await server.query(`DROP DATABASE IF EXISTS ${source.name}_copy WITH (FORCE)`)
    await source.drop()
    await server.query('DROP ROLE hp_owner; DROP ROLE hp_reader')
  }
})
