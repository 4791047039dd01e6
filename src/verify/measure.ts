import type { Clock } from '../lib/clock.ts'

/** How long a drill takes, and each part of it. */
export interface Measure {
  /** Since the beginning. */
  seconds(): number
  readonly phases: readonly { readonly name: string; readonly seconds: number }[]
  /** Does the work as a phase of its own. One that fails is none. */
  phase<T>(name: string, work: () => Promise<T>): Promise<T>
  /** Adds a phase that was measured elsewhere. */
  add(name: string, seconds: number): void
}

export function createMeasure(clock: Clock): Measure {
  const started = clock.now().getTime()
  const seconds = (): number => (clock.now().getTime() - started) / 1000
  const phases: { name: string; seconds: number }[] = []
  const add = (name: string, took: number): void => void phases.push({ name, seconds: toMilliseconds(took) })
  return {
    seconds,
    phases,
    async phase(name, work) {
      const from = seconds()
      const result = await work()
      add(name, seconds() - from)
      return result
    },
    add,
  }
}

/** Seconds as exact as the clock is: the rest is what subtracting leaves. */
export function toMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
