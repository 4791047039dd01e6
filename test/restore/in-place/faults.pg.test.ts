import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { HoldfastError, isHoldfastError } from '../../../src/lib/errors.ts'
import type { Wire } from '../../../src/postgres/wire.ts'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import { onStatement, openInPlace, restoreInPlace, undo, type Done } from '../../support/in-place.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { failure, newRepository, type JourneyRepository } from '../../support/journey.ts'
import { randomOf } from '../../oracle/random.ts'
import { killChild } from '../../support/journey-process.ts'
import { requireNothingLeft, server } from './case.ts'
import { readState, rowsOf, type State } from './state.ts'

/** A database with something of everything that a restore switches off, opens or makes, backed up, and then damaged. */
const made = `
  CREATE TABLE log (what text); CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log VALUES (tg_op); RETURN coalesce(new, old); END $$;
  CREATE TABLE p (id int PRIMARY KEY, x text); CREATE TABLE gone (id serial PRIMARY KEY, p int REFERENCES p);
  CREATE TABLE c (id int PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY, p int NOT NULL REFERENCES p DEFERRABLE INITIALLY DEFERRED, u text UNIQUE);
  CREATE TABLE part (id int, x text, PRIMARY KEY (id)) PARTITION BY HASH (id); CREATE TABLE part1 PARTITION OF part FOR VALUES WITH (MODULUS 1, REMAINDER 0);
  CREATE TABLE keyless (x text);
  INSERT INTO p SELECT n, n FROM generate_series(1, 9) n; INSERT INTO c (id, p, u) SELECT n, n, n FROM generate_series(1, 9) n; INSERT INTO gone (p) VALUES (1), (2);
  INSERT INTO part SELECT n, n FROM generate_series(1, 9) n; INSERT INTO keyless VALUES ('a'), ('a'); SET CONSTRAINTS ALL IMMEDIATE;
  CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON c FOR EACH ROW EXECUTE FUNCTION noted(); ALTER TABLE c ENABLE ALWAYS TRIGGER t;
  CREATE TRIGGER t AFTER INSERT ON part FOR EACH ROW EXECUTE FUNCTION noted(); CREATE RULE r AS ON DELETE TO keyless DO ALSO INSERT INTO log VALUES ('rule')`
const damage = `
  DELETE FROM c WHERE id < 4; UPDATE c SET u = 'x' || u; UPDATE c SET n = DEFAULT WHERE id = 5; SET CONSTRAINTS ALL IMMEDIATE; DROP TABLE gone;
  DELETE FROM p WHERE id IN (1, 2, 3); DELETE FROM part WHERE id > 4; UPDATE part SET x = 'y'; INSERT INTO keyless VALUES ('b'); DELETE FROM keyless WHERE x = 'a'; TRUNCATE log`
const choice = {
  actions: { create: true, update: true, delete: true },
  excludeTables: ['log', 'p'],
  missingReferences: 'bring' as const,
}

interface Scene {
  readonly url: string
  readonly repository: JourneyRepository
  readonly client: pg.Client
  readonly before: State
}

async function withScene(
  work: (scene: Scene) => Promise<void>,
  place: string | Storage = openMemoryStorage(),
): Promise<void> {
  await using database = await (await server(18)).database()
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    await client.query(made)
    const repository = await newRepository(place)
    await repository.backUp(database.url, { proof: 'counts' })
    await client.query(damage)
    await work({ url: database.url, repository, client, before: await readState(client) })
  } finally {
    await client.end()
  }
}

/** Does `fault` before the `at`th statement that goes over the wire from now on. */
function interrupt(wire: Wire, at: number, fault: () => Promise<void>): { count(): number; end(): void } {
  let count = 0
  const end = onStatement(wire, async () => {
    if (++count === at) await fault()
  })
  return { count: () => count, end }
}

/** Most statements stand next to one like them: unless there is time, not every one is met by every fault, and chance says where it begins. */
const stride = process.env['HOLDFAST_INPLACE_MINUTES'] === undefined ? 7 : 1
const firstAt = 1 + randomInt(stride)
console.log(`in place: statements ${firstAt}, ${firstAt + stride}, ...`)

const refuse = (): Promise<void> => Promise.reject(new HoldfastError('query_failed', 'refused by the test'))

test('a statement that fails, whichever it is, leaves the target as it was, and the restore can go on', async () => {
  await withScene(async ({ url, repository, client, before }) => {
    await using open = await openInPlace(repository, url, choice)
    const { digest } = await open.preview()
    let n = 0
    for (let more = true; more;) {
      const broken = interrupt(open.workspace.wire, ++n, refuse)
      const done = await open.apply(digest).catch((error: unknown) => error)
      broken.end()
      more = broken.count() >= n
      if (more) assert.ok(isHoldfastError(done), String(done))
      if (more) assert.deepEqual(rowsOf(await readState(client)), rowsOf(before), `statement ${n}`)
      else await requireWhole(url, client, before, done as Done)
    }
    assert.ok(n > 40, `only ${n} statements`)
  })
})

async function requireWhole(url: string, client: pg.Client, before: State, done: Done): Promise<void> {
  assert.equal(done.preview.totals.conflicts, 0)
  const { rows } = await client.query(
    `SELECT (SELECT count(*)::int FROM p) AS p, (SELECT count(*)::int FROM c) AS c, (SELECT count(*)::int FROM gone) AS gone,
       (SELECT count(*)::int FROM part WHERE x = id::text) AS part, (SELECT string_agg(x, '') FROM keyless) AS keyless, (SELECT count(*)::int FROM log) AS log`,
  )
  assert.deepEqual(rows, [{ p: 9, c: 9, gone: 2, part: 9, keyless: 'aa', log: 0 }])
  await undo(url, done)
  assert.deepEqual(rowsOf(await readState(client)), rowsOf(before), 'undone')
}

test('a session that the server ends before any statement leaves the target as it was, and nothing of itself', async () => {
  await withScene(async ({ url, repository, client, before }) => {
    let n = firstAt
    for (let more = true; more; n += stride) {
      await using open = await openInPlace(repository, url, choice)
      const { wire } = open.workspace
      const { digest } = await open.preview()
      const end = async (): Promise<void> => {
        await client.query('SELECT pg_terminate_backend($1, 10000)', [wire.processId])
      }
      const broken = interrupt(wire, n, end)
      const done = await open.apply(digest).catch((error: unknown) => error)
      more = broken.count() >= n
      if (more) {
        assert.ok(isHoldfastError(done, 'connection_lost'), String(done))
        await requireNothingLeft(client)
        assert.deepEqual(rowsOf(await readState(client)), rowsOf(before), `statement ${n}`)
      } else await requireWhole(url, client, before, done as Done)
    }
  })
})

test('a safety backup that can not be stored leaves the target as it was', async () => {
  await withScene(async ({ url, repository, client, before }) => {
    await using open = await openInPlace(repository, url, choice)
    const { digest } = await open.preview()
    const full = (): Promise<never> => Promise.reject(new HoldfastError('storage_full', 'full'))
    await failure(open.apply(digest, { store: full }), 'storage_full')
    assert.deepEqual(rowsOf(await readState(client)), rowsOf(before))
    await failure(open.apply(digest, { commitSafety: full }), 'storage_full')
    assert.deepEqual(rowsOf(await readState(client)), rowsOf(before))
    await requireWhole(url, client, before, await open.apply(digest))
  })
})

test('undoing that fails at a statement leaves what was restored', async () => {
  await withScene(async ({ url, repository, client, before }) => {
    const done = await restoreInPlace(repository, url, choice)
    const restored = rowsOf(await readState(client))
    let n = firstAt
    for (let more = true; more; n += stride) {
      let broken = { count: (): number => 0 }
      await undo(url, done, { onWorkspace: ({ wire }) => (broken = interrupt(wire, n, refuse)) }).catch(
        (error: unknown) => assert.ok(isHoldfastError(error), String(error)),
      )
      more = broken.count() >= n
      if (more) assert.deepEqual(rowsOf(await readState(client)), restored, `statement ${n}`)
    }
    assert.deepEqual(rowsOf(await readState(client)), rowsOf(before))
  })
})

test('a process that is killed at any moment leaves the target as it was, or restored, and nothing of itself', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-in-place-'))
  try {
    await withScene(async ({ url, repository, client, before }) => {
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
      console.log(`in place: killed by ${seed}`)
      const r = randomOf(seed)
      for (let left = 6; left > 0; left--) {
        const ended = await killChild(task, r.between(25, 110), r.int(4))
        await requireNothingLeft(client)
        const now = rowsOf(await readState(client))
        if (JSON.stringify(now) === JSON.stringify(rowsOf(before))) {
          assert.ok(!ended, 'it ended without having done anything')
          continue
        }
        const again = await restoreInPlace(repository, url, choice)
        assert.equal(again.applied.changed, false, 'half of it was done')
        return
      }
      await restoreInPlace(repository, url, choice)
    }, directory)
  } finally {
    await rm(directory, { recursive: true })
  }
})
