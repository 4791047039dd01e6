import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { printHostFile } from '../../src/repository/hostfile.ts'
import { newApi } from '../support/restores-api.ts'
import { testServer } from '../support/postgres.ts'
import { realCommands, type JobRow } from '../support/service.ts'

/* Copies of a repository, over the API. */

const [server, catalogServer] = await Promise.all([testServer(17), testServer(18)])
const api = await newApi(catalogServer)
const { ok, call, until, directory } = api
api.worker({ commandLine: realCommands })
const over = ({ status }: JobRow): boolean => ['completed', 'failed', 'cancelled'].includes(status)
const hostFile = printHostFile(api.repository.credentials)

async function done(line: string, body: unknown): Promise<JobRow> {
  const { id } = await ok<{ id: string }>(line, body)
  const job = await until(id, over)
  assert.equal(job.status, 'completed', JSON.stringify(job.error))
  return job
}

test('a repository is copied to another one, and backups go to all of its places', async () => {
  await using shop = await server.database()
  await shop.query('CREATE TABLE orders AS SELECT generate_series(1, 100) AS id')
  await api.addSource('shop', shop.url)
  await done('POST /backups', { source: 'shop', name: 'first' })
  const second = join(directory, 'second')
  await ok('POST /repositories', { name: 'other', address: second, hostFile })
  for (const to of ['main', 'none'])
    assert.ok((await call('POST /jobs', { kind: 'copy', repository: 'main', params: { to } })).status >= 400)
  const copied = await done('POST /jobs', { kind: 'copy', repository: 'main', params: { to: 'other' } })
  assert.equal(copied.result?.['made'], true)
  const names = async (repository: string) => {
    const { items } = await ok<{ items: { summary: { name: string } }[] }>(
      `GET /backups?repository=${repository}`,
    )
    return items.map(({ summary }) => summary.name)
  }
  // It is read again by a job of its own.
  const [refresh] = (await ok<{ items: { id: string }[] }>('GET /jobs?kind=refresh')).items
  await until(refresh?.id ?? '', over)
  assert.deepEqual(await names('other'), ['first'])
  const changed = await ok<{ copies: string[] }>('PATCH /repositories/main', { copies: [second] })
  assert.deepEqual(changed.copies, [second])
  assert.equal((await call('PATCH /repositories/main', { copies: ['elsewhere'] })).status, 400)
  await done('POST /backups', { source: 'shop', name: 'both' })
  await done('POST /jobs', { kind: 'refresh', repository: 'other' })
  assert.deepEqual(await names('other'), ['both', 'first'])
  const nightly = { name: 'nightly', kind: 'copy', repository: 'main', rule: { every: 'day', at: '04:00' } }
  assert.equal((await call('POST /schedules', { ...nightly, params: {} })).status, 400)
  await ok('POST /schedules', { ...nightly, params: { to: 'other' } })
})
