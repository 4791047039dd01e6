import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { openInPlace, restoreInPlace } from '../../support/in-place.ts'
import { failure, newRepository, type JourneyRepository } from '../../support/journey.ts'
import { queryAt } from '../../support/postgres.ts'
import { server } from './case.ts'

const replace = { create: true, update: true, delete: true }

async function withShop(
  work: (o: { url: string; repository: JourneyRepository; client: pg.Client }) => Promise<void>,
): Promise<void> {
  await using database = await (await server(18)).database()
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    await client.query(`CREATE TABLE customer (id int PRIMARY KEY, x text); CREATE TABLE item (id int PRIMARY KEY, customer int NOT NULL REFERENCES customer ON DELETE CASCADE, n int);
      CREATE TABLE other (id int PRIMARY KEY, n int); CREATE RULE r AS ON DELETE TO item DO ALSO NOTHING;
      INSERT INTO customer SELECT n, n FROM generate_series(1, 200) n; INSERT INTO item SELECT n, 1 + n % 200, 0 FROM generate_series(1, 2000) n; INSERT INTO other SELECT n, 0 FROM generate_series(1, 50) n`)
    const repository = await newRepository(openMemoryStorage())
    await repository.backUp(database.url, { proof: 'counts' })
    await work({ url: database.url, repository, client })
  } finally {
    await client.end()
  }
}

/** Repeats a statement on a session of its own until it is stopped; resolves to how often it succeeded. Anything but a deadlock or a broken key is thrown. */
function load(url: string, sql: (n: number) => string): { stop(): Promise<number> } {
  let going = true
  const work = async (): Promise<number> => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    let count = 0
    try {
      for (let n = 0; going; n++) {
        await client.query(sql(n)).then(
          () => count++,
          (error: pg.DatabaseError) => assert.match(error.code ?? '', /^(40P01|23503|23505)$/, error.message),
        )
      }
    } finally {
      await client.end()
    }
    return count
  }
  const running = work()
  running.catch(() => undefined)
  return {
    stop: () => {
      going = false
      return running
    },
  }
}

test('while others write, a restore is as previewed or refused, nobody is held up, and the keys hold', async () => {
  await withShop(async ({ url, repository, client }) => {
    // Whoever waits longer for the lock than a restore may wait itself would fail here.
    const loads = [
      load(url, (n) => `SET lock_timeout = '30s'; UPDATE other SET n = n + 1 WHERE id = ${1 + (n % 50)}`),
      load(url, (n) => `INSERT INTO item VALUES (${100_000 + n}, ${1 + ((n * 7) % 200)}, 1)`),
      load(url, (n) => `UPDATE item SET n = n + 1 WHERE id = ${1 + ((n * 13) % 2000)}`),
    ]
    let [outdated, applied] = [0, 0]
    try {
      for (let n = 0; n < 6; n++) {
        await client.query(
          `INSERT INTO customer VALUES (${1000 + n}, 'extra') ON CONFLICT DO NOTHING; DELETE FROM customer WHERE id = ${3 + n}`,
        )
        const choice = n % 2 === 0 ? { tables: ['customer'] } : { tables: ['customer', 'item'] }
        try {
          const done = await restoreInPlace(repository, url, {
            actions: replace,
            ...choice,
            skipConflicts: true,
          })
          applied++
          assert.ok(done.preview.totals.create + done.preview.totals.delete > 0)
        } catch (error) {
          await failure(Promise.reject(error as Error), 'preview_outdated')
          outdated++
        }
      }
    } finally {
      const counts = await Promise.all(loads.map((l) => l.stop()))
      assert.ok(
        counts.every((count) => count > 0),
        counts.join(),
      )
    }
    assert.ok(applied > 0, `${applied} applied, ${outdated} outdated`)
    const { rows } = await client.query(
      'SELECT FROM item WHERE NOT EXISTS (SELECT FROM customer c WHERE c.id = customer)',
    )
    assert.equal(rows.length, 0)
  })
})

test('a restore holds no lock that another table waits for', async () => {
  await withShop(async ({ url, repository, client }) => {
    await client.query('DELETE FROM item WHERE id < 50')
    await using open = await openInPlace(repository, url, { actions: replace, tables: ['item'] })
    const { digest } = await open.preview()
    let held: unknown[] = []
    await open.apply(digest, {
      store: () => Promise.resolve(0),
      commitSafety: async () => {
        // Everything is written, nothing committed: who writes elsewhere, or reads, does not wait.
        await queryAt(
          url,
          `SET lock_timeout = '10s'; UPDATE other SET n = 1; UPDATE customer SET x = 'y' WHERE id = 3; INSERT INTO customer VALUES (5000)`,
        )
        held = await queryAt(
          url,
          `SELECT DISTINCT relation::regclass::text AS name FROM pg_locks l JOIN pg_class c ON c.oid = relation
           WHERE mode IN ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') AND pid <> pg_backend_pid()
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND c.relpersistence <> 't' AND c.relkind = 'r' ORDER BY 1`,
        )
      },
    })
    assert.deepEqual(held, [{ name: 'item' }])
  })
})

test('reading goes on where no rule is in the way, and where numbers are given back that are always generated', async () => {
  await withShop(async ({ url, repository, client }) => {
    await client.query(`CREATE TABLE numbered (id int PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY, x text);
      CREATE TABLE refers (id int REFERENCES numbered); INSERT INTO numbered (id) VALUES (1), (2); INSERT INTO refers VALUES (1)`)
    await repository.backUp(url, { proof: 'counts' })
    // Of item, which has a rule for deletions, rows are created alone.
    await client.query('DELETE FROM item WHERE id < 50; UPDATE numbered SET n = DEFAULT')
    await using open = await openInPlace(repository, url, { actions: replace })
    const { digest, preview } = await open.preview()
    assert.deepEqual(preview.estimate.closed, [])
    await open.apply(digest, {
      store: () => Promise.resolve(0),
      commitSafety: async () => {
        await queryAt(
          url,
          `SET lock_timeout = '10s'; SELECT count(*) FROM item; SELECT count(*) FROM numbered`,
        )
      },
    })
    const { rows } = await client.query('SELECT id, n::int FROM numbered ORDER BY id')
    assert.deepEqual(rows, [
      { id: 1, n: 1 },
      { id: 2, n: 2 },
    ])
    // A key that acts on deletions stands in the way of that, and the preview says so.
    await client.query(
      `ALTER TABLE refers ADD FOREIGN KEY (id) REFERENCES numbered ON DELETE CASCADE; UPDATE numbered SET n = DEFAULT; INSERT INTO item VALUES (9000, 1, 1)`,
    )
    const done = await restoreInPlace(repository, url, { actions: replace })
    assert.deepEqual(done.preview.estimate.closed, ['public.item', 'public.numbered'])
    assert.deepEqual((await client.query('SELECT id, n::int FROM numbered ORDER BY id')).rows, rows)
    assert.deepEqual((await client.query('SELECT id FROM refers')).rows, [{ id: 1 }])
  })
})

test('a table that somebody else has locked ends the restore, and nothing is changed', async () => {
  await withShop(async ({ url, repository, client }) => {
    await client.query('DELETE FROM item WHERE id < 50')
    await client.query('BEGIN; UPDATE item SET n = 5 WHERE id = 60')
    const choice = { actions: replace, tables: ['item'], lockTimeoutMs: 50 }
    const refused = await failure(restoreInPlace(repository, url, choice), 'lock_timeout')
    assert.match(refused.message, /item/)
    await client.query('ROLLBACK')
    assert.deepEqual((await client.query('SELECT count(*)::int AS n FROM item')).rows, [{ n: 1951 }])
    assert.equal((await restoreInPlace(repository, url, choice)).preview.totals.create, 49)
  })
})

test('a row that another session is about to refer to is not taken from under it', async () => {
  await withShop(async ({ url, repository, client }) => {
    await client.query('INSERT INTO customer VALUES (1000)')
    await client.query('BEGIN; INSERT INTO item VALUES (9000, 1000, 1)')
    const choice = { actions: replace, tables: ['customer'], lockTimeoutMs: 50, skipConflicts: true }
    const refused = await failure(restoreInPlace(repository, url, choice), 'lock_timeout')
    assert.match(refused.message, /customer/)
    await client.query('COMMIT')
    const done = await restoreInPlace(repository, url, choice)
    assert.deepEqual([done.preview.totals.delete, done.preview.totals.conflicts], [0, 1])
  })
})

test('a value that another session is about to refer to is not changed from under it', async () => {
  await withShop(async ({ url, repository, client }) => {
    await client.query(
      `CREATE TABLE p (id int PRIMARY KEY, u int UNIQUE); CREATE TABLE c (u int REFERENCES p (u) ON UPDATE CASCADE); INSERT INTO p VALUES (1, 1)`,
    )
    await repository.backUp(url, { proof: 'counts' })
    await client.query('UPDATE p SET u = 2')
    await client.query('BEGIN; INSERT INTO c VALUES (2)')
    const running = failure(
      restoreInPlace(repository, url, {
        actions: replace,
        tables: ['p'],
        skipConflicts: true,
        lockTimeoutMs: 60_000,
      }),
      'preview_outdated',
    )
    running.catch(() => undefined)
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    while ((await queryAt(url, waiting)).length === 0) await queryAt(url, 'SELECT pg_sleep(0.01)')
    await client.query('COMMIT')
    await running
    assert.deepEqual((await client.query('SELECT u FROM c')).rows, [{ u: 2 }])
  })
})
