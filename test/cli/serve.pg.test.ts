import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { testServer } from '../support/postgres.ts'
import { over, serving, type ServedJob } from '../support/serve.ts'

/* The service as a user starts it: everything in one process. */

const server = await testServer(17)
const { json, start, client } = await serving()
const shop = await server.database()
await shop.query('CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id')

test('a service makes a backup, survives being killed in the middle of one, and stops when it is told to', async () => {
  const args = ['serve', '--data', 'data', '--listen', '0']
  const first = start(args)
  const key = await first.after(/not shown again: (hfk_\S+)/)
  const one = client(await first.after(/listens at (\S+)/), key)
  await one.add(shop, server.password)
  const { id } = await one.call<ServedJob>('POST', '/backups', { source: 'shop', name: 'first' })
  const job = await one.until(id, over)
  assert.equal(job.status, 'completed', JSON.stringify(job.error))
  const { backups } = json<{ backups: { id: string; name: string }[] }>(['list', '--repo', 'repo'])
  assert.deepEqual(
    backups.map(({ id: backup, name }) => [backup, name]),
    [[job.result?.backup.id, 'first']],
  )
  const known = await one.call<{ items: { id: string }[] }>('GET', '/backups?source=shop')
  assert.deepEqual(
    known.items.map(({ id: backup }) => backup),
    [job.result?.backup.id],
  )
  // A lock holds the second one up, until the service was killed.
  const blocker = await blockedBy('LOCK TABLE orders')
  const second = await one.call<ServedJob>('POST', '/backups', { source: 'shop', name: 'second' })
  await one.until(second.id, ({ status }) => status === 'running')
  first.child.kill('SIGKILL')
  await first.ended()
  await blocker.release()
  const again = start(args)
  const two = client(await again.after(/listens at (\S+)/), key)
  const taken = await two.until(second.id, over)
  assert.deepEqual([taken.status, taken.attempt], ['completed', 2], JSON.stringify(taken.error))
  assert.doesNotMatch(again.said(), /hfk_/)
  assert.equal(await again.stop(), 0, again.said())
})

/** Holds a lock until it is released. */
async function blockedBy(sql: string): Promise<{ release(): Promise<void> }> {
  const connection = new pg.Client({ connectionString: shop.url })
  await connection.connect()
  await connection.query(`BEGIN; ${sql}`)
  return { release: () => connection.end() }
}
