import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { restoreInPlace, undo, type Done, type InPlaceChoice } from '../../support/in-place.ts'
import { failure, newRepository } from '../../support/journey.ts'
import { testServer, type TestDatabase } from '../../support/postgres.ts'

const replace = { create: true, update: true, delete: true }

/** Backs up what `made` makes, does the damage, restores; `rows` of the statement before, then, and when it is undone again. */
async function journey(o: {
  made: string
  damage: string
  look: string
  choice?: InPlaceChoice
  keep?: boolean
  afterwards?: (database: TestDatabase, done: Done) => Promise<void>
}): Promise<Done> {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query(o.made)
  const was = await database.query(o.look)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(database.url, { proof: 'counts' })
  await database.query(o.damage)
  const damaged = await database.query(o.look)
  const done = await restoreInPlace(repository, database.url, { actions: replace, ...o.choice })
  if (o.keep !== true) assert.deepEqual(await database.query(o.look), was)
  await o.afterwards?.(database, done)
  await undo(database.url, done)
  assert.deepEqual(await database.query(o.look), damaged)
  return done
}

test('a safety backup that comes in many pieces is what was there', async () => {
  await journey({
    made: `CREATE TABLE t (id int PRIMARY KEY, x text, y text); INSERT INTO t SELECT n, repeat(md5(n::text), 40), n FROM generate_series(1, 3000) n`,
    damage: `UPDATE t SET x = repeat(md5(y), 41)`,
    look: `SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM t`,
  })
})

test('a domain that takes no NULL is no hindrance to undoing', async () => {
  await journey({
    made: `CREATE DOMAIN needed AS text NOT NULL; CREATE TABLE t (id int PRIMARY KEY, x needed); INSERT INTO t VALUES (1, 'a'), (2, 'b')`,
    damage: `DELETE FROM t WHERE id = 1; UPDATE t SET x = 'c'; INSERT INTO t VALUES (3, 'd')`,
    look: `SELECT * FROM t ORDER BY id`,
  })
})

test('an identity that is always generated and no key stays as it is when the rest of the row is changed', async () => {
  await journey({
    made: `CREATE TABLE t (id int PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY, x text); INSERT INTO t (id, x) VALUES (1, 'a'), (2, 'b')`,
    damage: `UPDATE t SET x = 'c'`,
    look: `SELECT * FROM t ORDER BY id`,
  })
})

test('a key that its type calls equal comes back as it was written', async () => {
  const done = await journey({
    made: `CREATE EXTENSION citext; CREATE TABLE t (id citext PRIMARY KEY); INSERT INTO t VALUES ('Abc'), ('d');
      CREATE TABLE n (id numeric PRIMARY KEY, x int); INSERT INTO n VALUES (1.0, 1), (2.0, 2)`,
    damage: `UPDATE t SET id = 'aBC' WHERE id = 'abc'; UPDATE n SET id = 1.00, x = 3 WHERE id = 1`,
    look: `SELECT id::text, NULL::int AS x FROM t UNION ALL SELECT id::text, x FROM n ORDER BY 1`,
  })
  assert.equal(done.preview.totals.update, 2)
})

test('unique values that have changed hands change back', async () => {
  await journey({
    made: `CREATE TABLE t (id int PRIMARY KEY, u text NOT NULL UNIQUE, w text, s int4range, f int REFERENCES t,
        EXCLUDE USING gist (s WITH &&)); CREATE UNIQUE INDEX ON t (lower(w)); CREATE UNIQUE INDEX ON t (f) WHERE id > 50;
      INSERT INTO t SELECT n, 'u' || n, 'W' || n, int4range(n * 10, n * 10 + 5), CASE WHEN n > 1 THEN n - 1 END FROM generate_series(1, 100) n`,
    damage: `BEGIN; CREATE TEMP TABLE m ON COMMIT DROP AS SELECT * FROM t; UPDATE t SET u = 'x' || id, w = 'x' || id, s = int4range(id * 10 + 10000, id * 10 + 10002), f = NULL;
      UPDATE t SET u = m.u, w = upper(m.w), s = int4range(lower(m.s) + 1, upper(m.s) + 1), f = m.f FROM m WHERE m.id = 1 + (t.id % 100); COMMIT`,
    look: `SELECT id, u, w, s::text, f FROM t ORDER BY id`,
  })
})

test('unique values change back where keys that act refer to the rows, which are not deleted for it', async () => {
  const exchange = (column: string, away: string): string =>
    `UPDATE t SET ${column} = ${away} WHERE id = 1; UPDATE t SET ${column} = (SELECT x.${column} FROM was x WHERE x.id = 1) WHERE id = 2; UPDATE t SET ${column} = (SELECT x.${column} FROM was x WHERE x.id = 2) WHERE id = 1`
  const done = await journey({
    made: `CREATE TABLE t (id int PRIMARY KEY, n int UNIQUE, w text NOT NULL UNIQUE, v varchar NOT NULL, big bigint NOT NULL UNIQUE, tag uuid NOT NULL UNIQUE, s int4range, other int, UNIQUE (v, other), EXCLUDE USING gist (s WITH &&));
      CREATE TABLE c (t int REFERENCES t ON DELETE CASCADE); CREATE TABLE d (t int REFERENCES t ON DELETE SET NULL);
      INSERT INTO t SELECT n, n, 'w' || n, 'v' || n, -9223372036854775807 + n, md5(n::text)::uuid, int4range(n * 10, n * 10 + 5), n FROM generate_series(1, 9) n; INSERT INTO c SELECT id FROM t; INSERT INTO d SELECT id FROM t`,
    damage: `BEGIN; CREATE TEMP TABLE was ON COMMIT DROP AS SELECT * FROM t; ${exchange('n', 'NULL')}; ${exchange('w', "'-'")}; ${exchange('big', '0')}; ${exchange('tag', 'gen_random_uuid()')}; ${exchange('s', 'NULL')}; UPDATE t SET v = 'x' || id; UPDATE t SET v = 'v' || 10 - id, other = 10 - id;
      UPDATE t SET n = n % 9 + 10; UPDATE t SET n = n - 9; COMMIT`,
    look: `SELECT t::text, (SELECT count(*) FROM c WHERE c.t = t.id) AS c, (SELECT count(*) FROM d WHERE d.t = t.id) AS d FROM t ORDER BY id`,
  })
  assert.deepEqual([done.preview.totals.update, done.preview.totals.conflicts], [9, 0])
})

test('a value that something else looks at does not step aside: rows that refer to it are not put at risk', async () => {
  const hindrances = [
    'ALTER TABLE t ADD CHECK (u IS NOT NULL)',
    'CREATE INDEX ON t ((u || 1))',
    'ALTER TABLE t ADD COLUMN g text GENERATED ALWAYS AS (u) STORED',
    'CREATE TABLE e (u text REFERENCES t (u))',
    "CREATE DOMAIN needed AS text CHECK (VALUE ~ '^u'); ALTER TABLE t ALTER COLUMN u TYPE needed",
  ]
  for (const hindrance of hindrances) {
    const server = await testServer(17)
    await using database = await server.database()
    await database.query(
      `CREATE TABLE t (id int PRIMARY KEY, u text UNIQUE); CREATE TABLE c (t int REFERENCES t ON DELETE CASCADE); INSERT INTO t VALUES (1, 'u1'), (2, 'u2'); INSERT INTO c VALUES (1), (2); ${hindrance}`,
    )
    const repository = await newRepository(openMemoryStorage())
    await repository.backUp(database.url, { proof: 'counts' })
    await database.query(
      `UPDATE t SET u = 'u3' WHERE id = 1; UPDATE t SET u = 'u1' WHERE id = 2; UPDATE t SET u = 'u2' WHERE id = 1`,
    )
    const refused = await failure(
      restoreInPlace(repository, database.url, { actions: replace }),
      'restore_undecided',
    )
    assert.match(refused.message, /2 rows can't be changed without breaking a key/, hindrance)
  }
})

test('a row whose key was changed gets it back, and stays what others refer to by another value', async () => {
  const done = await journey({
    made: `CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL UNIQUE, n int UNIQUE, up int REFERENCES t ON UPDATE CASCADE); CREATE TABLE c (id int PRIMARY KEY, code text REFERENCES t (code) ON DELETE CASCADE);
      INSERT INTO t SELECT i, 'c' || i, i, CASE WHEN i <> 2 THEN 1 END FROM generate_series(1, 5) i; INSERT INTO c SELECT i, 'c' || i FROM generate_series(1, 5) i`,
    damage: `UPDATE t SET id = 1000 + id, n = -n WHERE id < 3; UPDATE t SET n = 2 WHERE id = 4`,
    look: `SELECT id, code, n, up, (SELECT count(*) FROM c WHERE c.code = t.code) AS referring FROM t ORDER BY id`,
    choice: { skipConflicts: true },
    keep: true,
    afterwards: async (database) => {
      // The value of n that 2 had is another row's until the same statement: it stays where it is.
      assert.deepEqual(
        await database.query('SELECT id, n FROM t WHERE id IN (1, 2, 1001, 1002) ORDER BY id'),
        [
          { id: 1, n: 1 },
          { id: 1002, n: -2 },
        ],
      )
      assert.deepEqual(await database.query('SELECT count(*)::int AS n FROM c'), [{ n: 5 }])
    },
  })
  const { create, delete: deleted, conflicts } = done.preview.totals
  assert.deepEqual([create, deleted, conflicts], [1, 1, 2])
})

test('a row whose key was changed goes alone, if the one that it was can not come back', async () => {
  const done = await journey({
    made: `CREATE TABLE o (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, code text UNIQUE, o int REFERENCES o); CREATE TABLE c (code text REFERENCES t (code) ON DELETE CASCADE);
      INSERT INTO o VALUES (1); INSERT INTO t VALUES (1, 'a', 1); INSERT INTO c VALUES ('a')`,
    damage: `DELETE FROM c; UPDATE t SET id = 2, o = NULL; DELETE FROM o`,
    look: `SELECT id, code, o FROM t`,
    choice: { tables: ['t', 'c'], missingReferences: 'skip', skipConflicts: true },
    keep: true,
    afterwards: async (database) => {
      assert.deepEqual(await database.query('SELECT id FROM t'), [])
    },
  })
  const { create, delete: deleted, conflicts } = done.preview.totals
  assert.deepEqual([create, deleted, conflicts], [0, 1, 2])
})

test('a row whose value of a unique expression another one has by now is left out', async () => {
  const done = await journey({
    made: `CREATE TABLE t (id int PRIMARY KEY, w text, s int4range, EXCLUDE USING gist (s WITH &&)); CREATE UNIQUE INDEX ON t (lower(w));
      INSERT INTO t VALUES (1, 'One', '[1,5)'), (2, 'Two', '[5,9)')`,
    damage: `DELETE FROM t; INSERT INTO t VALUES (3, 'ONE', '[20,30)'), (4, 'four', '[6,7)')`,
    look: `SELECT id FROM t ORDER BY id`,
    choice: { actions: { create: true, update: false, delete: false }, skipConflicts: true },
    keep: true,
    afterwards: async (database) => {
      assert.deepEqual(await database.query('SELECT id FROM t ORDER BY id'), [{ id: 3 }, { id: 4 }])
    },
  }).catch((error: unknown) => error)
  // Nothing was written, so there is nothing to undo.
  assert.match(String(done), /nothing to undo/)
})

test('rows that others refer to are brought once, and only where nothing is in their place', async () => {
  await journey({
    made: `CREATE TABLE p (id int PRIMARY KEY, u int UNIQUE, x text); CREATE TABLE c (id int PRIMARY KEY, p int NOT NULL REFERENCES p, u int REFERENCES p (u));
      INSERT INTO p SELECT n, n + 100, n FROM generate_series(1, 5) n; INSERT INTO c SELECT n, n, n + 100 FROM generate_series(1, 5) n`,
    damage: `DELETE FROM c; DELETE FROM p WHERE id IN (1, 2); UPDATE p SET u = 999 WHERE id = 3; INSERT INTO p VALUES (9, 102, 'other')`,
    look: `SELECT 'c' AS t, id FROM c UNION ALL SELECT 'p', id FROM p ORDER BY 1, 2`,
    choice: { tables: ['c'], missingReferences: 'bring', skipConflicts: true },
    keep: true,
    afterwards: async (database, done) => {
      // 2 can't come back, whose u is another's; 3 is there, with another u.
      assert.deepEqual(
        await database.query('SELECT id FROM p ORDER BY id'),
        [1, 3, 4, 5, 9].map((id) => ({ id })),
      )
      assert.deepEqual(
        await database.query('SELECT id FROM c ORDER BY id'),
        [1, 4, 5].map((id) => ({ id })),
      )
      const [p] = done.preview.tables.filter((t) => t.name === 'p')
      assert.deepEqual([p?.create, p?.neededBy], [1, ['public.c']])
    },
  })
})

test('deleting rows of one partition does not reach rows that refer to the whole table', async () => {
  await journey({
    made: `CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100); CREATE TABLE p2 PARTITION OF p DEFAULT;
      CREATE TABLE c (p int REFERENCES p ON DELETE CASCADE); INSERT INTO p VALUES (1), (200)`,
    damage: `INSERT INTO p VALUES (2), (3); INSERT INTO c VALUES (2)`,
    look: `SELECT id, (SELECT count(*) FROM c WHERE p = id) AS n FROM p ORDER BY id`,
    choice: { tables: ['p1'], skipConflicts: true },
    keep: true,
    afterwards: async (database, done) => {
      assert.deepEqual(await database.query('SELECT p FROM c'), [{ p: 2 }])
      assert.deepEqual([done.preview.totals.delete, done.preview.totals.conflicts], [1, 1])
    },
  })
})

test('a sequence that was begun anew gives no value that came back, whosever it is; one of texts is left alone', async () => {
  await journey({
    made: `CREATE TABLE t (id serial PRIMARY KEY); CREATE TABLE i (PRIMARY KEY (id)) INHERITS (t); CREATE TABLE o (id int PRIMARY KEY DEFAULT nextval('t_id_seq'));
      INSERT INTO t DEFAULT VALUES; INSERT INTO i DEFAULT VALUES; INSERT INTO o DEFAULT VALUES; CREATE SEQUENCE s; CREATE TABLE w (id text PRIMARY KEY DEFAULT 'w' || nextval('s'));
      ALTER SEQUENCE s OWNED BY w.id; INSERT INTO w DEFAULT VALUES; CREATE SCHEMA q; CREATE SEQUENCE q."it's"; CREATE TABLE f (id int DEFAULT nextval('q."it''s"'), made bigint DEFAULT 7 + nextval('s')); INSERT INTO f VALUES (DEFAULT, 900);
      CREATE TABLE p (id int GENERATED ALWAYS AS IDENTITY, b bool) PARTITION BY LIST (b); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (true); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (false); INSERT INTO p (b) VALUES (true), (true)`,
    damage: `TRUNCATE t, i, o, w, p RESTART IDENTITY; ALTER SEQUENCE q."it's" RESTART; TRUNCATE f`,
    look: `SELECT id::text FROM t UNION ALL SELECT id::text FROM o UNION ALL SELECT id FROM w UNION ALL SELECT id::text FROM p UNION ALL SELECT id::text FROM f ORDER BY 1`,
    choice: { excludeTables: ['p2'] },
    afterwards: async (database) => {
      const next = `SELECT ARRAY[nextval('t_id_seq'), nextval('p_id_seq'), nextval('q."it''s"'), nextval('s')]::text AS n`
      assert.deepEqual(await database.query(next), [{ n: '{4,3,2,1}' }])
    },
  })
})

test('a text refers to one of another collation', async () => {
  await journey({
    made: `CREATE TABLE p (id text COLLATE "C" PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p text COLLATE "POSIX" REFERENCES p);
      INSERT INTO p VALUES ('a'), ('b'); INSERT INTO c VALUES (1, 'a'), (2, 'b')`,
    damage: `DELETE FROM c; DELETE FROM p WHERE id = 'a'; INSERT INTO p VALUES ('d')`,
    look: `SELECT p FROM c ORDER BY 1`,
  })
})

test('a foreign key that acts on no row sets off no trigger and no rule of a table outside', async () => {
  await journey({
    made: `CREATE TABLE log (what text); CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log VALUES (tg_op); RETURN NULL; END $$;
      CREATE TABLE p (id int PRIMARY KEY, u int UNIQUE); CREATE TABLE c (p int REFERENCES p ON DELETE CASCADE); CREATE TABLE d (u int REFERENCES p (u) ON UPDATE SET NULL);
      CREATE TRIGGER t AFTER DELETE ON c FOR EACH STATEMENT EXECUTE FUNCTION noted(); CREATE TRIGGER t BEFORE UPDATE ON d FOR EACH STATEMENT EXECUTE FUNCTION noted();
      ALTER TABLE d ENABLE ALWAYS TRIGGER t; INSERT INTO p VALUES (1, 1)`,
    damage: `INSERT INTO p VALUES (2, 2); UPDATE p SET u = 3 WHERE id = 1; TRUNCATE log`,
    look: `SELECT id, u, (SELECT count(*) FROM log) AS logged FROM p ORDER BY 1`,
    choice: { tables: ['p'] },
  })
})

test('undoing tells of rows without a key that somebody has changed since', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query(`CREATE TABLE t (x int); INSERT INTO t VALUES (1), (1), (2)`)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(database.url, { proof: 'counts' })
  await database.query('DELETE FROM t')
  const done = await restoreInPlace(repository, database.url)
  await database.query('ALTER TABLE t ADD n int NOT NULL DEFAULT 7; UPDATE t SET x = 3 WHERE x = 2')
  await failure(undo(database.url, done), 'restore_undecided')
  assert.deepEqual(await database.query('SELECT x FROM t ORDER BY x'), [{ x: 1 }, { x: 1 }, { x: 3 }])
  await undo(database.url, done, { overwrite: true })
  assert.deepEqual(await database.query('SELECT x FROM t'), [{ x: 3 }])
})

test('a table of too many columns is told before anything is done, and others of very many are restored', async () => {
  const columns = (count: number): string => Array.from({ length: count }, (_, n) => `c${n} int`).join(', ')
  await journey({
    made: `CREATE TABLE t (${columns(550)}); INSERT INTO t (c0, c549) VALUES (1, 2)`,
    damage: `UPDATE t SET c549 = 3`,
    look: `SELECT c0, c549 FROM t`,
  })
  const server = await testServer(17)
  await using database = await server.database()
  await database.query(`CREATE TABLE t (${columns(551)})`)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(database.url, { proof: 'counts' })
  await failure(restoreInPlace(repository, database.url), 'target_lacks')
})

test('a foreign key that is not enforced asks for nothing', async () => {
  const server = await testServer(18)
  await using database = await server.database()
  await database.query(
    `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p NOT ENFORCED); INSERT INTO c VALUES (7)`,
  )
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(database.url, { proof: 'counts' })
  await database.query('DELETE FROM c')
  const done = await restoreInPlace(repository, database.url)
  assert.deepEqual([done.preview.totals.create, done.preview.totals.conflicts], [1, 0])
})

test('a foreign key that is made meanwhile ends the restore before it can act', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  await database.query(
    `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int); INSERT INTO p VALUES (1)`,
  )
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(database.url, { proof: 'counts' })
  await database.query('INSERT INTO p VALUES (2); INSERT INTO c VALUES (2)')
  const meanwhile = (): Promise<unknown> =>
    database.query('ALTER TABLE c ADD FOREIGN KEY (p) REFERENCES p ON DELETE CASCADE')
  await failure(
    restoreInPlace(repository, database.url, { actions: replace, tables: ['p'], meanwhile }),
    'preview_outdated',
  )
  assert.deepEqual(await database.query('SELECT p FROM c'), [{ p: 2 }])
})

test('partitioned tables, tables that inherit and views on views, made again, have their own grants alone, and go again when it is undone', async () => {
  const told = `SELECT defaclacl::text FROM pg_default_acl ORDER BY defaclnamespace`
  await journey({
    made: `CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p DEFAULT; CREATE TABLE t (id int); CREATE TABLE i () INHERITS (t);
      INSERT INTO p VALUES (1); INSERT INTO i VALUES (1); CREATE TABLE g (id int PRIMARY KEY, x int); CREATE VIEW v AS SELECT id, x FROM g GROUP BY id; CREATE VIEW w AS SELECT * FROM v; GRANT SELECT ON t, v TO pg_monitor`,
    damage: `DROP TABLE p; DROP TABLE t, g CASCADE; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO pg_monitor WITH GRANT OPTION`,
    look: `SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') ORDER BY 1`,
    afterwards: async (database) => {
      // What is made from now on is granted as was told.
      assert.deepEqual(await database.query(told), [
        { defaclacl: '{=arwdDxtm/postgres,postgres=arwdDxtm/postgres}' },
        { defaclacl: '{pg_monitor=r*/postgres}' },
      ])
    },
  })
})

test('partitions that were dropped come back as such, and one that was detached stays a table by itself', async () => {
  const indexes = `SELECT c.oid::regclass || ' ' || pg_get_indexdef(c.oid) || c.relispartition || indisvalid FROM pg_class c JOIN pg_index ON indexrelid = c.oid WHERE relnamespace = 'public'::regnamespace`
  const keys = `SELECT conname || ' ' || conrelid::regclass || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace`
  await journey({
    made: `CREATE TABLE kind (k int PRIMARY KEY); CREATE TABLE t (id int, d int, k int REFERENCES kind, PRIMARY KEY (id, d)) PARTITION BY LIST (d); CREATE INDEX ON t (k);
      CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1); CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2) PARTITION BY HASH (id); CREATE TABLE t2a PARTITION OF t2 FOR VALUES WITH (MODULUS 1, REMAINDER 0); CREATE TABLE t3 PARTITION OF t FOR VALUES IN (3);
      CREATE TABLE line (t int, d int, FOREIGN KEY (t, d) REFERENCES t); CREATE TABLE old (id int PRIMARY KEY, d int NOT NULL, k int) PARTITION BY RANGE (id); CREATE TABLE o1 PARTITION OF old FOR VALUES FROM (1) TO (9); CREATE TABLE o2 PARTITION OF old FOR VALUES FROM (9) TO (19);
      INSERT INTO kind SELECT generate_series(1, 30); INSERT INTO t SELECT n, 1 + n % 3, n FROM generate_series(1, 30) n; INSERT INTO line SELECT id, d FROM t WHERE d = 3; INSERT INTO old SELECT n, n FROM generate_series(1, 18) n`,
    damage: `ALTER TABLE t DETACH PARTITION t1; ALTER TABLE t DETACH PARTITION t2; DROP TABLE t1, t2; DELETE FROM kind WHERE k % 3 = 0; DELETE FROM line WHERE t = 2; DELETE FROM t WHERE id = 2; ALTER TABLE old DETACH PARTITION o1; DELETE FROM o1 WHERE id < 4; DELETE FROM o2 WHERE id > 16`,
    look: `SELECT tableoid::regclass::text AS what, count(*)::int AS n FROM t GROUP BY 1 UNION ALL SELECT 'o1', count(*) FROM o1 UNION ALL SELECT 'o2', count(*) FROM o2 UNION ALL SELECT q, 0 FROM (${indexes} UNION ALL ${keys}) q (q) WHERE q !~ 'o1_pkey|old_pkey' ORDER BY 1`,
    afterwards: async (database, done) => {
      assert.deepEqual(done.preview.makes.map(({ name, rows }) => [name, rows]), [['t1', 10], ['t2a', 10]]) // prettier-ignore
      assert.deepEqual(await database.query('SELECT count(*)::int AS n FROM old'), [{ n: 10 }])
    },
  })
})

test('rows without a key go again with what defaults of new columns have given them', async () => {
  await journey({
    made: `CREATE TABLE t (x text); INSERT INTO t VALUES ('a'), ('a'), ('b'); CREATE TABLE made (x int); INSERT INTO made VALUES (1)`,
    damage: `DROP TABLE made; DELETE FROM t WHERE x = 'b' OR ctid = '(0,1)'; ALTER TABLE t ADD n int GENERATED ALWAYS AS IDENTITY, ADD at timestamptz DEFAULT clock_timestamp()`,
    look: `SELECT x FROM t ORDER BY x`,
  })
})

test('rows without columns are undone', async () => {
  await journey({
    made: `CREATE TABLE t (); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES`,
    damage: `DELETE FROM t`,
    look: `SELECT count(*) FROM t`,
  })
})
