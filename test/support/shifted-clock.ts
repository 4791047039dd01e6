/**
 * Loaded before a program (`node --import`): its clock is off by HOLDFAST_TEST_CLOCK_MINUTES, as that of a machine that nobody has set.
 */
const shift = Number(process.env['HOLDFAST_TEST_CLOCK_MINUTES'] ?? 0) * 60_000
const RealDate = Date

class ShiftedDate extends RealDate {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) super(RealDate.now() + shift)
    else super(...(given as [number]))
  }

  static override now(): number {
    return RealDate.now() + shift
  }
}

globalThis.Date = ShiftedDate as DateConstructor
