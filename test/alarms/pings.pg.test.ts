import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDestination } from '../../src/alarms/destinations.ts'
import { newAlarms } from '../support/alarms.ts'
import { testServer } from '../support/postgres.ts'
import { newReceiver } from '../support/receiver.ts'

const server = await testServer(18, { settings: { fsync: 'off' } })
const minute = 60_000

async function follow(web: { url: string }) {
  const service = await newAlarms(server)
  const address = { kind: 'ping', success: `${web.url}/ok`, fail: `${web.url}/ok/fail`, start: `${web.url}/ok/start` } // prettier-ignore
  await service.catalog.system.transaction((queries) =>
    addDestination(queries, service.catalog.seal, {
      name: 'watch',
      address,
      reach: 'private',
      follows: { sourceId: service.sourceId, kind: 'backup' },
    }),
  )
  const end = async (id: string, status: 'completed' | 'cancelled'): Promise<void> => {
    await service.catalog.system.query(
      'UPDATE holdfast.jobs SET status = $2, ended_at = $3, lease_until = NULL WHERE id = $1',
      [id, status, service.clock.now()],
    )
  }
  return { ...service, end }
}

test('an outside watcher hears that a backup has begun and how it ended, once each, and nothing of other jobs', async () => {
  const web = await newReceiver()
  const { job, tick, clock, end } = await follow(web)
  const id = await job({ status: 'running' })
  await job({ kind: 'drill', status: 'failed' })
  await tick()
  await tick()
  clock.pass(minute)
  await end(id, 'completed')
  await tick()
  await job({ status: 'failed' })
  await tick()
  await tick()
  assert.deepEqual(
    web.requests.map(({ method, path }) => `${method} ${path}`),
    ['GET /ok/start', 'GET /ok', 'GET /ok/fail'],
  )
})

test('that a job has begun is not told when it has ended, and of a cancelled one nothing', async () => {
  const web = await newReceiver()
  const { job, tick, clock, end, catalog } = await follow(web)
  web.answer(503)
  const first = await job({ status: 'running' })
  await tick()
  web.answer(200)
  clock.pass(10)
  await end(first, 'completed')
  await tick()
  const second = await job({ status: 'running' })
  await catalog.system.query('UPDATE holdfast.destinations SET enabled = false')
  await tick()
  await end(second, 'cancelled')
  await catalog.system.query('UPDATE holdfast.destinations SET enabled = true')
  clock.pass(10 * minute)
  await tick()
  assert.deepEqual(
    web.requests.map(({ path }) => path),
    ['/ok/start', '/ok'],
  )
})
