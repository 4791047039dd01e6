import type { CheckReport } from '../repository/check.ts'
import type { Coverage } from '../repository/coverage.ts'
import type { LostObject, LostOfBackup, LostParts, LostRows } from '../repository/lost.ts'
import type { CommandContext } from './command.ts'
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatCountOf,
  formatList,
  formatPercent,
  formatWhen,
} from './format.ts'
import type { Output } from './output.ts'
import { printable } from './width.ts'

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

const faultText = {
  missing: 'missing',
  damaged: 'damaged',
  sizeDiffers: 'of another size',
  unreadable: 'unreadable',
} as const
/** More than so many objects, or backups, or tables are counted only: all of them are in what --json prints. */
const most = 20

/** What each object that is hurt takes with it. */
export function tellLost(out: Output, lost: readonly LostObject[]): void {
  for (const { key, fault, backups, restores, erasures } of lost.slice(0, most)) {
    out.line(`${faultText[fault]}: ${key}`)
    const alike = Map.groupBy(backups, ({ parts }) => (parts === null ? '' : partsOfText(parts)))
    for (const [text, list] of alike)
      out.line(`  ${text === '' ? 'needed by' : `${text}, in`} ${idsText(list)}`)
    if (restores.length > 0) out.line(`  needed to undo or tell of the restore ${formatList(restores, 5)}`)
    if (erasures.length > 0) out.line(`  needed by the erasure ${formatList(erasures, 5)}`)
  }
  if (lost.length > most) out.line(`And ${formatCountOf(lost.length - most, 'object')} more; --json has all.`)
}

/** `1,204 rows of public.orders on pages 0 to 63; the schema` */
function partsOfText({ tables, others }: LostParts): string {
  const rows = tables.slice(0, most).map(rowsText)
  const more = tables.length > most ? [`rows of ${formatCountOf(tables.length - most, 'more table')}`] : []
  const whole = others.map((what) => (what === 'large objects' ? what : `the ${what}, without which nothing can be restored`)) // prettier-ignore
  const all = [...rows, ...more, ...whole]
  return all.length === 0 ? 'nothing that a restore needs' : all.join('; ')
}

function rowsText({ schema, name, rows, ranges }: LostRows): string {
  const table = printable(`${schema}.${name}`)
  if (ranges.some(({ from, to }) => from === 0 && to === null))
    return `all ${formatCountOf(rows, 'row')} of ${table}`
  const pages = ranges.map(
    ({ from, to }) => `${formatCount(from)} to ${to === null ? 'the last' : formatCount(to - 1)}`,
  )
  return `${formatCountOf(rows, 'row')} of ${table} on pages ${formatList(pages, 4)}`
}

const idsText = (list: readonly LostOfBackup[]): string =>
  formatList(
    list.map(({ id }) => id),
    5,
  )

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
