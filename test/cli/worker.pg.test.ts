import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { testServer } from '../support/postgres.ts'
import { over, serving, type ServedJob } from '../support/serve.ts'

/* The service as a user starts it: catalog, API and workers apart. */

const server = await testServer(17)
const { directory, json, start, client } = await serving()
const shop = await server.database()
await shop.query('CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id')

test('with a catalog of its own choosing, workers elsewhere do the work, and need the key', async () => {
  const catalog = await server.database()
  const env = { HOLDFAST_CATALOG: catalog.url, HOLDFAST_CATALOG_KEY_FILE: join(directory, 'shared.key') }
  const serve = start(['serve', '--no-worker', '--listen', '0'], env)
  const key = await serve.after(/not shown again: (hfk_\S+)/)
  const api = client(await serve.after(/listens at (\S+)/), key)
  const { backup } = json<{ backup: { id: string } }>(['backup', shop.url, '--repo', 'repo'])
  await api.add(shop, server.password)
  const { id } = await api.call<ServedJob>('POST', '/backups', { source: 'shop' })
  const stranger = start(['worker', '--json'], { ...env, HOLDFAST_CATALOG_KEY_FILE: join(directory, 'none') })
  await stranger.ended()
  assert.match(stranger.said(), /catalog_key_missing/)
  const other = start(['serve', '--json', '--listen', '0'], {
    ...env,
    HOLDFAST_CATALOG_KEY_FILE: join(directory, 'other'),
  })
  await other.ended()
  assert.match(other.said(), /catalog_key_wrong/)
  assert.equal((await api.call<ServedJob>('GET', `/jobs/${id}`)).status, 'pending')
  const worker = start(['worker', '--slots', '1'], env)
  assert.equal((await api.until(id, over)).status, 'completed')
  // The repository was read when it was added; whose the older backup is follows from the newer one.
  const known = await api.call<{ items: { id: string }[] }>('GET', '/backups?source=shop')
  const made = (await api.until(id, over)).result?.backup.id
  assert.deepEqual(
    known.items.map((one) => one.id),
    [made, backup.id],
  )
  const drill = await api.call<ServedJob>('POST', '/jobs', { kind: 'drill', source: 'shop' })
  assert.equal((await api.until(drill.id, over)).status, 'completed')
  assert.deepEqual([await worker.stop(), await serve.stop()], [0, 0])
})
