import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { dropOld, listBeside, listReplaced, swapBack } from '../../src/restore/swap/old.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { addressOf } from '../support/address.ts'
import {
  besideUrl,
  databaseOf,
  failure,
  newRepository,
  requireSame,
  stateOf,
  type DatabaseStateAndSchema,
  type JourneyRepository,
} from '../support/journey.ts'
import { queryAt, testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'

let server: TestServer
let repository: JourneyRepository
let backedUp: DatabaseStateAndSchema

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
  await server.query(`CREATE ROLE swap_owner LOGIN CREATEDB PASSWORD 'x'; CREATE ROLE swap_reader;
    CREATE ROLE "Swap giver"; CREATE ROLE swap_early`)
  await using source = await server.database()
  await source.query(`CREATE TABLE shop (id int PRIMARY KEY, name text); INSERT INTO shop SELECT n, 'item ' || n FROM generate_series(1, 500) n;
    CREATE FUNCTION nothing() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER quiet ON ddl_command_end EXECUTE FUNCTION nothing();
    GRANT CONNECT ON DATABASE ${source.name} TO swap_early; ALTER DATABASE ${source.name} SET work_mem = '7MB'`)
  await repository.backUp(source.url, { proof: 'full' })
  backedUp = await stateOf(source.url)
})

after(() => server.stop('immediate'))

/** A database in use, with all that can belong to its name. */
async function liveDatabase(o: { name?: string; plain?: boolean } = {}): Promise<TestDatabase> {
  const { name } = o
  const live = await server.database({
    ...(name === undefined ? {} : { name }),
    clauses: 'OWNER swap_owner CONNECTION LIMIT 42',
  })
  const quoted = `"${live.name.replaceAll('"', '""')}"`
  await live.query(`CREATE TABLE public.newer (a int); INSERT INTO public.newer VALUES (1), (2);
    GRANT TEMPORARY ON DATABASE ${quoted} TO "Swap giver" WITH GRANT OPTION; REVOKE CONNECT ON DATABASE ${quoted} FROM PUBLIC;
    ALTER DATABASE ${quoted} SET search_path = 'shop', "$user"; ALTER DATABASE ${quoted} SET statement_timeout = '1h';
    COMMENT ON DATABASE ${quoted} IS 'it''s "live"'; ALTER DATABASE ${quoted} IS_TEMPLATE true`)
  if (o.plain !== true) {
    await live.query(`ALTER ROLE swap_reader IN DATABASE ${quoted} SET work_mem = '3MB';
      SET ROLE "Swap giver"; GRANT TEMPORARY ON DATABASE ${quoted} TO swap_reader`)
  }
  return live
}

/** With whatever swaps have left beside it. */
async function dropAll(live: TestDatabase): Promise<void> {
  for (const left of await listBeside(addressOf(live.url))) await dropOld(addressOf(live.url), left)
  await server.query(`ALTER DATABASE "${live.name.replaceAll('"', '""')}" IS_TEMPLATE false`)
  await live.drop()
}

test('a backup takes the place of a live database, whose own properties stay, and both can be had back', async () => {
  for (const name of ['swap "quoted"', `swap_${'é'.repeat(29)}`]) {
    const live = await liveDatabase({ name })
    const [state, own] = [await stateOf(live.url), await databaseOf(live.url)]
    const plan = await repository.planSwapTo(live.url)
    assert.deepEqual(plan.problems, [])
    assert.ok(
      plan.differing.some((d) =>
        /^Settings: stay .*others were search_path, statement_timeout, swap_reader: work_mem, work_mem\.$/.test(
          d,
        ),
      ),
    )
    assert.ok(plan.differing.some((d) => d.startsWith('Owner: stays swap_owner')))

    const report = await repository.swapTo(live.url)
    requireSame(await stateOf(live.url), backedUp, 'the database in its place')
    assert.deepEqual(await databaseOf(live.url), own)
    assert.deepEqual(report.restore?.quarantined, [])
    await assert.rejects(
      queryAt(besideUrl(live.url, report.kept), 'SELECT 1'),
      /not currently accepting connections/,
    )

    const [old, ...more] = await listReplaced(addressOf(live.url))
    assert.ok(old !== undefined && more.length === 0)
    assert.equal(old.name, report.kept)
    assert.ok((old.bytes ?? 0) > 0)
    const kept = await swapBack({ target: addressOf(live.url), old, clock: systemClock })
    requireSame(await stateOf(live.url), state, 'the database that has its name back')
    assert.deepEqual(await databaseOf(live.url), own)

    const [again] = await listReplaced(addressOf(live.url))
    assert.equal(again?.name, kept)
    if (again !== undefined) await swapBack({ target: addressOf(live.url), old: again, clock: systemClock })
    requireSame(await stateOf(live.url), backedUp, 'the restored database, once more')
    assert.deepEqual(await databaseOf(live.url), own)

    // Also when the one that took its place is gone.
    await server.query(`ALTER DATABASE "${name.replaceAll('"', '""')}" IS_TEMPLATE false`)
    await live.drop()
    const [last] = await listReplaced(addressOf(live.url))
    assert.ok(last !== undefined)
    assert.equal(await swapBack({ target: addressOf(live.url), old: last, clock: systemClock }), null)
    requireSame(await stateOf(live.url), state, 'the database that was there first')
    assert.deepEqual(await databaseOf(live.url), own)
    await failure(listReplaced(addressOf(live.url)), 'nothing_replaced')
    await dropAll(live)
  }
})

test('sessions are ended, also those that come again and again, and wait at most for the exchange', async () => {
  const live = await liveDatabase()
  let stop = false
  let connected = 0
  const insisting = Array.from({ length: 4 }, async () => {
    while (!stop) {
      await queryAt(live.url, `SELECT pg_sleep(20)`).then(
        () => undefined,
        () => connected++,
      )
    }
  })
  const idle = queryAt(live.url, 'BEGIN; SELECT pg_sleep(600)').catch((error: unknown) => error)
  while ((await server.query(`SELECT FROM pg_stat_activity WHERE datname = '${live.name}'`)).length < 5) {
    await server.query('SELECT pg_sleep(0.02)')
  }
  const plan = await repository.planSwapTo(live.url)
  assert.equal(
    plan.live.sessions.reduce((sum, s) => sum + s.count, 0),
    5,
  )
  await repository.swapTo(live.url)
  stop = true
  assert.match(String(await idle), /terminating connection/)
  let settled = false
  const all = Promise.all(insisting).finally(() => (settled = true))
  while (!settled) {
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${live.name}'`,
    )
    await server.query('SELECT pg_sleep(0.02)')
  }
  await all
  assert.ok(connected >= 4)
  requireSame(await stateOf(live.url), backedUp, 'the database in its place')
  await dropAll(live)
})

test('the owner with CREATEDB can do it all without being a superuser', async () => {
  const live = await liveDatabase({ plain: true })
  const url = live.urlFor('swap_owner', 'x')
  const own = await databaseOf(live.url)
  const part = await newRepository(openMemoryStorage())
  await using source = await server.database({ clauses: 'OWNER swap_owner' })
  await queryAt(source.urlFor('swap_owner', 'x'), 'CREATE TABLE goods AS SELECT 1 AS id')
  await part.backUp(source.url)
  const report = await part.swapTo(url, { quarantine: true })
  assert.deepEqual(await databaseOf(live.url), own)
  assert.deepEqual(await live.query('SELECT id FROM public.goods'), [{ id: 1 }])
  const [old] = await listReplaced(addressOf(url))
  assert.equal(old?.name, report.kept)
  if (old !== undefined) await swapBack({ target: addressOf(url), old, clock: systemClock })
  assert.deepEqual(await databaseOf(live.url), own)
  for (const one of await listReplaced(addressOf(url))) await dropOld(addressOf(url), one)
  await dropAll(live)
})

test('what a swap would break without a word, or can not do, is told before anything is touched', async () => {
  const live = await liveDatabase()
  const codes = async (url = live.url): Promise<string[]> =>
    (await repository.planSwapTo(url)).problems.map((p) => p.code)
  assert.deepEqual(await codes(), [])
  await live.query(`SELECT pg_create_logical_replication_slot('swap_slot', 'pgoutput')`)
  assert.deepEqual(await codes(), ['target_replicated'])
  await failure(repository.swapTo(live.url), 'target_replicated')
  await live.query(`SELECT pg_drop_replication_slot('swap_slot')`)

  await live.query(
    `CREATE SUBSCRIPTION swap_sub CONNECTION 'host=192.0.2.1' PUBLICATION p WITH (connect = false, slot_name = 'none_such')`,
  )
  assert.deepEqual(await codes(), [])
  assert.ok(
    (await repository.planSwapTo(live.url)).warnings.some((w) => /swap_sub stay with the old/.test(w)),
  )
  await live.query('ALTER SUBSCRIPTION swap_sub ENABLE')
  assert.deepEqual(await codes(), ['target_replicated'])
  await live.query(
    'ALTER SUBSCRIPTION swap_sub DISABLE; ALTER SUBSCRIPTION swap_sub SET (slot_name = NONE); DROP SUBSCRIPTION swap_sub',
  )

  await live.query(`BEGIN; INSERT INTO public.newer VALUES (3); PREPARE TRANSACTION 'swap_prepared'`)
  assert.deepEqual(await codes(), ['target_in_use'])
  await live.query(`ROLLBACK PREPARED 'swap_prepared'`)

  await server.query(
    `CREATE ROLE swap_other LOGIN PASSWORD 'x'; GRANT CONNECT ON DATABASE ${live.name} TO swap_other`,
  )
  const problems = (await repository.planSwapTo(live.urlFor('swap_other', 'x'))).problems
  assert.ok(
    problems.some(
      (p) => p.code === 'target_lacks' && /may not rename .*its owner, with CREATEDB/.test(p.message),
    ),
  )
  await server.query(`REVOKE CONNECT ON DATABASE ${live.name} FROM swap_other; DROP ROLE swap_other`)

  const refused = (await repository.planSwapTo(live.urlFor('swap_owner', 'x'))).problems.map((p) => p.message)
  for (const what of [
    /SET ROLE "Swap giver": permission denied/,
    /ALTER ROLE "swap_reader" IN DATABASE .*: permission denied/,
  ])
    assert.ok(
      refused.some((message) => what.test(message)),
      refused.join(),
    )
  assert.doesNotMatch(refused.join(), /3MB/)
  await server.query(
    'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC; REVOKE CONNECT ON DATABASE template1 FROM PUBLIC',
  )
  const alone = (await repository.planSwapTo(live.urlFor('swap_owner', 'x'))).problems
  assert.ok(
    alone.some((p) => p.code === 'target_lacks' && /only be renamed from another one/.test(p.message)),
  )
  await server.query(
    'GRANT CONNECT ON DATABASE postgres TO PUBLIC; GRANT CONNECT ON DATABASE template1 TO PUBLIC',
  )
  await server.query(`CREATE DATABASE ${live.name}_holdfast_0a1b2c3d`)
  const { warnings } = await repository.planSwapTo(live.url)
  assert.ok(warnings.some((w) => w.startsWith(`${live.name}_holdfast_0a1b2c3d has a name`)))
  await server.query(`DROP DATABASE ${live.name}_holdfast_0a1b2c3d`)
  await server.query(`ALTER DATABASE ${live.name} SET default_transaction_read_only = on`)
  assert.deepEqual(await codes(), [])
  await server.query(`ALTER DATABASE ${live.name} RESET default_transaction_read_only`)
  assert.ok((await codes(besideUrl(live.url, 'template1'))).includes('target_lacks'))
  await failure(repository.planSwapTo(besideUrl(live.url, 'no_such_database')), 'database_missing')
  assert.deepEqual(await listBeside(addressOf(live.url)), [])
  await dropAll(live)
})

test('who can not be ended keeps the database where it is; what was restored is ready for the next run', async () => {
  const live = await liveDatabase({ plain: true })
  const state = await stateOf(live.url)
  const part = await newRepository(openMemoryStorage())
  await using source = await server.database({ clauses: 'OWNER swap_owner' })
  await queryAt(source.urlFor('swap_owner', 'x'), 'CREATE TABLE goods AS SELECT 1 AS id')
  await part.backUp(source.url)
  const url = live.urlFor('swap_owner', 'x')
  let holding: Promise<unknown> = Promise.resolve()
  let isHeld = false
  const onProgress = ({ phase }: { phase: string }): void => {
    if (isHeld || phase !== 'making tables') return
    isHeld = true
    // A superuser comes in after the plan was made, and has the time of all that follows to be there before the exchange.
    holding = queryAt(live.url, 'SELECT pg_sleep(600)').catch(() => undefined)
  }
  const error = await failure(part.swapTo(url, { onProgress }), 'target_in_use')
  assert.match(error.message, /still used by postgres/)
  const [ready, ...more] = await listBeside(addressOf(url))
  assert.equal(ready?.state, 'ready')
  assert.deepEqual(more, [])
  assert.deepEqual(
    (await part.planSwapTo(url)).problems.map((p) => p.code),
    ['target_in_use'],
  )
  await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${live.name}'`)
  await holding
  requireSame(await stateOf(live.url), state, 'the live database')
  // Another backup, or a quarantined one, is another database.
  assert.deepEqual(
    (await part.planSwapTo(url, { quarantine: true })).problems.map((p) => p.code),
    ['target_unfinished'],
  )
  const report = await part.swapTo(url)
  assert.equal(report.restore, null)
  assert.deepEqual(await live.query('SELECT id FROM public.goods'), [{ id: 1 }])
  await dropAll(live)
})

test('a restore that fails beside the live database leaves nothing, and the live one as it was', async () => {
  const live = await liveDatabase()
  const [state, own] = [await stateOf(live.url), await databaseOf(live.url)]
  for (const phase of ['making tables', 'comparing rows', 'building indexes and constraints']) {
    const stop = new AbortController()
    const onProgress = (at: { phase: string }): void => {
      if (at.phase === phase) stop.abort()
    }
    await failure(repository.swapTo(live.url, { signal: stop.signal, onProgress }), 'cancelled')
    assert.deepEqual(await listBeside(addressOf(live.url)), [])
  }
  requireSame(await stateOf(live.url), state, 'the live database')
  assert.deepEqual(await databaseOf(live.url), own)
  await dropAll(live)
})
