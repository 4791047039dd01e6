import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { eachLimited } from '../../src/lib/async.ts'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { openFaultyStorage, type StorageCall } from '../../src/storage/faulty.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { randomOf } from '../oracle/random.ts'
import { hour, movingClock } from '../support/prune.ts'
import { copyOf, newLife, requireKept, steps, type Life, type Step } from './life.ts'
import { media, takeDown, type NewPlace, type Place } from './place.ts'

/*
 * Every call of a storage in the whole life of a repository goes wrong once, in each way that it can. Whatever that leaves: all that
 * was said to be there is there and whole, the step can be done again, and the days after it go on as ever. There are more than a thousand
 * cases for each kind of storage; usually some are drawn. HOLDFAST_FAULTS says how many, or `all`.
 */

/**
 * `fails`: nothing is done. `is lost`: it is done, and the answer is not heard. The others also end the process there: no later call is made.
 */
const kinds = ['fails', 'is lost', 'is the last, and fails', 'is the last, and is done'] as const
type Kind = (typeof kinds)[number]

/** A step, and everything as it was before it. */
interface Stage {
  readonly step: Step
  readonly life: Life
  readonly objects: ReadonlyMap<string, Uint8Array>
  /** Its calls of the storage if nothing goes wrong. */
  readonly calls: readonly StorageCall['method'][]
  /** A chunk is damaged: before the step, and after it. */
  readonly hurt: { readonly before: boolean; readonly after: boolean }
}

const day = 25 * hour

/** Goes through the life once, without faults. What is called does not depend on where it is stored. */
async function liveOnce(): Promise<Stage[]> {
  const newPlace = await media.memory()
  const clock = movingClock()
  await using place = await newPlace(clock)
  const life = newLife(clock)
  const stages: Stage[] = []
  let hurt = false
  for (const step of steps) {
    const before = { step, life: copyOf(life, clockAt(clock)), objects: await takeDown(place.storage) }
    await step.run(life, place.storage)
    const after: boolean = step.byOthers === true || (hurt && step.name !== mending)
    stages.push({ ...before, calls: await callsOf(newPlace, before), hurt: { before: hurt, after } })
    hurt = after
    await requireKept(life, place.storage, hurt)
    await place.pass(day)
  }
  return stages
}

type Start = Pick<Stage, 'step' | 'life' | 'objects'>

/** What a step calls when it begins as each case does. */
async function callsOf(newPlace: NewPlace, start: Start): Promise<Stage['calls']> {
  await using place = await begin(newPlace, start)
  const calls: StorageCall['method'][] = []
  const noting = openFaultyStorage(place.storage, ({ method }) => (calls.push(method), null))
  await start.step.run(place.life, noting)
  return calls
}

/** All as it was before a step, a day later. */
async function begin(newPlace: NewPlace, { life, objects }: Start): Promise<Place & { readonly life: Life }> {
  const clock = clockAt(life.clock)
  const place = await newPlace(clock)
  await place.load(objects)
  await place.pass(day)
  return { ...place, life: copyOf(life, clock) }
}

/** So many take some seconds each. */
const usualCases = { memory: 40, directory: 8, s3: 6 }

const mending = 'a backup of ce'
const lastBackup = steps.findLast(({ name }) => name === mending)
const lastPrune = steps.at(-1)

/** A clock that goes on from there. */
function clockAt(other: ReturnType<typeof movingClock>): ReturnType<typeof movingClock> {
  const clock = movingClock()
  clock.pass(other.now().getTime() - clock.now().getTime())
  return clock
}

function failing(inner: Storage, at: number, kind: Kind): Storage {
  return openFaultyStorage(inner, ({ number }) => {
    if (number === at)
      return { kind: kind === 'fails' || kind === 'is the last, and fails' ? 'fail' : 'lost' }
    return number > at && kind.startsWith('is the last') ? { kind: 'fail' } : null
  })
}

async function goThrough(newPlace: NewPlace, stage: Stage, at: number, kind: Kind): Promise<void> {
  await using place = await begin(newPlace, stage)
  const { storage, life } = place
  const { step, hurt } = stage
  try {
    await step.run(life, failing(storage, at, kind))
  } catch (error) {
    assert.ok(isHoldfastError(error) && error.code !== 'internal', String(error))
  }
  const isThere = (await storage.head('holdfast')) !== null
  if (isThere) await requireKept(life, storage, hurt.before || hurt.after)
  await place.pass(day)
  if (!isThere || step.name !== 'init') await step.run(life, storage)
  await requireKept(life, storage, hurt.after)
  for (const next of [lastBackup, lastPrune, lastPrune]) {
    await place.pass(day)
    await next?.run(life, storage)
  }
  await requireKept(life, storage, false)
}

const living = liveOnce()

/** Goes through all cases, or those that are drawn. */
async function goThroughAll(t: TestContext, name: keyof typeof media): Promise<void> {
  const seed = process.env['HOLDFAST_SEED'] ?? String(Date.now())
  const newPlace = await media[name]()
  const stages = (await living).filter(({ step }) => step.byOthers !== true)
  const all = stages.flatMap((stage) =>
    stage.calls.flatMap((method, index) => kindsOf(method).map((kind) => ({ stage, at: index + 1, kind }))),
  )
  const wanted = process.env['HOLDFAST_FAULTS'] ?? String(usualCases[name])
  const most = wanted === 'all' ? all.length : Number(wanted)
  const cases = randomOf(`${seed}/${name}`).shuffle(all).slice(0, most)
  t.diagnostic(`seed ${seed}: ${cases.length} of ${all.length} cases`)
  assert.ok(all.length > 1000, `${all.length} cases`)
  await eachLimited(cases, 2, async ({ stage, at, kind }) => {
    const what = `seed ${seed}, ${name}: call ${at} of ${stage.step.name} ${kind}`
    await goThrough(newPlace, stage, at, kind).catch((cause: unknown) => {
      throw new Error(what, { cause })
    })
  })
}

test('a repository in memory: whatever call of its life goes wrong, all that was said to be there is there', (t) =>
  goThroughAll(t, 'memory'))

test('a repository in a directory: whatever call of its life goes wrong, all that was said to be there is there', (t) =>
  goThroughAll(t, 'directory'))

test('a repository on an S3 server: whatever call of its life goes wrong, all that was said to be there is there', (t) =>
  goThroughAll(t, 's3'))

/** Of a call that changes nothing it makes no difference whether it was done. */
function kindsOf(method: StorageCall['method']): readonly Kind[] {
  return method === 'put' || method === 'delete' ? kinds : ['fails', 'is the last, and fails']
}
