import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { HoldfastError } from '../../src/lib/errors.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { besideUrl, failure, newRepository, type JourneyRepository } from '../support/journey.ts'
import { testServer, type TestServer } from '../support/postgres.ts'

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
})

after(() => server.stop('immediate'))

test('when a chunk can not be read, the other connections stop, too', async () => {
  await using source = await server.database()
  for (const n of [1, 2, 3, 4])
    await source.query(
      `CREATE TABLE t${n} AS SELECT n, repeat(md5((n * ${n})::text), 10) AS b FROM generate_series(1, 60000) n`,
    )
  const { manifest } = await repository.backUp(source.url)
  let reads = 0
  let readsBefore = 0
  const storage = {
    ...repository.storage,
    async get(...args: Parameters<typeof repository.storage.get>) {
      if (!args[0].startsWith('chunks')) return await repository.storage.get(...args)
      if (++reads < 6) return await repository.storage.get(...args)
      if (readsBefore > 0) return await repository.storage.get(...args)
      readsBefore = reads
      throw new HoldfastError('storage_failed', 'The disk is broken.')
    },
  }
  const url = besideUrl(server.url(), `${source.name}_copy`)
  await failure(repository.restoreTo(url, { createDatabase: true, storage }), 'storage_failed')
  // What was under way is finished: a COPY takes 16 MB, eight chunks or so.
  assert.ok(manifest.chunks.length > 40, `${manifest.chunks.length} chunks`)
  assert.ok(reads - readsBefore < 16, `${reads - readsBefore} reads after the failure`)
  assert.deepEqual(await server.query(`SELECT FROM pg_database WHERE datname = '${source.name}_copy'`), [])
})
