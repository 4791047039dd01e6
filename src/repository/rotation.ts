import { slotCount } from './format/checked.ts'

/** Marks of checks that are looked at, and that a prune leaves: a share may be as small as one of so many. */
export const checksKept = 1000

/** A stretch of the circle of names: so many slots, from one on. */
export interface Arc {
  readonly from: number
  readonly slots: number
}

/** An arc that was read, and when that began, in milliseconds by the storage's clock. */
export interface ReadArc extends Arc {
  readonly begun: number
}

/** Where on the circle a chunk of this name is. */
export function slotOf(name: string): number {
  return Number.parseInt(name.slice(0, 4), 16)
}

export function isInArc({ from, slots }: Arc, name: string): boolean {
  return distance(from, slotOf(name)) < slots
}

/**
 * The arc that is to be read next: `share` (above 0, to 1) of the circle, from `from` on. Names are keyed hashes, so that is about this share of the chunks, and of
 * their bytes. It is a fixed share of names and not of what there is by now: so as many arcs as make a whole go round, however much is stored meanwhile,
 * and a chunk that comes is read in its turn. Longer if there is no chunk in it: a check that was told to read must not
 * pass having read nothing.
 */
export function nextArc(o: {
  readonly names: Iterable<string>
  readonly share: number
  readonly from: number
}): Arc {
  const { from } = o
  const slots = Math.min(slotCount, Math.ceil(o.share * slotCount))
  let nearest = slotCount
  for (const name of o.names) nearest = Math.min(nearest, distance(from, slotOf(name)))
  return { from, slots: nearest < slotCount ? Math.max(slots, nearest + 1) : slots }
}

/** Where the arc after this one begins. */
export function afterArc({ from, slots }: Arc): number {
  return (from + slots) % slotCount
}

/** By slot, when it was read last, in milliseconds; -Infinity: never. */
export function lastRead(arcs: Iterable<ReadArc>): Float64Array {
  const read = new Float64Array(slotCount).fill(-Infinity)
  for (const { from, slots, begun } of arcs) {
    for (let step = 0; step < slots; step++) {
      const slot = (from + step) % slotCount
      read[slot] = Math.max(read[slot] ?? begun, begun)
    }
  }
  return read
}

function distance(from: number, slot: number): number {
  return (slot - from + slotCount) % slotCount
}
