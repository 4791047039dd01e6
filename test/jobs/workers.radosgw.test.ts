import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { requireSame, stateOf } from '../support/journey.ts'
import { tcpProxy, testServer } from '../support/postgres.ts'
import { radosgw } from '../support/radosgw.ts'
import { makeBucket } from '../support/s3.ts'
import { over, serving, type ServedJob } from '../support/serve.ts'

/* Several workers, a catalog and an object storage, each a place of its own, by the commands that a user starts. */

const place = await radosgw()
await makeBucket(place, 'backups')
const server = await testServer(17)
const { directory, json, start, client } = await serving()
const address = `s3://backups/shared?endpoint=${place.endpoint}`
const storageEnv = {
  HOLDFAST_REPO: address,
  AWS_ACCESS_KEY_ID: place.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: place.credentials.secretAccessKey,
}

type Job = ServedJob & { readonly worker: string }

test('three workers share the backups of one catalog into one object storage, and what a killed one ran is taken over', async (t) => {
  const catalog = await server.database()
  const sources = await Promise.all(
    Array.from({ length: 4 }, async (_, i) => {
      const database = await server.database()
      await database.query(
        `CREATE TABLE orders (id int PRIMARY KEY, note text);
         INSERT INTO orders SELECT i, md5(i::text || '${i}') FROM generate_series(1, ${2000 * (i + 1)}) AS i`,
      )
      return { name: `s${i}`, database }
    }),
  )
  const { repository } = json<{ repository: { id: string } }>(['init', address], { env: storageEnv })
  const file = (name: string) => readFile(join(directory, '.config/holdfast', repository.id, name), 'utf8')
  const env = { HOLDFAST_CATALOG: catalog.url, HOLDFAST_CATALOG_KEY_FILE: join(directory, 'shared.key') }
  const serve = start(['serve', '--no-worker', '--listen', '0'], env)
  const key = await serve.after(/not shown again: (hfk_\S+)/)
  const api = client(await serve.after(/listens at (\S+)/), key)
  const { HOLDFAST_REPO: _, ...secrets } = storageEnv
  await api.call('POST', '/repositories', {
    name: 'main',
    address,
    hostFile: await file('host.json'),
    env: secrets,
  })
  // The last one stands behind a door, which closes in the middle of its rows.
  let left = Infinity
  const held = Promise.withResolvers<void>()
  await using door = await tcpProxy(server.port, () => (piece) => {
    left -= piece.length
    if (left < 0) {
      left = Infinity
      door.pause()
      held.resolve()
    }
    return piece
  })
  for (const [i, { name, database }] of sources.entries()) {
    const url = new URL(i === 3 ? door.url(database.url) : database.url)
    url.password = ''
    await api.call('POST', '/sources', {
      name,
      address: url.href,
      password: server.password,
      repository: 'main',
    })
  }
  const workers = [1, 2, 3].map(() => start(['worker', '--slots', '1'], env))
  const names = await Promise.all(workers.map((worker) => worker.after(/Worker (\S+) takes/)))
  const did = new Map<string, number>()
  const made: [string, string][] = []
  const backUp = async (name: string): Promise<void> => {
    const { id } = await api.call<Job>('POST', '/backups', { source: name })
    const job = (await api.until(id, over)) as Job
    assert.equal(job.status, 'completed', JSON.stringify(job))
    did.set(job.worker, (did.get(job.worker) ?? 0) + 1)
    made.push([name, job.result?.backup.id ?? ''])
  }
  // Who is next is nobody's to say: some rounds may be needed until each had its turn.
  for (let round = 0; round < 10 && did.size < 3; round++)
    await Promise.all(sources.map(({ name }) => backUp(name)))
  assert.deepEqual([...did.keys()].sort(), names.toSorted(), 'each worker does some')
  t.diagnostic(JSON.stringify([...did.values()]))

  await sources[3]?.database.query('UPDATE orders SET note = note || note')
  left = 300_000
  const { id } = await api.call<Job>('POST', '/backups', { source: 's3' })
  await held.promise
  const { worker: dying } = (await api.until(id, ({ status }) => status === 'running')) as Job
  workers[names.indexOf(dying)]?.child.kill('SIGKILL')
  await workers[names.indexOf(dying)]?.ended()
  door.resume()
  const lease = `SELECT lease_until <= now() + interval '60 s' AS soon FROM holdfast.jobs WHERE id = '${id}' AND status = 'running'`
  assert.deepEqual(await catalog.query(lease), [{ soon: true }], 'its lease is over in a minute')
  // As if that minute had passed.
  await catalog.query(`UPDATE holdfast.jobs SET lease_until = now() - interval '1 s' WHERE id = '${id}'`)
  const taken = (await api.until(id, over)) as Job
  assert.deepEqual([taken.status, taken.attempt], ['completed', 2], JSON.stringify(taken))
  assert.ok(names.includes(taken.worker) && taken.worker !== dying)
  made.push(['s3', taken.result?.backup.id ?? ''])

  json(['check', '--read-data', 'all'], { env: storageEnv })
  const { backups } = json<{ backups: { id: string }[] }>(['list'], { env: storageEnv })
  assert.deepEqual(backups.map((backup) => backup.id).sort(), made.map(([, backup]) => backup).sort())
  const newest = new Map(made)
  for (const { name, database } of sources) {
    await using target = await server.database()
    json(['restore', newest.get(name) ?? '', '--to', target.url, '--no-quarantine'], { env: storageEnv })
    requireSame(await stateOf(target.url), await stateOf(database.url), name)
  }
  const ends = workers.filter((_worker, i) => names[i] !== dying).map((worker) => worker.stop())
  assert.deepEqual(await Promise.all([...ends, serve.stop()]), [0, 0, 0])
})
