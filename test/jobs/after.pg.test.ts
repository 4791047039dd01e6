import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testServer } from '../support/postgres.ts'
import { newService, realCommands, type JobRow } from '../support/service.ts'

const [server, other] = await Promise.all([testServer(18), testServer(17)])
const over = ({ status }: JobRow): boolean => ['completed', 'failed', 'cancelled'].includes(status)

test('a backup with rules is followed by a prune of its source, a drill is noted, and a refresh finds what others made', async () => {
  const service = await newService(server)
  const { system } = service.catalog
  await using shop = await other.database()
  await using beside = await other.database()
  await shop.query('CREATE TABLE orders AS SELECT generate_series(1, 100) AS id')
  const sourceId = await service.addSource('shop', shop.url)
  service.worker({ commandLine: realCommands, slots: 1 })
  const done = async (id: string): Promise<JobRow> => {
    const job = await service.until(id, over)
    assert.equal(job.status, 'completed', JSON.stringify(job.error))
    return job
  }
  // Of another source, in the same repository: made by somebody else.
  const { manifest } = await service.repository.backUp(beside.url)
  const first = await service.enqueue({ sourceId, params: { keep: { last: 1 } } })
  const backup = ((await done(first.id)).result as { backup: { id: string } }).backup.id
  const [prune] = await system.query<{ id: string }>(
    `SELECT id FROM holdfast.jobs WHERE kind = 'prune' AND requested_by = $1`,
    [`job:${first.id}`],
  )
  assert.ok(prune !== undefined)
  // Its rules are those of one source of two: it would refuse to guess which.
  const { decisions } = (await done(prune.id)).result as { decisions: { id: string; keep: boolean }[] }
  assert.deepEqual(
    decisions.filter(({ keep }) => !keep),
    [],
  )
  const drill = await service.enqueue({ kind: 'drill', sourceId })
  await done(drill.id)
  const refresh = await service.enqueue({ kind: 'refresh', sourceId: null })
  assert.deepEqual((await done(refresh.id)).result, { backups: 2, refused: [] })
  const known = await system.query<{ id: string; source_id: string | null; verified: string | null }>(
    `SELECT id, source_id, summary -> 'verified' ->> 'result' AS verified FROM holdfast.backups ORDER BY sequence`,
  )
  assert.deepEqual(known, [
    { id: manifest.id, source_id: null, verified: null },
    { id: backup, source_id: sourceId, verified: 'passed' },
  ])
  const check = await service.enqueue({ kind: 'check', sourceId: null, params: { readData: 'all' } })
  await done(check.id)
})
