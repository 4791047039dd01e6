/** A clock that runs faster than the real one: as numbers, so that every process and the catalog's server go by the same. */
export interface DayClock {
  /** Both in ms since 1970: this time of the day is that of the machine. */
  readonly virtual: number
  readonly real: number
  /** Milliseconds of the day in one of the machine. */
  readonly factor: number
}

export function virtualOf({ virtual, real, factor }: DayClock, ms: number): number {
  return virtual + (ms - real) * factor
}

export function realOf({ virtual, real, factor }: DayClock, ms: number): number {
  return real + (ms - virtual) / factor
}
