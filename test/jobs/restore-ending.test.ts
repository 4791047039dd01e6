import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stepEnd, type RestoreState } from '../../src/jobs/restores/ending.ts'
import { bounded } from '../../src/jobs/restores/bounded.ts'
import { withUser } from '../../src/jobs/restores/task.ts'
import type { JobError, Outcome } from '../../src/jobs/types.ts'

const state: RestoreState = {
  kind: 'restore',
  place: 'in place',
  step: 'change',
  restore: '20261128T120000Z-0a1b2c3d',
  digest: 'd',
  why: { code: 'worker_lost', message: 'It was lost.', hint: 'Look.', cancelled: false },
}
const crash: JobError = { code: 'job_crashed', message: 'It crashed.', hint: '' }
const failed = (error: JobError, again = true): Outcome => ({ status: 'failed', error, again })
const completed = (result: Record<string, unknown>): Outcome => ({ status: 'completed', result })

test('however a change fails, it is found out what it has done, and never made again', () => {
  const codes: JobError['code'][] = [
    'connection_lost',
    'restore_failed',
    'internal',
    'worker_stopped',
    'cancelled',
  ]
  for (const code of codes) {
    const said = { ...crash, code }
    for (const one of [{ said }, { said: null }]) {
      const end = stepEnd(state, failed(said), { ...one, afterSeconds: 30 })
      assert.deepEqual(end.outcome, { status: 'goes on', afterSeconds: 30, attempts: 10 }, code)
      assert.deepEqual([end.note.step, end.note.why?.['code']], ['inquiry', code])
    }
  }
  const cancelled = stepEnd(state, { status: 'cancelled' }, { said: null, afterSeconds: 0 })
  assert.equal(cancelled.note.why?.['cancelled'], true)
  // Only what comes before anything is done is known at once.
  const outdated: JobError = { ...crash, code: 'preview_outdated' }
  const end = stepEnd(state, failed(outdated), { said: outdated, afterSeconds: 0 })
  assert.deepEqual([end.outcome.status, end.note.changed], ['failed', false])
  assert.ok(end.outcome.status === 'failed' && !end.outcome.again)
})

test('what the repository and the database tell of an unfinished change is what is said of it', () => {
  const asking = { ...state, step: 'inquiry' } as const
  const ask = (outcome: Outcome, more: Partial<RestoreState> = {}) => {
    const end = stepEnd({ ...asking, ...more }, outcome, { said: null, afterSeconds: 0 })
    return [end.outcome.status, end.note.changed]
  }
  const record = { tables: [] }
  assert.deepEqual(ask(completed({ record, safety: null, transaction: 'committed' })), ['completed', true])
  assert.deepEqual(ask(completed({ record: null, safety: record, transaction: 'committed' })), [
    'completed',
    true,
  ])
  assert.deepEqual(ask(completed({ record: null, safety: record, transaction: 'aborted' })), [
    'failed',
    false,
  ])
  assert.deepEqual(ask(completed({ record: null, safety: record, transaction: 'in progress' })), ['goes on', undefined]) // prettier-ignore
  assert.deepEqual(ask(completed({ record: null, safety: record, transaction: 'forgotten' })), [
    'failed',
    null,
  ])
  const missing = failed({ ...crash, code: 'restore_not_found' }, false)
  assert.deepEqual(ask(missing), ['failed', false])
  // Of these nothing is stored before they are done.
  assert.deepEqual(ask(missing, { digest: null }), ['failed', null])
  assert.deepEqual(ask(missing, { place: 'new' }), ['failed', null])
  assert.deepEqual(ask(missing, { why: { ...crash, cancelled: true } }), ['cancelled', false])
  const away = stepEnd(asking, failed({ ...crash, code: 'connection_failed' }), {
    said: null,
    afterSeconds: 0,
  })
  assert.ok(away.outcome.status === 'failed' && away.outcome.again)
  assert.deepEqual([away.outcome.error.code, away.note.changed], ['worker_lost', undefined])
})

test('a preview with open questions or problems is not agreed to', () => {
  const looking = { ...state, step: 'preview' } as const
  const totals = { create: 1, update: 0, delete: 0 }
  const look = (preview: Record<string, unknown>) => {
    const end = stepEnd(looking, completed({ preview: { totals, ...preview }, digest: 'd' }), {
      said: null,
      afterSeconds: 0,
    })
    return end.outcome.status === 'failed' ? end.outcome.error.code : end.outcome.status
  }
  assert.equal(look({ database: 'shop' }), 'goes on')
  assert.equal(look({ problems: ['There is no table.'] }), 'target_lacks')
  assert.equal(look({ questions: [{ about: 'references', text: 'Bring them?' }] }), 'restore_undecided')
  assert.equal(look({ totals: { create: 0, update: 0, delete: 0 }, makes: [], drops: [] }), 'completed')
  assert.equal(
    look({ totals: { create: 0, update: 0, delete: 0 }, makes: [{ name: 'a' }], drops: [] }),
    'goes on',
  )
})

test('what a copy or its release tells is kept without options of servers, and with all rows counted', () => {
  const run = { ...state, place: 'new', step: 'run' } as const
  const off = { kind: 'foreign server', name: 'far', was: "password 'SECRET'" }
  const kept = (result: Record<string, unknown>) => stepEnd(run, completed(result), { said: null, afterSeconds: 0 }).note.report // prettier-ignore
  const totalsIn = (kept: typeof report) => kept?.['totals'] as Record<string, number> | undefined
  const report = kept({ restore: { rows: 7, tables: [], quarantined: [off] } })
  assert.deepEqual(report?.['totals'], { created: 7, updated: 0, deleted: 0, unchanged: 0, conflicts: 0 })
  const swapped = kept({ swap: { restore: { rows: 3, quarantined: [off] }, kept: 'old' } })
  assert.deepEqual([swapped?.['kept'], totalsIn(swapped)?.['created']], ['old', 3])
  const released = kept({ release: { target: 't', released: [off], gone: [off], kept: [{ what: off, why: 'x' }] } }) // prettier-ignore
  assert.equal(released?.['totals'], null)
  assert.deepEqual(released?.['kept'], [{ what: { kind: off.kind, name: 'far' }, why: 'x' }])
  assert.doesNotMatch(JSON.stringify([report, swapped, released]), /SECRET/)
  const table = { schema: 's', name: 't', created: 1, updated: 2, deleted: 3, unchanged: 4, conflicts: 5 }
  const rows = kept({ restore: { tables: Array.from({ length: 5000 }, () => table) } })
  assert.equal(totalsIn(rows)?.['updated'], 10_000)
})

test('a preview of any size is kept within bounds, with all its counts', () => {
  const table = {
    name: 'x'.repeat(63),
    create: 7,
    samples: [{ before: 'y'.repeat(200), after: 'z'.repeat(200) }],
  }
  for (const tables of [1, 1000, 20_000]) {
    const { value, cut } = bounded({
      totals: { create: 7 * tables },
      tables: Array.from({ length: tables }, () => table),
    })
    assert.ok(JSON.stringify(value).length <= 256 * 1024)
    assert.deepEqual(value['totals'], { create: 7 * tables })
    assert.equal(cut === null, tables === 1)
  }
})

test('an address is told with another role, and nothing else of it is', () => {
  for (const [address, expected] of [
    ['postgres://app@db:5433/shop?sslmode=require', "postgres://o'b%40x@db:5433/shop?sslmode=require"],
    ['postgresql://db/shop', "postgresql://o'b%40x@db/shop"],
    ["host=db user='a b' dbname=shop", "host=db  dbname=shop user='o\\'b@x'"],
    ['service=shop', "service=shop user='o\\'b@x'"],
  ] as const)
    assert.equal(withUser(address, "o'b@x"), expected)
  assert.equal(withUser('postgres://app@db/shop', null), 'postgres://app@db/shop')
})
