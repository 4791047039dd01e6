/**
 * Run as a program: one process of a service, put together as src/main.ts does, with short times and a clock of its own. Takes its task
 * as JSON in its first argument, and ends as the service does when it gets SIGTERM.
 */
import { appendFileSync } from 'node:fs'
import { createAlarms } from '../../src/alarms/alarms.ts'
import { deliverDue } from '../../src/alarms/deliver/outbox.ts'
import { dnsLookup } from '../../src/alarms/deliver/reach.ts'
import { openCatalog } from '../../src/catalog/catalog.ts'
import type { Database } from '../../src/catalog/database.ts'
import { createSeal } from '../../src/catalog/seal.ts'
import type { CommandLine } from '../../src/jobs/command.ts'
import { openQueue } from '../../src/jobs/queue.ts'
import { startScheduler } from '../../src/jobs/scheduler.ts'
import { startWorker } from '../../src/jobs/worker.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { repeat } from '../../src/lib/repeat.ts'
import { addressOf } from '../support/address.ts'
import { virtualOf, type DayClock } from './day-clock.ts'

export interface DayTask {
  readonly url: string
  /** Of the seal, base64url. */
  readonly key: string
  readonly name: string
  readonly leaseSeconds: number
  readonly slots: number
  readonly commandLine: CommandLine
  readonly clock: DayClock
  /** Scheduler and alarms too; null: a worker alone. */
  readonly serving: {
    readonly tickMs: number
    readonly alarmsMs: number
    readonly graceMs: number
    /** A file, to which the time is added whenever nothing was due any more. */
    readonly marks: string
  } | null
}

const task = JSON.parse(process.argv[2] ?? '') as DayTask
const now = (): Date => new Date(virtualOf(task.clock, Date.now()))
const log = (text: string): void => {
  if (process.env['HOLDFAST_DAY_LOG'] !== undefined) process.stderr.write(`${task.name}: ${text}\n`)
}
const seal = createSeal(Buffer.from(task.key, 'base64url'))
const catalog = await openCatalog({ address: addressOf(task.url), seal, connections: 6 })
const queue = await openQueue(catalog.system, { first: 1, most: 2 })
const { commandLine, leaseSeconds, slots, name } = task
const worker = startWorker({ catalog, queue, commandLine, leaseSeconds, slots, name, pollMs: 100, log })
const stops = task.serving === null ? [] : serve(task.serving)
process.stdout.write('ready\n')

process.once('SIGTERM', () => {
  void end().then(() => process.exit(0))
})

async function end(): Promise<void> {
  for (const stop of stops) await stop()
  await worker.stop(500)
  await queue[Symbol.asyncDispose]()
  await catalog[Symbol.asyncDispose]()
}

function serve(o: NonNullable<DayTask['serving']>): (() => Promise<void>)[] {
  let asked = 0
  const database: Database = {
    ...catalog.system,
    async transaction(work) {
      const result = await catalog.system.transaction(work)
      if (result === null) appendFileSync(o.marks, `${asked}\n`)
      return result
    },
  }
  const scheduler = startScheduler({
    database,
    queue,
    now: () => {
      const at = now()
      asked = at.getTime()
      return Promise.resolve(at)
    },
    random: Math.random,
    everyMs: o.tickMs,
    log,
    onBegun: worker.wake,
  })
  // It sends nothing, since the pauses of the outbox would be over in no time: that goes by the real clock.
  const judge = createAlarms({ catalog, clock: { now }, random: Math.random, signal: AbortSignal.abort(), rules: { graceMs: o.graceMs } }) // prettier-ignore
  const stopping = new AbortController()
  const { signal } = stopping
  const judging = repeat({ work: () => judge.tick(), everyMs: o.alarmsMs, log })
  const sending = repeat({
    work: () => deliverDue({ catalog, clock: systemClock, random: Math.random, lookup: dnsLookup, signal }),
    everyMs: o.alarmsMs,
    log,
  })
  return [scheduler.stop, judging.stop, () => (stopping.abort(), sending.stop())]
}
