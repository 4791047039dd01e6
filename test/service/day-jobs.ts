import assert from 'node:assert/strict'
import { codes, type ErrorCode } from '../../src/lib/error-codes.ts'
import type { JobChange, Ledger } from './day-ledger.ts'

/* What became of the jobs of a day, held against what their commands have noted. */

const overStatuses = ['completed', 'failed', 'cancelled']
/** Why an attempt ended without its command having told anything, and what is tried again. */
const lostCodes = ['worker_lost', 'worker_stopped', 'catalog_unreachable']
/** Failures that another attempt may not meet: what was refused, is missing or damaged is so the next time, too. */
const passes = (code: string | null): boolean =>
  code !== null && (lostCodes.includes(code) || [1, 6, 130].includes(codes[code as ErrorCode].exit))

/** How one attempt ended. */
interface Ended {
  readonly code: string | null
}

export interface JobFigures {
  jobs: number
  completed: number
  failed: number
  attempts: number
  /** Attempts whose worker was lost. */
  lost: number
  /** Effects of a command that nobody was told of, so that it was run again, or taken for failed. */
  repeated: number
}

/** Every job went from state to state as it may, has ended, and no two that exclude each other ran at once. */
export function checkJobs(ledger: Ledger): JobFigures {
  const figures = { jobs: 0, completed: 0, failed: 0, attempts: 0, lost: 0, repeated: 0 }
  for (const [id, changes] of Map.groupBy(ledger.jobs, ({ job }) => job)) {
    const told = `job ${id}: ${JSON.stringify(changes.map(({ status, attempt, code }) => [status, attempt, code]))}`
    const states = changes.map(({ status, attempt }) => `${status} ${attempt}`)
    const last = changes.at(-1)
    assert.ok(last !== undefined && overStatuses.includes(last.status), `not over: ${told}`)
    const attempts = Array.from({ length: last.attempt }, (_, i) => i + 1)
    const expected = ['pending 0', ...attempts.flatMap((n) => [`running ${n}`, `${n === last.attempt ? last.status : 'pending'} ${n}`])] // prettier-ignore
    assert.deepEqual(states, expected, told)
    const ends = endsOf(changes)
    for (const { code } of ends.slice(0, -1))
      assert.ok(passes(code), `tried again although it was refused: ${told}`)
    if (last.status === 'failed' && passes(last.code))
      assert.equal(last.attempt, 3, `not tried again: ${told}`)
    figures.jobs++
    if (last.status === 'completed') figures.completed++
    if (last.status === 'failed') figures.failed++
    figures.attempts += ends.length
    figures.lost += ends.filter(({ code }) => code === 'worker_lost').length
  }
  checkExclusion(ledger)
  return figures
}

function endsOf(changes: readonly JobChange[]): Ended[] {
  return changes.flatMap((change, i) =>
    changes[i - 1]?.status === 'running'
      ? [{ code: change.status === 'completed' ? null : change.code }]
      : [],
  )
}

/** Of one kind and source, or repository, one runs at a time. */
function checkExclusion({ jobs }: Ledger): void {
  const running = jobs.flatMap((change) => {
    if (change.status !== 'running') return []
    const own = jobs.filter(({ job }) => job === change.job)
    const of = `${change.kind} of ${change.kind === 'check' || change.kind === 'prune' ? change.repository : change.source}`
    return [{ of, from: change.committed, to: own[own.indexOf(change) + 1]?.committed ?? Infinity }]
  })
  for (const [of, spans] of Map.groupBy(running, (one) => one.of)) {
    spans.sort((a, b) => a.from - b.from)
    for (const [i, span] of spans.entries())
      assert.ok(span.from >= (spans[i - 1]?.to ?? 0), `two at once: ${of}, ${JSON.stringify(spans)}`)
  }
}

/**
 * Every end that was told of a job is one that a command of it has noted, and each noted one that was not told belongs to an attempt whose
 * worker had died or was stopped. Resolves to how many effects were not told.
 */
export function checkNotes({ jobs }: Ledger, notes: string): number {
  const lines = notes.trim().split('\n').map((line) => line.split(' ')) // prettier-ignore
  const byJob = Map.groupBy(lines, ([job = '']) => job)
  let repeated = 0
  for (const [id, changes] of Map.groupBy(jobs, ({ job }) => job)) {
    const noted = (byJob.get(id) ?? []).map(([, what = '']) => what)
    const ends = endsOf(changes)
    const told = `job ${id}: told ${JSON.stringify(ends.map(({ code }) => code))}, noted ${noted.join(' ')}`
    const untold = ends.filter(({ code }) => lostCodes.includes(code ?? '')).length
    const nameOf = (code: string | null): string => code ?? 'done'
    const ofCommands = ends.filter(({ code }) => !lostCodes.includes(code ?? ''))
    for (const what of new Set([...noted, ...ofCommands.map(({ code }) => nameOf(code))])) {
      const times = noted.filter((one) => one === what).length
      if (what === 'began') {
        assert.ok(times <= ends.length && times >= ofCommands.length, `begun ${times} times: ${told}`)
        continue
      }
      const toldTimes = ofCommands.filter(({ code }) => nameOf(code) === what).length
      assert.ok(times >= toldTimes, `"${what}" was told and never was: ${told}`)
      assert.ok(times - toldTimes <= untold, `"${what}" was and nobody told: ${told}`)
      if (what === 'done') repeated += times - toldTimes
    }
  }
  const known = new Set(jobs.map(({ job }) => job))
  assert.deepEqual([...byJob.keys()].filter((job) => !known.has(job)), [], 'commands of no job') // prettier-ignore
  return repeated
}
