import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connect, type Connection } from '../../src/postgres/connect.ts'
import { changePlaces } from '../../src/restore/swap/run.ts'
import { readBeside, stateSql, type SwapState } from '../../src/restore/swap/state.ts'
import { addressOf } from '../support/address.ts'
import { besideUrl, databaseOf, failure, newRepository, requireSame, stateOf } from '../support/journey.ts'
import { dieAt, killChild } from '../support/journey-process.ts'
import { queryAt, testServer, type TestServer } from '../support/postgres.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let server: TestServer

before(async () => {
  server = await testServer(16)
  await server.query('CREATE ROLE fault_owner; CREATE ROLE fault_reader')
})

after(() => server.stop('immediate'))

/** One statement is broken: it is not sent, its answer is lost, or its session is killed before it. */
type Blow = 'not sent' | 'answer lost' | 'killed'

/** `broken` gets its `at`th statement broken, and with it all that follow. */
function breakAt(broken: Connection, at: number, blow: Blow): Connection & { readonly statements: number } {
  let statements = 0
  let dead = false
  return {
    ...broken,
    get statements() {
      return statements
    },
    async query(sql, values) {
      statements++
      if (dead || (statements === at && blow === 'not sent')) {
        dead = true
        await broken.close()
        throw new Error('broken')
      }
      if (statements === at && blow === 'killed') {
        dead = true
        await server.query(`SELECT pg_terminate_backend(${broken.processId}, 5000)`)
      }
      const rows = await broken.query(sql, values)
      if (statements === at && blow === 'answer lost') {
        dead = true
        await broken.close()
        throw new Error('broken')
      }
      return rows as never[]
    },
  }
}

const state: SwapState = {
  state: 'ready',
  of: 'fault_live',
  id: '1',
  backup: 'b',
  at: '2026-11-28T00:00:00Z',
  quarantine: false,
  comment: null,
}

/** A live database and one that is to take its place. */
async function twoDatabases(): Promise<{ live: number; next: number }> {
  for (const name of ['fault_live', 'fault_next', 'fault_old']) {
    await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  }
  await server.query('CREATE DATABASE fault_live OWNER fault_owner CONNECTION LIMIT 9 STRATEGY file_copy')
  await queryAt(besideUrl(server.url(), 'fault_live'), 'CREATE TABLE was_live (a int)')
  await server.query(`COMMENT ON DATABASE fault_live IS 'live'; GRANT TEMPORARY ON DATABASE fault_live TO fault_reader;
    ALTER DATABASE fault_live SET work_mem = '5MB'; ALTER ROLE fault_reader IN DATABASE fault_live SET work_mem = '6MB'`)
  await server.query('CREATE DATABASE fault_next STRATEGY file_copy')
  await queryAt(besideUrl(server.url(), 'fault_next'), 'CREATE TABLE was_next (a int)')
  await server.query(`ALTER DATABASE fault_next ALLOW_CONNECTIONS false; ${stateSql('fault_next', state)}`)
  const oids = await server.query(
    `SELECT oid::int FROM pg_database WHERE datname LIKE 'fault%' ORDER BY datname`,
  )
  return { live: Number(oids[0]?.['oid']), next: Number(oids[1]?.['oid']) }
}

/** Which database has the name, with everything that belongs to the name; throws if it is neither, or half of one. */
async function whoIsLive(own: unknown): Promise<'old' | 'new'> {
  const url = besideUrl(server.url(), 'fault_live')
  assert.deepEqual(await databaseOf(url), own)
  const [table] = await queryAt(url, `SELECT relname FROM pg_class WHERE relname LIKE 'was\\_%'`)
  const isNew = table?.['relname'] === 'was_next'
  const names = await server.query(
    `SELECT datname, datallowconn FROM pg_database WHERE datname LIKE 'fault%' ORDER BY 1`,
  )
  assert.deepEqual(names, [
    { datname: 'fault_live', datallowconn: true },
    { datname: isNew ? 'fault_old' : 'fault_next', datallowconn: false },
  ])
  await using connection = await connect({ address: addressOf(server.url()) })
  const [beside] = await readBeside(connection, 'fault_live')
  assert.equal(beside?.state, isNew ? 'replaced' : 'ready')
  assert.equal(beside?.comment, isNew ? 'live' : null)
  return isNew ? 'new' : 'old'
}

for (const blow of ['not sent', 'answer lost', 'killed'] as const)
  for (const which of ['connection', 'other'] as const)
    test(`an exchange in which any statement is broken (${blow}, ${which === 'other' ? 'ending sessions' : 'renaming'}) leaves the old or the new database under the name, whole`, async () => {
      const seen = { old: 0, new: 0 }
      let { live, next } = await twoDatabases()
      const own = await databaseOf(besideUrl(server.url(), 'fault_live'))
      for (let at = 1; ; at++) {
        await using first = await connect({ address: addressOf(server.url()) })
        await using second = await connect({ address: addressOf(server.url()) })
        const pair = { connection: first as Connection, other: second as Connection }
        const broken = breakAt(pair[which], at, blow)
        // Somebody is there, so that sessions have to be ended.
        const session = queryAt(besideUrl(server.url(), 'fault_live'), 'SELECT pg_sleep(600)').catch(
          () => undefined,
        )
        while ((await server.query(`SELECT FROM pg_stat_activity WHERE datid = ${live}`)).length === 0) {
          await server.query('SELECT pg_sleep(0.01)')
        }
        const outcome = await changePlaces({
          ...pair,
          [which]: broken,
          live: { name: 'fault_live', oid: live },
          next: { name: 'fault_next', oid: next },
          keepAs: 'fault_old',
          kept: (comment) => ({ ...state, state: 'replaced', comment }),
          warnings: [],
        }).then(
          () => 'done',
          () => 'failed',
        )
        const found = await whoIsLive(own)
        seen[found]++
        if (outcome === 'done') assert.equal(found, 'new')
        await server.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'fault%'`,
        )
        await session
        if (broken.statements < at) break
        // What is untouched serves again.
        if (found === 'new') ({ live, next } = await twoDatabases())
      }
      assert.ok(seen.new > 0)
      assert.ok(which === 'other' || seen.old > 5, JSON.stringify(seen))
    })

test('what has begun since the plan stops the exchange, and nothing has changed', async () => {
  const { live, next } = await twoDatabases()
  const url = besideUrl(server.url(), 'fault_live')
  const own = await databaseOf(url)
  const change = async (liveOid = live): Promise<void> => {
    await using connection = await connect({ address: addressOf(server.url()) })
    await using other = await connect({ address: addressOf(server.url()) })
    await changePlaces({
      connection,
      other,
      live: { name: 'fault_live', oid: liveOid },
      next: { name: 'fault_next', oid: next },
      keepAs: 'fault_old',
      kept: (comment) => ({ ...state, state: 'replaced', comment }),
      warnings: [],
    })
  }
  await queryAt(url, `SELECT pg_create_logical_replication_slot('fault_slot', 'pgoutput')`)
  await failure(change(), 'target_replicated')
  await queryAt(url, `SELECT pg_drop_replication_slot('fault_slot')`)
  await queryAt(url, `BEGIN; CREATE TABLE x (); PREPARE TRANSACTION 'fault_prepared'`)
  await failure(change(), 'target_in_use')
  await queryAt(url, `ROLLBACK PREPARED 'fault_prepared'`)
  await failure(change(next), 'target_changed')
  assert.equal(await whoIsLive(own), 'old')
  await change()
  assert.equal(await whoIsLive(own), 'new')
})

test('no session is ended before the database is locked against new ones', async () => {
  const { live, next } = await twoDatabases()
  const url = besideUrl(server.url(), 'fault_live')
  await using connection = await connect({ address: addressOf(server.url()) })
  await using other = await connect({ address: addressOf(server.url()) })
  await using holder = await connect({ address: addressOf(server.url()) })
  await using session = await connect({ address: addressOf(url) })
  await holder.query(`BEGIN; COMMENT ON DATABASE fault_live IS 'live'`)
  let looked = 0
  const enough = Promise.withResolvers<void>()
  const counting: Connection = {
    ...other,
    query(sql, values) {
      if (++looked === 7) enough.resolve()
      return other.query(sql, values)
    },
  }
  const changed = changePlaces({
    connection,
    other: counting,
    live: { name: 'fault_live', oid: live },
    next: { name: 'fault_next', oid: next },
    keepAs: 'fault_old',
    kept: (comment) => ({ ...state, state: 'replaced', comment }),
    warnings: [],
  })
  await enough.promise
  assert.deepEqual(await session.query('SELECT 1 AS here'), [{ here: 1 }])
  await holder.query('ROLLBACK')
  await changed
  await failure(session.query('SELECT 1'), 'connection_lost')
})

test('a restore in place that is killed at any moment leaves the old or the new database under the name, and the next run finishes it', async (t) => {
  const directory = await temporaryDirectory(t)
  const repository = await newRepository(directory)
  await using source = await server.database()
  await source.query(
    `CREATE TABLE big AS SELECT n, md5(n::text) AS v FROM generate_series(1, 3000) n; CREATE INDEX ON big (v)`,
  )
  await repository.backUp(source.url, { proof: 'full' })
  const restored = await stateOf(source.url)
  const { identity, credentials } = repository
  const found: string[] = []
  for (let step = 1; ; step++) {
    const live = await server.database()
    await live.query('CREATE TABLE newer AS SELECT 1 AS a')
    const before = await stateOf(live.url)
    const task = { directory, identity, credentials, action: 'swap', url: live.url } as const
    const died = await dieAt(task, step)
    await settled()
    found.push(await finish(repository, live.url, before, restored))
    await removeAll(live)
    if (!died) break
  }
  // The exchange itself, which is told of before and after only.
  const last = found.length - 2
  for (const ms of [0, 20, 60]) {
    const live = await server.database()
    await live.query('CREATE TABLE newer AS SELECT 1 AS a')
    const before = await stateOf(live.url)
    const task = { directory, identity, credentials, action: 'swap', url: live.url } as const
    await killChild(task, last, ms)
    await settled()
    found.push(await finish(repository, live.url, before, restored))
    await removeAll(live)
  }
  t.diagnostic(found.join(' '))
  for (const one of ['untouched', 'filling', 'ready', 'replaced']) assert.ok(found.includes(one), one)
})

/** Checks what a killed run has left, and runs it again as it is told to. Resolves to what that was. */
async function finish(
  repository: Awaited<ReturnType<typeof newRepository>>,
  url: string,
  before: Awaited<ReturnType<typeof stateOf>>,
  restored: Awaited<ReturnType<typeof stateOf>>,
): Promise<string> {
  const { problems, live, ready } = await repository.planSwapTo(url)
  const what = live.beside[0]?.state ?? 'untouched'
  requireSame(await stateOf(url), what === 'replaced' ? restored : before, `the live database (${what})`)
  assert.deepEqual(
    problems.map((p) => p.code),
    what === 'filling' ? ['target_unfinished'] : [],
  )
  assert.equal(ready !== null, what === 'ready')
  if (what !== 'replaced') await repository.swapTo(url, { restart: what === 'filling' })
  requireSame(await stateOf(url), restored, 'the database in its place')
  const left = (await repository.planSwapTo(url)).live.beside.map((d) => d.state)
  assert.deepEqual(left, ['replaced'])
  return what
}

async function removeAll(live: { name: string }): Promise<void> {
  for (const { name } of (await server.query(
    `SELECT datname AS name FROM pg_database WHERE starts_with(datname, '${live.name}')`,
  )) as { name: string }[])
    await server.query(`DROP DATABASE "${name}" WITH (FORCE)`)
}

/** Resolves when the server has noticed that nobody is there any more. */
async function settled(): Promise<void> {
  const working = `SELECT FROM pg_stat_activity WHERE application_name = 'holdfast'`
  while ((await server.query(working)).length > 0) await server.query('SELECT pg_sleep(0.02)')
}
