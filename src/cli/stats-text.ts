import type { RepositoryStats } from '../prune/stats.ts'
import type { CommandContext } from './command.ts'
import { formatBytes, formatCount, formatCountOf, formatWhen } from './format.ts'
import { lockText } from './lock.ts'

/** Prints what sources and backups hold and take. */
export function tellSizes({ out, clock }: CommandContext, stats: RepositoryStats): void {
  const { sources, backups, stored, unneeded } = stats
  if (backups.length === 0) out.line('No backups yet.')
  else {
    out.table(
      [
        { title: 'SOURCE' },
        { title: 'BACKUPS', align: 'right' },
        { title: 'SIZE', align: 'right' },
        { title: 'ALL BACKUPS', align: 'right' },
        { title: 'STORED', align: 'right' },
        { title: 'NEW IN 7 D', align: 'right' },
        { title: 'IN 30 D', align: 'right' },
      ],
      sources.map((one) => [
        one.source.slice(0, 8),
        formatCount(one.backups),
        formatBytes(one.plainBytes),
        formatBytes(one.allPlainBytes),
        formatBytes(one.stored.bytes),
        formatBytes(one.grown.days7),
        formatBytes(one.grown.days30),
      ]),
    )
    out.line()
    out.table(
      [
        { title: 'BACKUP', min: 25 },
        { title: 'TAKEN', min: 16 },
        { title: 'NAME' },
        { title: 'SIZE', align: 'right' },
        { title: 'STORED', align: 'right' },
        { title: 'NEW', align: 'right' },
        { title: 'ONLY ITS OWN', align: 'right' },
      ],
      backups.map((one) => [
        one.id,
        formatWhen(new Date(one.moment), clock.now()),
        one.name ?? '',
        formatBytes(one.plainBytes),
        formatBytes(one.storedBytes),
        formatBytes(one.newStoredBytes),
        formatBytes(one.unique.bytes),
      ]),
    )
  }
  out.line()
  out.line(`Stored: ${formatBytes(stored.bytes)} in ${formatCountOf(stored.objects, 'chunk')}.`)
  if (unneeded.objects > 0)
    out.line(
      `Nothing needs ${formatBytes(unneeded.bytes)} of it, unless a backup is running: a prune frees that.`,
    )
  const locks = backups.flatMap(({ lock }) => (lock === null ? [] : [lock]))
  const held = locks.filter(({ until }) => Date.parse(until) > clock.now().getTime())
  const [last] = held.toSorted((a, b) => Date.parse(b.until) - Date.parse(a.until))
  if (last !== undefined)
    out.line(`Locked: what ${formatCountOf(held.length, 'backup')} need${held.length === 1 ? 's' : ''}, the last of them ${lockText(last, clock.now())}.`) // prettier-ignore
}
