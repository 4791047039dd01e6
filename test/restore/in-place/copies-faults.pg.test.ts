import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { HoldfastError, isHoldfastError } from '../../../src/lib/errors.ts'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { randomOf } from '../../oracle/random.ts'
import { onStatement, openInPlace, restoreInPlace, undo } from '../../support/in-place.ts'
import { newRepository, type JourneyRepository } from '../../support/journey.ts'
import { killChild } from '../../support/journey-process.ts'
import { requireNothingLeft, server } from './case.ts'
import { readState, rowsOf } from './state.ts'

const made = `
  CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not silent'; END $$;
  CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, best int NOT NULL, note text);
  CREATE TABLE line (id serial PRIMARY KEY, orders bigint NOT NULL REFERENCES orders, part_of int REFERENCES line);
  CREATE TABLE mark (line int REFERENCES line, n int, PRIMARY KEY (line, n));
  WITH o AS (INSERT INTO orders (best) SELECT n * 2 FROM generate_series(1, 20) n RETURNING id) INSERT INTO line (orders) SELECT id FROM o, generate_series(1, 2) ORDER BY id;
  UPDATE line SET part_of = id - 1 WHERE id % 2 = 0; INSERT INTO mark SELECT id, n FROM line, generate_series(1, 3) n;
  UPDATE orders o SET best = (SELECT max(l.id) FROM line l WHERE l.orders = o.id); ALTER TABLE orders ADD FOREIGN KEY (best) REFERENCES line;
  CREATE TRIGGER t BEFORE INSERT ON line FOR EACH ROW EXECUTE FUNCTION noted()`
const choice = { tables: ['orders'], where: 'id <= 10', newIds: true }

interface Scene {
  readonly url: string
  readonly repository: JourneyRepository
  readonly client: pg.Client
  rows(): Promise<string>
  /** Throws unless there are so many, each with all that belongs to it. */
  requireCopies(count: number): Promise<void>
}

async function withScene(place: string | Storage, work: (scene: Scene) => Promise<void>): Promise<void> {
  await using database = await (await server(18)).database()
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    await client.query(made)
    const repository = await newRepository(place)
    await repository.backUp(database.url, { proof: 'counts' })
    await client.query(`UPDATE orders SET note = 'of today'`)
    await work({
      url: database.url,
      repository,
      client,
      rows: async () => JSON.stringify(rowsOf(await readState(client))),
      requireCopies: async (count) => {
        const { rows } = await client.query(
          `SELECT count(DISTINCT o.id)::int AS orders, count(DISTINCT l.id)::int AS lines, count(*)::int AS marks FROM orders o
           JOIN line b ON b.id = o.best AND b.orders = o.id AND b.part_of IS NOT NULL JOIN line l ON l.orders = o.id JOIN mark m ON m.line = l.id WHERE o.note IS NULL`,
        )
        assert.deepEqual(rows, [{ orders: count, lines: count * 2, marks: count * 6 }])
      },
    })
  } finally {
    await client.end()
  }
}

test('a statement that fails, whichever it is, brings no copy, and the restore can go on', async () => {
  await withScene(openMemoryStorage(), async ({ url, repository, rows, requireCopies }) => {
    const before = await rows()
    await using open = await openInPlace(repository, url, choice)
    const { digest } = await open.preview()
    for (let n = 1, more = true; more; n += 2) {
      let count = 0
      const end = onStatement(open.workspace.wire, async () => {
        if (++count === n) throw new HoldfastError('query_failed', 'refused by the test')
      })
      const done = await open.apply(digest).catch((error: unknown) => error)
      end()
      more = count >= n
      if (more) {
        assert.ok(isHoldfastError(done), String(done))
        assert.equal(await rows(), before, `statement ${n}`)
        continue
      }
      assert.ok(n > 40, `only ${n} statements`)
      await requireCopies(10)
    }
  })
})

test('a process that is killed at any moment has brought all copies or none', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-copies-'))
  try {
    await withScene(directory, async ({ url, repository, client, rows, requireCopies }) => {
      const before = await rows()
      const { identity, credentials } = repository
      const task = {
        action: 'restore in place',
        directory,
        identity,
        credentials,
        url,
        options: choice,
      } as const
      const seed = randomBytes(4).toString('hex')
      console.log(`copies: killed by ${seed}`)
      const r = randomOf(seed)
      for (let left = 5; left > 0; left--) {
        const ended = await killChild(task, r.between(20, 120), r.int(4))
        await requireNothingLeft(client)
        if ((await rows()) === before) assert.ok(!ended, 'it ended without having done anything')
        else {
          await requireCopies(10)
          return
        }
      }
      const done = await restoreInPlace(repository, url, choice)
      await requireCopies(10)
      await undo(url, done)
      assert.equal(await rows(), before)
    })
  } finally {
    await rm(directory, { recursive: true })
  }
})
