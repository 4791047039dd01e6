import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDatabase, type Database } from '../../src/catalog/database.ts'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { addressOf } from '../support/address.ts'
import { testServer } from '../support/postgres.ts'

const server = await testServer(18)

const open = (answerWithinMs: number): Promise<Database> =>
  openDatabase({ address: addressOf(server.url()), role: null, connections: 1, applicationName: 'test', answerWithinMs }) // prettier-ignore

test('whoever freezes in the middle of a transaction does not keep its locks for long, and learns that it lost them', async () => {
  const [frozen, other] = await Promise.all([open(500), open(30_000)])
  const lock = 'SELECT pg_catalog.pg_advisory_xact_lock(1)'
  const [held, thawed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const lost = frozen.transaction(async ({ query }) => {
    await query(lock)
    held.resolve()
    await thawed.promise
    await query('SELECT 1')
  })
  await held.promise
  // It would fail after its own half minute.
  await other.transaction(async ({ query }) => void (await query(lock)))
  thawed.resolve()
  await assert.rejects(lost, (error) => isHoldfastError(error, 'catalog_unreachable'))
  assert.deepEqual(await frozen.query('SELECT 1 AS one'), [{ one: 1 }])
  await Promise.all([frozen.close(), other.close()])
})
