import type { CheckReport } from '../repository/check.ts'
import type { Coverage } from '../repository/coverage.ts'
import { chunkKey } from '../repository/format/chunk-names.ts'
import type { CommandContext } from './command.ts'
import { formatAgo, formatBytes, formatCountOf, formatPercent, formatWhen } from './format.ts'
import type { Output } from './output.ts'

/** Prints the report; how many backups and restores are hurt. */
export function tellReport(out: Output, report: CheckReport): number {
  let hurt = 0
  const parts = [
    ...report.backups.map((part) => ({ ...part, name: part.id })),
    ...report.restores.map((part) => ({ ...part, name: `restore ${part.id}` })),
    ...report.erasures.map((part) => ({ ...part, name: `erasure ${part.id}` })),
  ]
  for (const { name, missing, damaged, sizeDiffers, unreadable } of parts) {
    const lists = { missing, damaged, 'of another size': sizeDiffers, unreadable }
    const faults = Object.entries(lists).filter(([, names]) => names.length > 0)
    if (faults.length === 0) continue
    hurt++
    out.line(
      `${name}  ${faults.map(([what, names]) => `${formatCountOf(names.length, 'object')} ${what}`).join(', ')}`,
    )
    for (const [what, names] of faults)
      for (const chunk of names.slice(0, 5)) out.line(`  ${what}: ${chunkKey(chunk)}`)
  }
  const read =
    report.read === 0 ? 'none read back' : `${report.read} read back (${formatBytes(report.bytesRead)})`
  out.line(
    `${partsText({ backups: report.backups.length, restores: report.restores.length, erasures: report.erasures.length })}, ${formatCountOf(report.objects, 'object')}, ${read}: ${hurt === 0 ? 'whole' : `${hurt} hurt`}`,
  )
  const { objects, bytes } = report.unreferenced
  if (objects > 0)
    out.note(
      `${formatCountOf(objects, 'object')} (${formatBytes(bytes)}) belong to no backup: to one that is running or was broken off.`,
    )
  return hurt
}

/** `3 backups`, `3 backups and 1 restore`, `3 backups, 1 restore and 2 erasures`. */
export function partsText(o: { backups: number; restores: number; erasures: number }): string {
  const parts = [
    formatCountOf(o.backups, 'backup'),
    ...(o.restores === 0 ? [] : [formatCountOf(o.restores, 'restore')]),
    ...(o.erasures === 0 ? [] : [formatCountOf(o.erasures, 'erasure')]),
  ]
  return [parts.slice(0, -1).join(', '), parts.at(-1)].filter((text) => text !== '').join(' and ')
}

/** How far the checks have come round. `rounds`: as how many shares all of it is told. */
export function tellCoverage(
  { out, clock }: CommandContext,
  { share, read, unread, unreadSince, oldestRead }: Coverage,
  rounds: number,
): void {
  const now = clock.now()
  if (unreadSince === null) {
    if (oldestRead !== null) out.line(`Everything was read back since ${formatWhen(oldestRead, now)}.`)
    return
  }
  const done = Math.min(rounds - 1, Math.floor(share * rounds + 1e-9))
  const bytes = formatPercent(read.bytes, read.bytes + unread.bytes)
  out.line(
    `Read back by now: ${rounds > 1 && share < 1 ? `${done} of ${formatCountOf(rounds, 'share')}, ` : ''}${bytes} of all that is stored. ` +
      `${formatCountOf(unread.objects, 'object')} never, the oldest stored ${formatAgo(now.getTime() - unreadSince.getTime())}.`,
  )
}
