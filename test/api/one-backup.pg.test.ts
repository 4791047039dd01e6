import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testApi } from '../support/api.ts'
import { testServer } from '../support/postgres.ts'
import { newService, realCommands, type JobRow } from '../support/service.ts'

const server = await testServer(18)
const over = ({ status }: JobRow): boolean => ['completed', 'failed', 'cancelled'].includes(status)

test('a backup is looked into, pinned, and removed by the real commands, which have the last word', async () => {
  const service = await newService(server)
  await using shop = await server.database()
  await shop.query('CREATE TABLE orders AS SELECT generate_series(1, 100) AS id')
  const sourceId = await service.addSource('shop', shop.url)
  const worker = service.worker({ commandLine: realCommands, slots: 1 })
  const { call, keys, logged } = await testApi(service, { wake: () => worker.wake(), own: [sourceId] })
  const start = async (line: string, body?: unknown): Promise<JobRow> => {
    const started = await call(line, { body })
    assert.equal(started.status, 202, started.text)
    return await service.until(String(started.body['id']), over)
  }
  const ids: string[] = []
  for (let i = 0; i < 2; i++) {
    const { result } = await start('POST /backups', { source: 'shop' })
    ids.push((result as { backup: { id: string } }).backup.id)
  }
  const [first = '', second = ''] = ids
  assert.equal((await call(`GET /backups/${first}`)).body['details'], null)
  assert.equal((await start(`POST /backups/${first}/details`)).status, 'completed')
  const { body } = await call(`GET /backups/${first}`, { key: keys.tenant_admin })
  const details = body['details'] as { tables: { name: string; rows: number }[] }
  assert.deepEqual(details.tables.map(({ name, rows }) => [name, rows]), [['orders', 100]]) // prettier-ignore

  assert.equal((await start(`POST /backups/${first}/pin`, { reason: '-- "keep" me' })).status, 'completed')
  const against = await call(`GET /backups/${first}/consequences`)
  assert.deepEqual([against.body['confirm'], against.body['against']], [first, ['It is pinned.']])
  const pinned = await start(`DELETE /backups/${first}`, { confirm: first })
  assert.equal(pinned.error?.code, 'backup_kept')
  assert.equal((await call(`DELETE /backups/${first}/pin`)).body['code'], 'confirmation_needed')
  assert.equal((await start(`DELETE /backups/${first}/pin`, { confirm: first })).status, 'completed')

  const stale = await call(`DELETE /backups/${first}`, { body: { confirm: first }, headers: { 'if-match': '"x"' } }) // prettier-ignore
  assert.equal(stale.status, 412)
  assert.equal((await start(`DELETE /backups/${first}`, { confirm: first })).status, 'completed')
  assert.equal((await call(`GET /backups/${first}`)).status, 404)
  assert.deepEqual((await call('GET /backups')).body.items?.map(({ id }) => id), [second]) // prettier-ignore
  assert.equal((await start(`DELETE /backups/${second}`, { confirm: second })).error?.code, 'backup_kept')
  // As if a worker had died after it had removed it: the next attempt finds it gone, and so does the catalog.
  await service.catalog.system.query(
    `INSERT INTO holdfast.backups (repository_id, id, source_hash, sequence, moment, summary)
     SELECT repository_id, $1, source_hash, 1, moment, summary FROM holdfast.backups WHERE id = $2`,
    [first, second],
  )
  assert.equal((await start(`DELETE /backups/${first}`, { confirm: first })).error?.code, 'backup_not_found')
  assert.equal((await call(`GET /backups/${first}`)).status, 404)
  assert.equal(
    (await start(`DELETE /backups/${second}`, { confirm: second, evenLast: true })).status,
    'completed',
  )
  assert.deepEqual(logged, [])
})
