import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import type { ServerMajor } from '../../../src/postgres/server/server.ts'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { openInPlace, restoreInPlace, undo, type OpenInPlace } from '../../support/in-place.ts'
import { failure, newRepository, type JourneyRepository } from '../../support/journey.ts'
import type { TestDatabase } from '../../support/postgres.ts'
import { server } from './case.ts'
import { makeHelper } from './helper.ts'

const replace = { create: true, update: true, delete: true }

interface Shop {
  readonly database: TestDatabase
  readonly repository: JourneyRepository
  /** Of a role that owns nothing, and may set session_replication_role. */
  readonly helper: string
  readonly look: () => Promise<unknown>
}

/** Tables whose triggers raise, with keys that act, and a partitioned one. */
async function withShop(major: ServerMajor, work: (o: Shop) => Promise<void>): Promise<void> {
  await using database = await (await server(major)).database()
  await database.query(`
    CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'it has fired'; END $$;
    CREATE TABLE country (code text PRIMARY KEY);
    CREATE TABLE customer (id int PRIMARY KEY, country text REFERENCES country ON UPDATE CASCADE ON DELETE SET NULL, place int UNIQUE DEFERRABLE);
    CREATE TABLE orders (id int, customer int NOT NULL REFERENCES customer ON DELETE CASCADE, PRIMARY KEY (id, customer)) PARTITION BY HASH (customer);
    CREATE TABLE orders_0 PARTITION OF orders FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE orders_1 PARTITION OF orders FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE line (id int PRIMARY KEY, orders int, customer int, FOREIGN KEY (orders, customer) REFERENCES orders MATCH FULL ON DELETE SET NULL);
    CREATE TABLE note (id int PRIMARY KEY, customer int REFERENCES customer DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO country SELECT 'c' || n FROM generate_series(1, 5) n;
    INSERT INTO customer SELECT n, 'c' || (1 + n % 5), n FROM generate_series(1, 20) n;
    INSERT INTO orders SELECT n, 1 + n % 20 FROM generate_series(1, 60) n;
    INSERT INTO line SELECT n, n, 1 + n % 20 FROM generate_series(1, 60) n; INSERT INTO line VALUES (100);
    INSERT INTO note SELECT n, n FROM generate_series(1, 20) n;
    CREATE TRIGGER loud BEFORE INSERT OR UPDATE OR DELETE ON customer FOR EACH ROW EXECUTE FUNCTION never();
    CREATE TRIGGER loud AFTER INSERT OR UPDATE OR DELETE ON orders_0 FOR EACH ROW EXECUTE FUNCTION never();
    CREATE TRIGGER loud BEFORE UPDATE ON line FOR EACH STATEMENT EXECUTE FUNCTION never();
    CREATE RULE loud AS ON INSERT TO note DO INSTEAD NOTHING`)
  const helper = await makeHelper(database)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(database.url, { proof: 'counts' })
  const look = (): Promise<unknown> =>
    database.query(`SELECT 'country' AS t, c::text AS row FROM country c UNION ALL SELECT 'customer', c::text FROM customer c UNION ALL SELECT 'orders', o::text FROM orders o
      UNION ALL SELECT 'line', l::text FROM line l UNION ALL SELECT 'note', n::text FROM note n ORDER BY 1, 2`)
  await work({ database, repository, helper, look })
}

/** As the owner of the triggers' function would: without them. */
const silently = (database: TestDatabase, sql: string): Promise<unknown> =>
  database.query(`SET session_replication_role = replica; ${sql}`)

/** The cascade of a customer's going, and more. */
const damage = `DELETE FROM note WHERE customer IN (3, 4); DELETE FROM line WHERE customer IN (3, 4); DELETE FROM orders WHERE customer IN (3, 4); DELETE FROM customer WHERE id IN (3, 4);
  UPDATE customer SET country = NULL WHERE country = 'c2'; DELETE FROM country WHERE code = 'c2';
  INSERT INTO country VALUES ('new'); INSERT INTO customer VALUES (50, 'new', 50); INSERT INTO orders VALUES (500, 50); INSERT INTO line VALUES (500, 500, 50)`

test('who owns nothing and may set session_replication_role restores with all triggers off, and every key is looked up', async () => {
  for (const major of [15, 18] as const) {
    await withShop(major, async ({ database, repository, helper, look }) => {
      const was = await look()
      await silently(database, damage)
      const damaged = await look()
      const done = await restoreInPlace(repository, helper, { actions: replace })
      assert.deepEqual(await look(), was)
      assert.match(done.preview.warnings.join(), /all triggers are off .* \(session_replication_role\)/)
      const checked = done.applied.checks.map((c) => c.what)
      for (const what of [
        'foreign key customer_country_fkey of public.customer',
        'foreign key orders_customer_fkey of public.orders',
        'foreign key line_orders_customer_fkey of public.line',
        'foreign key note_customer_fkey of public.note',
        'unique key customer_place_key of public.customer',
      ])
        assert.ok(checked.includes(what), `${what}: ${checked.join()}`)
      await undo(helper, done)
      assert.deepEqual(await look(), damaged)
    })
  }
})

/** Does something just before the rows are written, when everything is compared and locked. */
function beforeWriting(open: OpenInPlace, work: () => Promise<unknown>): () => boolean {
  const { wire } = open.workspace
  const { query } = wire
  let done = false
  Object.assign(wire, {
    query: async (sql: string) => {
      if (!done && /WITH (deleted|updated|created)\d/.test(sql)) {
        done = true
        await work()
      }
      return await query(sql)
    },
  })
  return () => done
}

async function apply(open: OpenInPlace): Promise<unknown> {
  const { digest } = await open.preview()
  return await open.apply(digest)
}

test('with all triggers off, a key that another session breaks meanwhile ends the restore, and nothing is changed', async () => {
  await withShop(18, async ({ database, repository, helper, look }) => {
    await silently(
      database,
      `DELETE FROM line WHERE customer = 3; INSERT INTO customer VALUES (50, 'c1', 50)`,
    )
    const attempts = [
      // What is written would have nothing to refer to: its table is not locked, and nobody else refers to it by now.
      ['line', 'DELETE FROM orders WHERE customer = 3 AND id = 42', 'line_orders_customer_fkey'],
      // What goes would be referred to.
      ['customer', 'INSERT INTO orders VALUES (900, 50)', 'orders_customer_fkey'],
    ] as const
    for (const [table, sql, key] of attempts) {
      await using open = await openInPlace(repository, helper, { actions: replace, tables: [table] })
      let between: unknown
      const done = beforeWriting(open, async () => {
        await silently(database, sql)
        between = await look()
      })
      const refused = await failure(apply(open), 'restore_failed')
      assert.match(refused.message, new RegExp(key))
      assert.ok(done())
      assert.deepEqual(await look(), between)
    }
  })
})

test('with all triggers off, who would refer to what goes waits and is refused, and what is referred to can not go', async () => {
  await withShop(15, async ({ database, repository, helper }) => {
    await silently(
      database,
      `DELETE FROM line WHERE customer = 3; INSERT INTO customer VALUES (50, 'c1', 50)`,
    )
    await using going = await openInPlace(repository, helper, { actions: replace, tables: ['customer'] })
    let inserted: Promise<unknown> = Promise.resolve()
    beforeWriting(going, async () => {
      // Fires when the other session commits, which waits for the row.
      inserted = failing(database.query('UPDATE note SET customer = 50 WHERE id = 9'))
      await Promise.resolve()
    })
    await apply(going)
    assert.equal(await inserted, '23503')

    await using coming = await openInPlace(repository, helper, { tables: ['line'] })
    const { digest } = await coming.preview()
    await coming.apply(digest, {
      store: () => Promise.resolve(0),
      commitSafety: async () => {
        const gone = `SET lock_timeout = 100; SET session_replication_role = replica; DELETE FROM orders WHERE id = 42`
        assert.equal(await failing(database.query(gone)), '55P03')
      },
    })

    // Somebody has begun to delete what is needed: that is waited for, for so long.
    await silently(database, 'DELETE FROM line WHERE customer = 3')
    const other = new pg.Client({ connectionString: database.url })
    await other.connect()
    try {
      await using late = await openInPlace(repository, helper, { tables: ['line'], lockTimeoutMs: 50 })
      await other.query(
        `BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM orders WHERE id = 42`,
      )
      const refused = await failure(apply(late), 'lock_timeout')
      assert.match(refused.message, /public\.orders/)
    } finally {
      await other.end()
    }
    assert.deepEqual(await database.query('SELECT FROM line WHERE customer = 3'), [])
  })
})

/** The SQLSTATE that a statement fails with. */
const failing = (statement: Promise<unknown>): Promise<string> =>
  statement.then(
    () => '',
    (error: pg.DatabaseError) => error.code ?? '',
  )

test('with all triggers off, a unique key that may be deferred is looked up, too', async () => {
  await withShop(18, async ({ database, repository, helper, look }) => {
    await silently(
      database,
      'DELETE FROM line WHERE customer = 3; DELETE FROM orders WHERE customer = 3; DELETE FROM note WHERE id = 3; DELETE FROM customer WHERE id = 3',
    )
    const damaged = await look()
    await using open = await openInPlace(repository, helper, { tables: ['customer'] })
    const { wire } = open.workspace
    // What no other session could do: the table is locked.
    beforeWriting(open, () =>
      wire.query(
        `SET LOCAL session_replication_role = replica; UPDATE public.customer SET place = 3 WHERE id = 7; SET LOCAL session_replication_role = origin`,
      ),
    )
    const refused = await failure(apply(open), 'restore_failed')
    assert.match(refused.message, /customer_place_key/)
    assert.deepEqual(await look(), damaged)
  })
})

test('what fires in every mode, and a role that may set none, are refused with the ways out', async () => {
  await withShop(15, async ({ database, repository, helper }) => {
    await silently(database, 'DELETE FROM note WHERE id = 3; DELETE FROM line WHERE id = 3')
    const before = await database.query('SELECT (SELECT count(*) FROM note), (SELECT count(*) FROM line)')
    const problems = async (): Promise<readonly string[]> => {
      await using open = await openInPlace(repository, helper)
      const { preview } = await open.preview()
      await failure(open.apply(''), 'target_lacks')
      return preview.problems
    }
    await database.query(
      'ALTER TABLE line ENABLE ALWAYS TRIGGER loud; ALTER TABLE note ENABLE REPLICA RULE loud',
    )
    assert.deepEqual(await problems(), [
      'public.line has triggers or rules (loud) that are ENABLE ALWAYS or REPLICA, and that only its owner can switch off: restore as its owner.',
      'public.note has triggers or rules (loud) that are ENABLE ALWAYS or REPLICA, and that only its owner can switch off: restore as its owner.',
    ])
    const role = `"helper of ${database.name}"`
    await database.query(
      `ALTER TABLE line ENABLE TRIGGER loud; REVOKE SET ON PARAMETER session_replication_role FROM ${role}`,
    )
    assert.match(
      (await problems()).join('\n'),
      new RegExp(
        `public\\.customer .* restore as its owner, or GRANT SET ON PARAMETER session_replication_role TO ${role}\\.`,
      ),
    )
    // Its owner switches them off by themselves, whatever they fire in.
    await database.query(`ALTER TABLE customer OWNER TO ${role}; ALTER TABLE line OWNER TO ${role}; ALTER TABLE note OWNER TO ${role}; ALTER TABLE line ENABLE ALWAYS TRIGGER loud;
      ALTER TABLE orders_0 DISABLE TRIGGER loud`)
    const done = await restoreInPlace(repository, helper)
    assert.deepEqual(done.preview.warnings, [])
    assert.deepEqual([done.preview.totals.create, before], [2, before])
  })
})

test('a foreign key over periods, which only the server can check, is refused where it would not', async () => {
  await using database = await (await server(18)).database()
  await database.query(`CREATE EXTENSION btree_gist; CREATE TABLE p (id int, at int4range, PRIMARY KEY (id, at WITHOUT OVERLAPS));
    CREATE TABLE c (id int PRIMARY KEY, p int, at int4range, FOREIGN KEY (p, PERIOD at) REFERENCES p (id, PERIOD at));
    INSERT INTO p VALUES (1, '[1,10)'); INSERT INTO c VALUES (1, 1, '[2,3)');
    CREATE RULE loud AS ON INSERT TO c DO ALSO NOTHING`)
  const helper = await makeHelper(database)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(database.url, { proof: 'counts' })
  await database.query('DELETE FROM c')
  await using open = await openInPlace(repository, helper)
  const { preview, digest } = await open.preview()
  assert.match(preview.problems.join(), /Only the server can check the foreign key c_p_at_fkey of public\.c/)
  await failure(open.apply(digest), 'target_lacks')
  assert.deepEqual(await database.query('SELECT FROM c'), [])
})
