import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { failure, newRepository, requireSame, stateOf } from '../support/journey.ts'
import { stopTestServers, testServer } from '../support/postgres.ts'

after(stopTestServers)

/** As few locks as a server can have: some hundreds. */
const few = {
  label: 'few locks',
  settings: {
    max_locks_per_transaction: '10',
    max_connections: '15',
    max_worker_processes: '0',
    max_logical_replication_workers: '0',
    autovacuum_max_workers: '1',
    max_wal_senders: '0',
    wal_level: 'replica',
    max_prepared_transactions: '0',
  },
}

/** One transaction for each, so that making them needs few locks. */
const tables = (count: number, sql: string): string =>
  `DO $$ BEGIN FOR i IN 1..${count} LOOP EXECUTE format('${sql}', i); COMMIT; END LOOP; END $$`

test('a source without room for the locks of a backup is told as that, and goes on', async () => {
  const server = await testServer(17, few)
  const repository = await newRepository(openMemoryStorage())
  await using source = await server.database()
  await source.query(tables(1200, 'CREATE TABLE t%s (a int)'))
  const failed = await failure(repository.backUp(source.url), 'locks_exhausted')
  assert.match(failed.message, /out of shared memory/)
  assert.match(failed.hint, /1200 tables .* set max_locks_per_transaction to \d+ and restart it/)
  assert.deepEqual(await repository.list(), [])
  assert.deepEqual(await source.query(`SELECT count(*)::int AS n FROM pg_locks WHERE relation >= 16384`), [
    { n: 0 },
  ])
})

test('a target without room for the locks of a restore is told as that, and left as it was', async () => {
  const server = await testServer(17)
  const repository = await newRepository(openMemoryStorage())
  await using source = await server.database()
  await source.query('CREATE TABLE parts (a int) PARTITION BY LIST (a)')
  await source.query(tables(600, 'CREATE TABLE part%1$s PARTITION OF parts FOR VALUES IN (%1$s)'))
  await source.query(
    'INSERT INTO parts VALUES (1), (2); CREATE MATERIALIZED VIEW m AS SELECT sum(a) FROM parts',
  )
  await repository.backUp(source.url, { proof: 'counts' })
  await using target = await (await testServer(17, few)).database()
  const was = await stateOf(target.url)
  const failed = await failure(repository.restoreTo(target.url), 'locks_exhausted')
  assert.match(failed.message, /materialized view data public\.m could not be made: out of shared memory/)
  assert.match(failed.hint, /max_locks_per_transaction/)
  requireSame(await stateOf(target.url), was, 'the target')
})
