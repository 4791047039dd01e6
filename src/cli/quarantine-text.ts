import { quarantinedLabel, type Quarantined } from '../restore/quarantine/record.ts'
import type { ReleaseReport } from '../restore/quarantine/release.ts'
import { formatCountOf } from './format.ts'
import type { Output } from './output.ts'
import { printable } from './width.ts'

/** `2 cron jobs, 1 event trigger` */
export function quarantineText(items: readonly Pick<Quarantined, 'kind'>[]): string {
  const counts = new Map<string, number>()
  for (const { kind } of items) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].map(([kind, count]) => formatCountOf(count, kind)).join(', ')
}

/** Prints what is off, and what its release does to it. */
export function tellHeld(out: Output, target: string, held: readonly Quarantined[]): void {
  out.line(`${target} is in quarantine. Off: ${quarantineText(held) || 'nothing'}`)
  for (const one of held) out.line(`  ${printable(quarantinedLabel(one))}: ${onRelease(one)}`)
}

function onRelease({ kind, was }: Quarantined): string {
  switch (kind) {
    case 'subscription':
      return 'stays disabled; ALTER SUBSCRIPTION ... ENABLE when its publisher is to send here'
    case 'publication':
      return `will publish ${printable(was)}`
    case 'materialized view':
      return 'will be filled from foreign tables'
    case 'foreign server':
    case 'foreign data wrapper':
      return 'will be called again'
    case 'cron job':
      return 'will run'
    case 'webhook':
    case 'event trigger':
      return 'will fire'
  }
}

/** Prints what was put back. */
export function tellRelease(out: Output, { target, released, gone, kept }: ReleaseReport): void {
  out.line(`Released in ${target}: ${quarantineText(released) || 'nothing'}`)
  for (const one of gone) out.line(`  not there any more  ${printable(quarantinedLabel(one))}`)
  for (const { what, why } of kept)
    out.line(`  off still           ${printable(quarantinedLabel(what))}: ${printable(why)}`)
}
