import type { Catalog } from '../catalog/catalog.ts'
import type { Clock } from '../lib/clock.ts'
import { judgeStates, type AbsenceRules } from './absence.ts'
import { deliverDue } from './deliver/outbox.ts'
import { dnsLookup, type Lookup } from './deliver/reach.ts'
import { testDestination } from './destinations.ts'
import { sendDigests } from './digest.ts'
import { judgeEndedJobs, tellStarted } from './ended-jobs.ts'

/**
 * The alarms of the service, as it uses them: `tick()` every half minute or so, in as many processes as there are, and at once when a job
 * has begun or ended. All that it knows it reads from the catalog, so no call is needed for an alarm to come, only for it to come sooner;
 * the first tick after the service was down finds what was missed.
 */
export interface Alarms {
  /**
   * Judges what has changed, raises and closes alarms, and sends what is due. Parts that fail don't keep the others from being done;
   * the first failure is thrown in the end. Throws `catalog_unreachable`, `catalog_failed`.
   */
  tick(): Promise<void>
  /** Sends a test message to a destination now. Throws `destination_not_found`, `destination_failed`, `destination_refused`. */
  test(destinationId: string): Promise<void>
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
  const database = o.catalog.system
  const { catalog, clock, random, signal, lookup = dnsLookup } = o
  const rules = { ...defaultRules, ...o.rules }
  return {
    async tick() {
      await inTurn([
        () => tellStarted({ database, clock }),
        () => judgeEndedJobs({ database, clock }),
        () => judgeStates({ database, clock, rules }),
        () => sendDigests({ database, clock }),
        () => deliverDue({ catalog, clock, random, lookup, signal }),
      ])
    },
    test: (id) => testDestination({ catalog, id, clock, lookup }),
  }
}

/** Does all of them, and throws the first failure when they are done. */
async function inTurn(parts: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const part of parts) await part().catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}
