import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { isHoldfastError } from '../../../src/lib/errors.ts'
import { randomOf } from '../../oracle/random.ts'
import { withCase, type Case } from './case.ts'

/*
 * Random damage to random databases, and random restores of it. Without settings some cases of each kind.
 *
 *   HOLDFAST_INPLACE_MINUTES=60   for so long for each kind instead
 *   HOLDFAST_INPLACE_SEED=x.17    this one case again; without a dot, the base seed of all
 */
const { HOLDFAST_INPLACE_MINUTES, HOLDFAST_INPLACE_SEED } = process.env
/** Of each kind, at least; without settings no more, so that it is the same number on every machine. */
const fewestCases = 2
const mostFailures = 5

/**
 * Runs `work` on one random database after the other, and throws what failed, with the seeds. `work` adds to the sums that are printed.
 * `helpers`: every other one is restored by a role that owns nothing.
 */
export async function manyCases(
  work: (c: Case, add: (name: string, count: number) => void) => Promise<void>,
  { helpers = false }: { helpers?: boolean } = {},
): Promise<void> {
  const single = HOLDFAST_INPLACE_SEED?.includes('.') === true
  // The usual run is the same every time: what it finds is of the change at hand. A long one draws anew.
  const drawn = HOLDFAST_INPLACE_MINUTES === undefined ? 'steady' : randomBytes(4).toString('hex')
  const base = HOLDFAST_INPLACE_SEED ?? drawn
  console.log(`in place: base seed ${base}`)
  const until =
    HOLDFAST_INPLACE_MINUTES === undefined ? null : Date.now() + Number(HOLDFAST_INPLACE_MINUTES) * 60_000
  const failures: string[] = []
  const sums: Record<string, number> = {}
  const add = (name: string, count: number): void => {
    sums[name] = (sums[name] ?? 0) + count
  }
  const more = (at: number): boolean =>
    at < (single ? 1 : fewestCases) ||
    (!single && until !== null && Date.now() < until && failures.length < mostFailures)
  for (let at = 0; more(at); at++) {
    const seed = single ? base : `${base}.${at}`
    const r = randomOf(`${seed}/size`)
    const helper = helpers && Number(seed.split('.').at(-1)) % 2 === 1
    try {
      await withCase({ seed, tables: r.between(5, 30), major: r.pick([15, 18]), helper }, async (c) => {
        await work(c, add)
        if (helper) add('helped', 1)
        for (const [name, value] of Object.entries({ ...c.sums, cases: 1 })) add(name, value)
      })
    } catch (error) {
      failures.push(`HOLDFAST_INPLACE_SEED=${seed}: ${describe(error)}`)
      console.error(failures.at(-1))
    }
  }
  console.log(`in place: base seed ${base}, ${JSON.stringify(sums)}`)
  assert.ok(failures.length === 0, failures.join('\n\n'))
  // A generator whose damage is refused would find nothing.
  assert.ok((sums['refused'] ?? 0) < (sums['tried'] ?? 0) / 2, 'the databases refuse too much of the damage')
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const detail = isHoldfastError(error) ? `${error.code} ${JSON.stringify(error.details)}` : ''
  const at = (error.stack ?? '')
    .split('\n')
    .filter((line) => /at .*(test.restore|src)\//.test(line))
    .slice(0, 6)
  return [
    `${error.message.slice(0, 2500)} ${detail}`,
    ...at,
    ...(error.cause === undefined ? [] : [describe(error.cause)]),
  ].join('\n')
}
