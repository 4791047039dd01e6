import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { asCaller } from '../../src/catalog/claims.ts'
import { cancelJob } from '../../src/jobs/cancel.ts'
import { logLines } from '../../src/jobs/log.ts'
import { claimsOf } from '../support/catalog.ts'
import { testServer } from '../support/postgres.ts'
import { newService } from '../support/service.ts'

/* What becomes of jobs whose commands end in every way there is: the commands are played, all else is real. */

const server = await testServer(18)
const service = await newService(server)
const { catalog, queue, directory } = service
const sources = await Promise.all(
  Array.from({ length: 8 }, (_, i) => service.addSource(`s${i}`, 'postgres://app:hunter22@127.0.0.1:1/shop')),
)
let next = 0
const begin = (name: string, more: { attempts?: number; sourceId?: string } = {}) =>
  service.enqueue({ sourceId: sources[next++ % sources.length] ?? '', params: { name }, ...more })
const ran = async (id: string): Promise<number> =>
  (await readFile(join(directory, 'ran'), 'utf8'))
    .split('\n')
    .filter((line) => line.startsWith('began') && line.endsWith(id)).length
const over = ({ status }: { status: string }): boolean =>
  ['completed', 'failed', 'cancelled'].includes(status)
const cancel = (id: string, role: 'platform_operator' | 'read_only_admin' = 'platform_operator') =>
  asCaller(catalog.api, claimsOf(role), (queries) => cancelJob(queries, { queue, id, by: 'key:1' }))

service.worker()

test('a job that is done is completed with what its command printed, and leaves nothing in the queue', async () => {
  const { id } = await begin('done')
  const job = await service.until(id, over)
  assert.deepEqual([job.status, job.attempt, job.result, job.error], ['completed', 1, { done: true }, null])
  const left = await catalog.system.query('SELECT id FROM holdfast_queue.job WHERE id = $1', [id])
  assert.deepEqual(left, [])
})

test('progress and notes are seen while it runs, and cancelling ends it', async () => {
  const { id } = await begin('wait never')
  const running = await service.until(id, ({ status, progress }) => status === 'running' && progress !== null)
  assert.equal(running.progress?.['percent'], 25)
  assert.deepEqual(await service.log(id), ['info It waits.'])
  assert.equal(await cancel(id, 'read_only_admin'), null, 'who may not, does not')
  assert.equal(await cancel(id), 'asked')
  const job = await service.until(id, over)
  assert.deepEqual([job.status, job.error, job.attempt], ['cancelled', null, 1])
  assert.equal(await cancel(id), null, 'what is over stays as it is')
})

test('a job that nobody has begun is cancelled at once, and never begun', async () => {
  const sourceId = sources[0] ?? ''
  const first = await begin('wait first', { sourceId })
  await service.until(first.id, ({ status }) => status === 'running')
  const second = await begin(`wait second ${first.id}`, { sourceId })
  assert.equal(await cancel(second.id), 'cancelled')
  await writeFile(join(directory, 'first'), '')
  assert.equal((await service.until(first.id, over)).status, 'completed')
  assert.equal((await service.job(second.id)).status, 'cancelled')
  assert.equal(await ran(first.id), 0)
})

test('of one source one job runs at a time, and those of others are not held up', async () => {
  const sourceId = sources[1] ?? ''
  const first = await begin('wait go', { sourceId })
  await service.until(first.id, ({ status }) => status === 'running')
  const second = await begin('done', { sourceId })
  const other = await begin('done', { sourceId: sources[2] ?? '' })
  await service.until(other.id, over)
  assert.equal((await service.job(second.id)).status, 'pending')
  await writeFile(join(directory, 'go'), '')
  assert.equal((await service.until(second.id, over)).status, 'completed')
})

test('what may pass is tried again after a pause, and fails for good in the end', async () => {
  const { id } = await begin('unreachable', { attempts: 2 })
  const pending = await service.until(id, ({ status, attempt }) => status === 'pending' && attempt === 1)
  assert.equal(pending.error?.code, 'connection_failed')
  assert.ok(pending['not_before'] instanceof Date)
  const job = await service.until(id, over)
  assert.deepEqual(
    [job.status, job.attempt, job.error],
    ['failed', 2, { code: 'connection_failed', message: 'No answer.', hint: 'Try.', ownHint: true }],
  )
})

test('what was refused is not tried again', async () => {
  const { id } = await begin('refused')
  const job = await service.until(id, over)
  assert.deepEqual([job.status, job.attempt, job.error?.code], ['failed', 1, 'login_failed'])
})

test('a command that is killed is told with its last words', async () => {
  const { id } = await begin('crash', { attempts: 1 })
  const job = await service.until(id, over)
  assert.deepEqual([job.status, job.error?.code], ['failed', 'job_crashed'])
  assert.match(job.error?.message ?? '', /ended by SIGKILL[^]*out of memory\nno JSON at all/)
})

test('a log that is too long ends with a line that says so', async () => {
  const { id } = await begin('talk')
  await service.until(id, over)
  const log = await service.log(id)
  assert.deepEqual(
    [log.length, log[0], log.at(-1)],
    [logLines, 'info line 0', 'info The log ends here: it has become too long.'],
  )
})

test('of jobs with one key one is made while it is not over', async () => {
  const sourceId = sources[3] ?? ''
  const make = () => service.enqueue({ sourceId, params: { name: 'wait key' }, dedupeKey: 'once' })
  const made = await Promise.all(Array.from({ length: 5 }, make))
  assert.equal(new Set(made.map(({ id }) => id)).size, 1)
  assert.equal(made.filter((one) => one.made).length, 1)
  await writeFile(join(directory, 'key'), '')
  await service.until(made[0]?.id ?? '', over)
  assert.equal((await make()).made, true)
})

test('a job whose source is gone fails without being begun', async () => {
  const sourceId = await service.addSource('short-lived', 'postgres://app@127.0.0.1:1/shop')
  const first = await begin('wait gone', { sourceId })
  await service.until(first.id, ({ status }) => status === 'running')
  const { id } = await begin(`done ${first.id}`, { sourceId })
  await catalog.system.query('DELETE FROM holdfast.sources WHERE id = $1', [sourceId])
  await writeFile(join(directory, 'gone'), '')
  const job = await service.until(id, over)
  assert.deepEqual([job.status, job.error?.code], ['failed', 'job_target_gone'])
  assert.equal(await ran(first.id), 0)
})

test('a worker that is stopped puts back what it runs, for the next one', async () => {
  const own = await newService(server)
  const sourceId = await own.addSource('shop', 'postgres://app@127.0.0.1:1/shop')
  const { id } = await own.enqueue({ sourceId, params: { name: 'wait later' } })
  const first = own.worker()
  await own.until(id, ({ status }) => status === 'running')
  await first.stop(0)
  assert.deepEqual((await own.job(id)).error?.code, 'worker_stopped')
  await writeFile(join(own.directory, 'later'), '')
  own.worker()
  const job = await own.until(id, over)
  assert.deepEqual([job.status, job.attempt], ['completed', 2])
})
