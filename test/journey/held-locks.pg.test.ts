import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { failure, newRepository, type JourneyRepository } from '../support/journey.ts'
import { testServer, type TestServer } from '../support/postgres.ts'

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
})

after(() => server.stop('immediate'))

/** The storage, with work to be done once, while the first chunk waits. */
function storageThatWaits(storage: Storage, work: () => Promise<void>): Storage {
  let waited = false
  return {
    ...storage,
    async put(key, data, options) {
      if (!waited && key.startsWith('chunks')) {
        waited = true
        await work()
      }
      return await storage.put(key, data, options)
    },
  }
}

/** The session that holds a lock on every table, once it has nothing left to do. */
async function idleLeader(database: string): Promise<string> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const [row] = await server.query(
      `SELECT a.pid, a.state = 'idle in transaction' AND a.query LIKE 'DEALLOCATE%' AS idle
       FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a ON a.pid = l.pid
       WHERE c.relnamespace = 'public'::regnamespace GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1`,
      database,
    )
    if (row?.['idle'] === true) return String(row['pid'])
    await sleep(20)
  }
  throw new Error('The session with the locks never came to rest.')
}

test('when the connection that holds the locks is lost, there is no backup, even if all others could go on', async () => {
  await using source = await server.database()
  for (const n of [1, 2, 3, 4])
    await source.query(
      `CREATE TABLE t${n} AS SELECT n, repeat(md5(n::text), 10) AS b FROM generate_series(1, 30000 / ${n}) n`,
    )
  let truncated = false
  const storage = storageThatWaits(repository.storage, async () => {
    await server.query(`SELECT pg_terminate_backend(${await idleLeader(source.name)}, 5000)`)
    // What the lost lock has kept out: the snapshot does not know the table's rows any more.
    await source.query(`SET lock_timeout = '5s'; TRUNCATE t4`)
    truncated = true
  })
  await failure(repository.backUp(source.url, { jobs: 1, storage }), 'connection_lost')
  assert.equal(truncated, true)
  assert.deepEqual(await repository.list(), [])
})
