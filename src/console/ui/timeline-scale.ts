/** Time to pixels and back, and what is drawn where: pure. */

export interface TimePoint {
  readonly id: string
  /** Milliseconds from 1970. */
  readonly at: number
  readonly proven: boolean
  readonly pinned: boolean
}

export interface Scale {
  readonly from: number
  readonly to: number
  readonly width: number
  /** Text runs to the left, and time with it. */
  readonly mirrored: boolean
}

/** Room at both ends, so that a dot is never cut. */
const pad = 8

export function xOf({ from, to, width, mirrored }: Scale, at: number): number {
  const share = to === from ? 1 : (at - from) / (to - from)
  const x = pad + share * (width - 2 * pad)
  return mirrored ? width - x : x
}

export function timeOf({ from, to, width, mirrored }: Scale, x: number): number {
  const along = mirrored ? width - x : x
  return from + ((along - pad) / Math.max(1, width - 2 * pad)) * (to - from)
}

/** Dots that would lie on each other are one mark: as many are drawn as there is room for, however many there are. */
export interface Mark {
  readonly x: number
  /** Where the last of them lies. */
  readonly end: number
  readonly points: readonly TimePoint[]
  readonly proven: boolean
  readonly pinned: boolean
}

const apart = 11

/** `points` are in the order of time. */
export function marksOf(scale: Scale, points: readonly TimePoint[]): Mark[] {
  const marks: { x: number; end: number; points: TimePoint[] }[] = []
  for (const point of points) {
    if (point.at < scale.from || point.at > scale.to) continue
    const x = xOf(scale, point.at)
    const last = marks.at(-1)
    // A mark grows to three dots' width at most, so that what is dense still reads as a series.
    if (last !== undefined && Math.abs(x - last.end) < apart && Math.abs(x - last.x) < 2 * apart) {
      last.points.push(point)
      last.end = x
    } else marks.push({ x, end: x, points: [point] })
  }
  return marks.map((mark) => ({
    ...mark,
    proven: mark.points.some(({ proven }) => proven),
    pinned: mark.points.some(({ pinned }) => pinned),
  }))
}

const hour = 3_600_000
const steps = [hour, 3 * hour, 6 * hour, 12 * hour, 24 * hour, 48 * hour, 7 * 24 * hour, 14 * 24 * hour, 30 * 24 * hour, 91 * 24 * hour, 365 * 24 * hour] // prettier-ignore

/** Moments for labels, at least so many pixels from each other, on whole hours or days of this machine's zone. */
export function ticksOf(scale: Scale, every: number): { at: number; days: boolean }[] {
  const most = Math.max(1, Math.floor(scale.width / every))
  const step = steps.find((one) => (scale.to - scale.from) / one <= most) ?? 365 * 24 * hour
  const first = new Date(scale.from)
  first.setHours(0, 0, 0, 0)
  const ticks: { at: number; days: boolean }[] = []
  for (let at = first.getTime(); at <= scale.to; at += step)
    if (at >= scale.from) ticks.push({ at, days: step >= 24 * hour })
  return ticks
}

/**
 * Where backups that came regularly were missing: pauses of more than twice the usual one. `points` are in the order of time; from few of
 * them nothing usual is known.
 */
export function breaksOf(points: readonly TimePoint[]): { from: number; to: number }[] {
  const pauses = points.slice(1).map(({ at }, index) => ({ from: points[index]?.at ?? at, to: at }))
  if (pauses.length < 5) return []
  const usual = pauses.map(({ from, to }) => to - from).sort((a, b) => a - b)[pauses.length >> 1] ?? 0
  return pauses.filter(({ from, to }) => to - from > Math.max(2 * usual, hour))
}

/** The one that is nearest; null if there is none. `points` are in the order of time. */
export function nearest(points: readonly TimePoint[], at: number): TimePoint | null {
  let [low, high] = [0, points.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((points[middle]?.at ?? 0) < at) low = middle + 1
    else high = middle
  }
  const [left, right] = [points[low - 1], points[low]]
  if (left === undefined || right === undefined) return left ?? right ?? null
  return at - left.at < right.at - at ? left : right
}
