import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../lib/errors.ts'
import { takeJob } from './attempt.ts'
import { reapJobs } from './reap.ts'
import { runJob, type RunOptions } from './run-job.ts'

export interface WorkerOptions extends Omit<RunOptions, 'signal'> {
  /** What people see it as: machine and process. */
  readonly name: string
  /** Jobs that it runs at once. */
  readonly slots: number
  /** How often it looks for a job. */
  readonly pollMs: number
  readonly log: (text: string) => void
}

/** Takes jobs and runs them until it is stopped. */
export interface Worker {
  /** Looks for a job now. */
  wake(): void
  /** Takes no more jobs; those that run get so long to end, and are put back after that. */
  stop(graceMs: number): Promise<void>
}

/** Starts a worker. It bears that the catalog is away for a while, and whatever a job does. */
export function startWorker(o: WorkerOptions): Worker {
  const { catalog, queue, leaseSeconds, log } = o
  const stopping = new AbortController()
  const ending = new AbortController()
  const running = new Set<Promise<void>>()
  let nudge = new AbortController()

  const loops = [
    repeat({ everyMs: o.pollMs, work: fill, nudged: () => nudge.signal }),
    repeat({ everyMs: (leaseSeconds * 1000) / 4, work: reap }),
  ]

  async function fill(): Promise<void> {
    while (running.size < o.slots && !stopping.signal.aborted) {
      const job = await takeJob({ database: catalog.system, queue, worker: o.name, leaseSeconds })
      if (job === null) return
      const run = runJob({ ...o, signal: ending.signal }, job).then(
        (how) => log(`${job.kind} of ${job.about}, job ${job.id}, attempt ${job.attempt}: ${how}`),
        (error: unknown) => log(`${job.kind} of ${job.about}, job ${job.id}: ${messageOf(error)}`),
      )
      running.add(run)
      void run.finally(() => {
        running.delete(run)
        nudge.abort()
      })
    }
  }

  async function reap(): Promise<void> {
    const reaped = await reapJobs({ database: catalog.system, queue })
    if (reaped > 0)
      log(`${reaped} jobs of workers that gave no sign of life any more were put back or ended.`)
  }

  /** Does the work again and again; a failure is told once, however often it comes. */
  async function repeat(loop: {
    everyMs: number
    work: () => Promise<void>
    nudged?: () => AbortSignal
  }): Promise<void> {
    let failing: string | null = null
    while (!stopping.signal.aborted) {
      nudge = nudge.signal.aborted && loop.nudged !== undefined ? new AbortController() : nudge
      try {
        await loop.work()
        if (failing !== null) log('The catalog answers again.')
        failing = null
      } catch (error) {
        if (failing !== messageOf(error)) log(messageOf(error))
        failing = messageOf(error)
      }
      const signal = loop.nudged?.() ?? stopping.signal
      await sleep(loop.everyMs, undefined, { signal }).catch(() => undefined)
    }
  }

  return {
    wake: () => nudge.abort(),
    async stop(graceMs) {
      stopping.abort()
      nudge.abort()
      await Promise.all(loops)
      const patience = new AbortController()
      const all = Promise.all(running)
      await Promise.race([all, sleep(graceMs, undefined, { signal: patience.signal }).catch(() => undefined)])
      patience.abort()
      ending.abort()
      await all
    },
  }
}
