import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { endAttempt, prolong, takeJob } from '../../src/jobs/attempt.ts'
import { appendLog } from '../../src/jobs/log.ts'
import { reapJobs } from '../../src/jobs/reap.ts'
import { tcpProxy, testServer } from '../support/postgres.ts'
import { newService, realCommands } from '../support/service.ts'

/* Workers, commands and the catalog die in the middle of jobs. */

const [server, other] = await Promise.all([testServer(18, { label: 'catalog' }), testServer(17)])
const over = ({ status }: { status: string }): boolean =>
  ['completed', 'failed', 'cancelled'].includes(status)

test('a worker that is killed in the middle of a backup: it is taken over, once, and the repository is whole', async () => {
  const service = await newService(server)
  await using shop = await other.database()
  await shop.query(
    `CREATE TABLE rows AS SELECT i, (SELECT string_agg(md5(random()::text || i || g), '') FROM generate_series(1, 30) AS g) AS t FROM generate_series(1, 2000) AS i`,
  )
  // Holds everything back in the middle of the rows.
  let bytes = 0
  const held = Promise.withResolvers<void>()
  await using door = await tcpProxy(other.port, () => (piece) => {
    bytes += piece.length
    if (bytes > 1_000_000 && bytes - piece.length <= 1_000_000) {
      door.pause()
      held.resolve()
    }
    return piece
  })
  const sourceId = await service.addSource('shop', door.url(shop.url))
  const { id } = await service.enqueue({ sourceId, attempts: 2 })
  const first = service.workerProcess({ commandLine: realCommands, leaseSeconds: 4, name: 'first' })
  await held.promise
  assert.equal((await service.job(id)).status, 'running')
  first.kill('SIGKILL')
  await once(first, 'close')
  door.resume()
  const connections = `SELECT count(*)::int4 FROM pg_stat_activity WHERE datname = '${shop.name}' AND pid <> pg_backend_pid()`
  // Its command ends with it, though nobody tells it to.
  for (let i = 0; (await shop.query(connections))[0]?.['count'] !== 0; i++) {
    assert.ok(i < 600, 'the command of a killed worker goes on')
    await sleep(50)
  }
  service.worker({ commandLine: realCommands, name: 'second', leaseSeconds: 4 })
  const job = await service.until(id, over)
  assert.deepEqual([job.status, job.attempt, job['worker']], ['completed', 2, 'second'], JSON.stringify(job))
  const made = (job.result as { backup: { id: string } }).backup.id
  assert.deepEqual(await service.repository.list(), [made])
  const { refused, ...report } = await service.repository.check()
  assert.deepEqual(refused, [])
  assert.deepEqual(
    report.backups.flatMap(({ missing, damaged }) => [...missing, ...damaged]),
    [],
  )
  assert.ok(
    (await service.log(id)).some((line) => line.startsWith('warning Worker first gave no sign of life')),
  )
  const known = await service.catalog.system.query('SELECT id, source_id FROM holdfast.backups')
  assert.deepEqual(known, [{ id: made, source_id: sourceId }])
})

test('a backup that was made, and whose worker died before it could tell, is found by the next attempt and not made again', async () => {
  const service = await newService(server)
  await using shop = await other.database()
  await shop.query('CREATE TABLE rows AS SELECT i FROM generate_series(1, 100) AS i')
  const sourceId = await service.addSource('shop', shop.url)
  const { id } = await service.enqueue({ sourceId })
  const first = await service.catalog.system.transaction(async ({ query }) => {
    // Nobody can tell of a backup.
    await query('LOCK TABLE holdfast.backups IN SHARE MODE')
    const child = service.workerProcess({ commandLine: realCommands, leaseSeconds: 3, name: 'first' })
    for (let i = 0; (await service.repository.list()).length === 0; i++) {
      assert.ok(i < 600, 'no backup was made')
      await sleep(50)
    }
    child.kill('SIGKILL')
    await once(child, 'close')
    return await service.repository.list()
  })
  service.worker({ commandLine: realCommands, name: 'second', leaseSeconds: 3 })
  const job = await service.until(id, over)
  assert.deepEqual([job.status, job.attempt], ['completed', 2], JSON.stringify(job))
  assert.deepEqual([(job.result as { backup: { id: string } }).backup.id], first)
  assert.deepEqual(await service.repository.list(), first)
  assert.deepEqual(await service.catalog.system.query('SELECT id FROM holdfast.backups'), [{ id: first[0] }])
  assert.ok((await service.log(id)).includes(`info The backup ${first[0]} was made by an earlier attempt, which could not tell.`)) // prettier-ignore
  // Another job makes another one.
  const next = await service.enqueue({ sourceId })
  assert.equal((await service.until(next.id, over)).status, 'completed')
  assert.equal((await service.repository.list()).length, 2)
})

test('the last attempt of a worker that is killed is a failure that says so, and a wish to cancel is heeded', async () => {
  const service = await newService(server)
  const sourceId = await service.addSource('shop', 'postgres://app@127.0.0.1:1/shop')
  const second = await service.addSource('second', 'postgres://app@127.0.0.1:1/shop')
  const jobs = [
    await service.enqueue({ sourceId, params: { name: 'wait never' }, attempts: 1 }),
    await service.enqueue({ sourceId: second, params: { name: 'wait never' } }),
  ]
  const child = service.workerProcess({ leaseSeconds: 2 })
  for (const { id } of jobs)
    await service.until(id, ({ status, progress }) => status === 'running' && progress !== null)
  child.kill('SIGKILL')
  await once(child, 'close')
  await service.catalog.system.query('UPDATE holdfast.jobs SET cancel_requested_at = now() WHERE id = $1', [
    jobs[1]?.id,
  ])
  service.worker({ leaseSeconds: 2 })
  const [failed, cancelled] = await Promise.all(jobs.map(({ id }) => service.until(id, over)))
  assert.deepEqual([failed?.status, failed?.error?.code, failed?.attempt], ['failed', 'worker_lost', 1])
  assert.deepEqual([cancelled?.status, cancelled?.attempt], ['cancelled', 1])
})

test('a worker that hears nothing more of the catalog ends its command when its lease is over, and another goes on', async () => {
  const service = await newService(server)
  const sourceId = await service.addSource('shop', 'postgres://app@127.0.0.1:1/shop')
  await using door = await tcpProxy(server.port)
  const cutOff = service.workerProcess({ url: door.url(service.catalog.database.url), leaseSeconds: 3 })
  const { id } = await service.enqueue({ sourceId, params: { name: 'wait silence' } })
  await service.until(id, ({ progress }) => progress !== null)
  const [, command] = (await readFile(join(service.directory, 'ran'), 'utf8')).split(' ')
  door.pause()
  service.worker({ leaseSeconds: 3 })
  await service.until(id, ({ attempt, status }) => attempt === 2 && status === 'running')
  for (let i = 0; isAlive(Number(command)); i++) {
    assert.ok(i < 600, 'the command of a worker that was cut off goes on')
    await sleep(50)
  }
  assert.equal(cutOff.exitCode, null)
  await writeFile(join(service.directory, 'silence'), '')
  assert.equal((await service.until(id, over)).attempt, 2)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('whoever has lost a job changes nothing of it any more', async () => {
  const service = await newService(server)
  const { catalog, queue } = service
  const database = catalog.system
  const sourceId = await service.addSource('shop', 'postgres://app@127.0.0.1:1/shop')
  const { id } = await service.enqueue({ sourceId })
  const take = (worker: string) => takeJob({ database, queue, worker, leaseSeconds: 60 })
  const slow = await take('slow')
  assert.ok(slow !== null)
  assert.equal(await take('other'), null)
  assert.equal(await reapJobs({ database, queue }), 0, "a lease that is not over is nobody else's to end")
  await database.query(`UPDATE holdfast.jobs SET lease_until = now() - interval '1 s' WHERE id = $1`, [id])
  const reaped = await Promise.all(Array.from({ length: 4 }, () => reapJobs({ database, queue })))
  assert.equal(
    reaped.reduce((a, b) => a + b),
    1,
  )
  const before = await service.job(id)
  const lines = [{ level: 'info', text: 'still here' }] as const
  const outcome = { status: 'completed', result: {} } as const
  const tryAll = async (): Promise<void> => {
    assert.equal(await prolong({ database, attempt: slow, leaseSeconds: 60, progress: null }), 'lost')
    assert.equal(await endAttempt({ database, queue, attempt: slow, outcome }), 'lost')
    await appendLog(database, slow, lines)
  }
  await tryAll()
  assert.deepEqual(await service.job(id), before)
  const late = await (async () => {
    for (;;) {
      const taken = await take('late')
      if (taken !== null) return taken
      await sleep(50)
    }
  })()
  assert.deepEqual([late.id, late.attempt], [id, 2])
  await tryAll()
  assert.equal((await service.job(id)).status, 'running')
  assert.equal(await endAttempt({ database, queue, attempt: late, outcome }), 'ended')
  assert.deepEqual(await service.log(id), ['warning Worker slow gave no sign of life any more.'])
})

test('of many workers at once each job is begun by one', async () => {
  const service = await newService(server)
  const { catalog, queue } = service
  const sources = await Promise.all(
    Array.from({ length: 6 }, (_, i) => service.addSource(`s${i}`, 'postgres://app@127.0.0.1:1/shop')),
  )
  const jobs = await Promise.all(
    Array.from({ length: 30 }, (_, i) => service.enqueue({ sourceId: sources[i % 6] ?? '' })),
  )
  const taken: string[] = []
  const running = new Set<string>()
  const work = async (): Promise<void> => {
    while (taken.length < jobs.length) {
      const job = await takeJob({ database: catalog.system, queue, worker: 'w', leaseSeconds: 60 })
      if (job === null) continue
      assert.ok(!running.has(job.sourceId ?? ''), 'two jobs of one source run at once')
      running.add(job.sourceId ?? '')
      taken.push(job.id)
      await sleep(1)
      running.delete(job.sourceId ?? '')
      await endAttempt({
        database: catalog.system,
        queue,
        attempt: job,
        outcome: { status: 'completed', result: {} },
      })
    }
  }
  await Promise.all(Array.from({ length: 5 }, work))
  assert.deepEqual(taken.sort(), jobs.map(({ id }) => id).sort())
})

test('a catalog that crashes in the middle loses nothing: what runs goes on, and is told when it is back', async () => {
  const service = await newService(server)
  const sourceId = await service.addSource('shop', 'postgres://app@127.0.0.1:1/shop')
  const { id } = await service.enqueue({ sourceId, params: { name: 'wait crash' } })
  service.worker({ leaseSeconds: 30 })
  await service.until(id, ({ status, progress }) => status === 'running' && progress !== null)
  // The server takes the death of one of its processes for damage: all connections go, and it recovers from its log.
  const [backend] = await service.catalog.system.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() LIMIT 1`,
  )
  process.kill(backend?.pid ?? 0, 'SIGKILL')
  await writeFile(join(service.directory, 'crash'), '')
  const job = await retrying(() => service.until(id, over))
  assert.deepEqual([job.status, job.attempt, job.result], ['completed', 1, { done: true }])
  const ran = (await readFile(join(service.directory, 'ran'), 'utf8')).trim().split('\n')
  assert.equal(ran.filter((line) => line.startsWith('began')).length, 1)
})

async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt > 200 || (error as { code?: string }).code !== 'catalog_unreachable') throw error
      await sleep(50)
    }
  }
}
