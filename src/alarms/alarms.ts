import type { Catalog } from '../catalog/catalog.ts'
import { noteStorage } from '../catalog/storage.ts'
import type { Clock } from '../lib/clock.ts'
import { judgeStates, type AbsenceRules } from './absence.ts'
import { deliverDue } from './deliver/outbox.ts'
import { dnsLookup, type Lookup } from './deliver/reach.ts'
import { testDestination } from './destinations.ts'
import { sendDigests } from './digest.ts'
import { judgeEndedJobs, tellStarted } from './ended-jobs.ts'
import { printMetrics } from './metrics/print.ts'
import { readMetrics } from './metrics/read.ts'
import { tidy } from './tidy.ts'

/**
 * The alarms of the service, as it uses them. It calls `tick()` every few seconds, in as many processes as there are, and may call it at
 * once when a job has begun or ended: alarms come by themselves, from what the catalog says, and are only sooner by that. The first tick
 * after the service was down finds what was missed. A service that stops aborts `signal` and waits for the tick that is under way.
 *
 * Requests of people go past this, under their claims: lists and closing in inbox.ts, destinations and subscriptions in destinations.ts.
 */
export interface Alarms {
  /**
   * Judges what has changed, raises and closes alarms, and sends what is due. Parts that fail don't keep the others from being done;
   * the first failure is thrown in the end, and the next tick makes up for it. It ends within a minute or so, whatever destinations do.
   * Calls while one is under way in this process share the one after it, so that what has just ended is seen. Throws
   * `catalog_unreachable`, `catalog_failed`.
   */
  tick(): Promise<void>
  /** Notes how full a storage is, as something has just measured it: the alarm of one that fills up follows from that. */
  storageMeasured(o: { repositoryId: string; usedBytes: number; capacityBytes: number | null }): Promise<void>
  /** Sends a test message to a destination now. Throws `destination_not_found`, `destination_failed`, `destination_refused`. */
  test(destinationId: string): Promise<void>
  /** What Prometheus reads, of type `metricsType` (metrics/print.ts). It names sources, so not everybody may see it. */
  metrics(): Promise<string>
}

export interface AlarmsOptions {
  readonly catalog: Pick<Catalog, 'system' | 'seal'>
  /** What is late goes by it, and when a message is sent again: the machine's clock, near that of the catalog. */
  readonly clock: Clock
  /** 0 up to 1, such as Math.random. */
  readonly random: () => number
  /** Aborted when the service stops: what is being sent ends, and no more is begun. */
  readonly signal?: AbortSignal
  /** Default: the system's. */
  readonly lookup?: Lookup
  readonly rules?: Partial<AbsenceRules>
}

export const defaultRules: AbsenceRules = {
  graceMs: 3_600_000,
  maxAgeMs: 8 * 86_400_000,
}

export function createAlarms(o: AlarmsOptions): Alarms {
  const { catalog, clock, random, signal, lookup = dnsLookup } = o
  const database = catalog.system
  const rules = { ...defaultRules, ...o.rules }
  let running: Promise<void> = Promise.resolve()
  let waiting: Promise<void> | null = null

  async function tick(): Promise<void> {
    await inTurn([
      () => tellStarted({ database, clock }),
      () => judgeEndedJobs({ database, clock }),
      () => judgeStates({ database, clock, rules }),
      () => sendDigests({ database, clock }),
      () => deliverDue({ catalog, clock, random, lookup, signal }),
      () => tidy({ database, clock }),
    ])
  }

  return {
    tick() {
      waiting ??= running.then(() => {
        waiting = null
        const now = tick()
        running = now.catch(() => undefined)
        return now
      })
      return waiting
    },
    async storageMeasured({ repositoryId, usedBytes, capacityBytes }) {
      await noteStorage(database, { repositoryId, at: clock.now(), usedBytes, capacityBytes })
    },
    test: (id) => testDestination({ catalog, id, clock, lookup }),
    metrics: async () => printMetrics(await readMetrics(database, clock.now())),
  }
}

/** Does all of them, and throws the first failure when they are done. */
async function inTurn(parts: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const part of parts) await part().catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}
