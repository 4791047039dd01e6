import type { NeededChunk } from './check-chunks.ts'
import { slotCount } from './format/checked.ts'
import { lastRead, slotOf, type Arc, type ReadArc } from './rotation.ts'

/** How much of what there is was read back by now, by this check and those before it. */
export interface Coverage {
  /** Of the circle of names: 0 to 1. */
  readonly share: number
  /** Chunks that were read since they were stored, and their stored bytes. */
  readonly read: { readonly objects: number; readonly bytes: number }
  readonly unread: { readonly objects: number; readonly bytes: number }
  /** Since when there is a chunk that was never read, by the storage's clock; null: there is none. */
  readonly unreadSince: Date | null
  /** When what was read was read, where that is longest ago; null: nothing was. */
  readonly oldestRead: Date | null
}

/** What these arcs come to for the chunks that are there. `arc` is the one that was read just now. */
export function coverageOf(o: {
  readonly needed: Iterable<NeededChunk>
  readonly arc: Arc
  readonly earlier: readonly ReadArc[]
  readonly now: Date
}): Coverage {
  const now = o.now.getTime()
  const slots = lastRead([{ ...o.arc, begun: Infinity }, ...o.earlier])
  const read = { objects: 0, bytes: 0 }
  const unread = { objects: 0, bytes: 0 }
  let unreadSince = Infinity
  let oldestRead = Infinity
  for (const { name, present, stored } of o.needed) {
    if (present === null) continue
    const when = slots[slotOf(name)] ?? -Infinity
    // A check has seen what was there when it began.
    const isRead = when >= stored
    const sum = isRead ? read : unread
    sum.objects += 1
    sum.bytes += present
    if (isRead) oldestRead = Math.min(oldestRead, when, now)
    else unreadSince = Math.min(unreadSince, stored)
  }
  const dateOf = (time: number): Date | null => (time === Infinity ? null : new Date(time))
  return {
    share: slots.reduce((sum, when) => sum + (when > -Infinity ? 1 : 0), 0) / slotCount,
    read,
    unread,
    unreadSince: dateOf(unreadSince),
    oldestRead: dateOf(oldestRead),
  }
}
