import type { Severity } from '../events.ts'
import { bytesText, spanText } from '../words.ts'
import { slope } from './statistics.ts'

/** How full a storage was. */
export interface StoragePoint {
  readonly at: Date
  readonly usedBytes: number
  /** Null: there is no known end. */
  readonly capacityBytes: number | null
}

const dayMs = 86_400_000

export const fillingRules = {
  /** Full within that time at the present rate. */
  warningMs: 14 * dayMs,
  criticalMs: 3 * dayMs,
  /** So much of it is taken, whatever the rate. */
  warningShare: 0.9,
  criticalShare: 0.95,
  /** A rate is known from so many points over so long a time. */
  points: 3,
  spanMs: dayMs,
} as const

/** How a storage grows. */
export interface Forecast {
  readonly newest: StoragePoint
  /** Bytes; null: not known yet. */
  readonly perMs: number | null
  /** Until it is full at the present rate. Null: it does not grow, the rate is not known, or there is no end. */
  readonly fullInMs: number | null
}

/** Null: nothing was measured. Pure; the points may come in any order. */
export function forecast(points: readonly StoragePoint[]): Forecast | null {
  const sorted = points.toSorted((a, b) => a.at.getTime() - b.at.getTime())
  const newest = sorted.at(-1)
  const first = sorted[0]
  if (newest === undefined || first === undefined) return null
  const known =
    sorted.length >= fillingRules.points && newest.at.getTime() - first.at.getTime() >= fillingRules.spanMs
  const perMs = known ? slope(sorted.map(({ at, usedBytes: y }) => ({ x: at.getTime(), y }))) : null
  const { usedBytes, capacityBytes } = newest
  const free = capacityBytes === null ? null : Math.max(0, capacityBytes - usedBytes)
  return { newest, perMs, fullInMs: perMs === null || perMs <= 0 || free === null ? null : free / perMs }
}

export interface Filling {
  readonly severity: Severity
  readonly text: string
  /** Until it is full at the present rate. Null: it does not grow, or the rate is not known. */
  readonly fullInMs: number | null
}

/**
 * Whether a storage is nearly full: the newest of the points, and the rate by the median of the slopes between all of them, so that a
 * single prune or import does not decide. Pure; the points may come in any order.
 */
export function filling(points: readonly StoragePoint[]): Filling | null {
  const found = forecast(points)
  if (found === null || found.newest.capacityBytes === null) return null
  const { perMs, fullInMs } = found
  const { usedBytes, capacityBytes } = found.newest
  const share = usedBytes / capacityBytes
  const within = (ms: number): boolean => fullInMs !== null && fullInMs < ms
  const severity =
    share >= fillingRules.criticalShare || within(fillingRules.criticalMs)
      ? 'critical'
      : share >= fillingRules.warningShare || within(fillingRules.warningMs)
        ? 'warning'
        : null
  if (severity === null) return null
  const taken = `${bytesText(usedBytes)} of ${bytesText(capacityBytes)} are taken (${Math.floor(share * 100)} %)`
  const rate =
    fullInMs === null || perMs === null
      ? ''
      : `; at the present rate of ${bytesText(perMs * dayMs)} a day it is full ${fullInMs === 0 ? 'now' : `in ${spanText(fullInMs)}`}`
  return { severity, text: `${taken}${rate}.`, fullInMs }
}
