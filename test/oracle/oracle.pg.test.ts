import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { withCase } from './case.ts'
import { randomOf } from './random.ts'
import { brokenBackup, brokenRestore, busy, plain, series, type Outcome } from './scenarios.ts'

/*
 * The central test: random databases, random work on them, backups at random moments, and whatever is killed on the
 * way, the restored database equals the source.
 *
 *   HOLDFAST_ORACLE_CASES=500    how many cases (default below)
 *   HOLDFAST_ORACLE_MINUTES=60   for how long instead
 *   HOLDFAST_ORACLE_SEED=x.17    one case again (or with HOLDFAST_ORACLE_CASES, from it on a base seed without a dot)
 */
const { HOLDFAST_ORACLE_CASES, HOLDFAST_ORACLE_MINUTES, HOLDFAST_ORACLE_SEED } = process.env
const defaultCases = 150
const mostFailures = 10

const scenarios = { plain, series, busy, brokenBackup, brokenRestore }
const weights: readonly (keyof typeof scenarios)[] = [
  'plain', 'plain', 'plain', 'series', 'series', 'busy', 'busy', 'brokenBackup', 'brokenBackup', 'brokenRestore', 'brokenRestore',
] // prettier-ignore

test('what is restored equals the source, whatever the source and whatever was killed', async () => {
  const single = HOLDFAST_ORACLE_SEED?.includes('.') === true ? HOLDFAST_ORACLE_SEED : null
  const base = HOLDFAST_ORACLE_SEED ?? randomBytes(4).toString('hex')
  const until =
    HOLDFAST_ORACLE_MINUTES === undefined ? null : Date.now() + Number(HOLDFAST_ORACLE_MINUTES) * 60_000
  const count = single === null ? Number(HOLDFAST_ORACLE_CASES ?? defaultCases) : 1
  console.log(`oracle: base seed ${base}`)
  const sums: Record<string, number> = {}
  const failures: string[] = []
  const began = Date.now()
  const more = (at: number): boolean => (until === null ? at < count : Date.now() < until)
  for (let at = 0; more(at) && failures.length < mostFailures; at++) {
    const seed = single ?? `${base}.${at}`
    try {
      add(sums, await runCase(seed))
    } catch (error) {
      failures.push(seed)
      console.error(`oracle: HOLDFAST_ORACLE_SEED=${seed} fails: ${describe(error)}`)
    }
    if (until !== null && at % 100 === 99) console.log(`oracle: ${JSON.stringify(sums)}`)
  }
  const seconds = Math.round((Date.now() - began) / 1000)
  console.log(`oracle: base seed ${base}, ${seconds} s, ${JSON.stringify(sums)}`)
  assert.deepEqual(failures, [], 'run one again with HOLDFAST_ORACLE_SEED')
  // A generator that makes nothing would find nothing.
  assert.ok(
    (sums['refused'] ?? 0) < (sums['statements'] ?? 0) / 4,
    'the sources refuse too much of what is drawn',
  )
})

async function runCase(seed: string): Promise<Outcome> {
  const name = randomOf(`${seed}/scenario`).pick(weights)
  try {
    return await withCase(seed, async (c) => {
      const outcome = await scenarios[name](c)
      return {
        ...outcome,
        [name]: 1,
        cases: 1,
        statements: c.filled.statements,
        refused: c.filled.refused.length,
      }
    })
  } catch (error) {
    throw new Error(name, { cause: error })
  }
}

function add(sums: Record<string, number>, outcome: Outcome): void {
  for (const [name, value] of Object.entries(outcome)) sums[name] = (sums[name] ?? 0) + value
}

/** The whole chain of causes. */
function describe(error: unknown): string {
  if (error instanceof SuppressedError)
    return `${describe(error.suppressed)}\n  and then ${describe(error.error)}`
  if (!(error instanceof Error)) return String(error)
  const at = (error.stack ?? '').split('\n').filter((line) => /at .*(test.oracle|src)\//.test(line))
  const cause = error.cause === undefined ? '' : `\n  because ${describe(error.cause)}`
  return [error.message.slice(0, 3000), ...at.slice(0, 6)].join('\n') + cause
}
