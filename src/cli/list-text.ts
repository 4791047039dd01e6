import type { ManifestSummary } from '../repository/format/manifest.ts'
import type { VerifiedMark } from '../repository/format/verified.ts'
import type { CommandContext } from './command.ts'
import { formatAgo, formatBytes, formatCount, formatDuration, formatWhen } from './format.ts'
import { lockText } from './lock.ts'

/** A backup as `list --json` has it, and the catalog of a service. */
export interface ListedBackup extends Pick<
  ManifestSummary,
  'id' | 'moment' | 'started' | 'finished' | 'totals' | 'lock' | 'name'
> {
  readonly verified?: VerifiedMark | null
  readonly damaged?: boolean
  /** Null: one that can not be read. */
  readonly pins?: readonly ({ readonly reason: string } | null)[]
  /** In which copies of the repository it is complete. */
  readonly copies?: readonly string[]
}

/** Prints a list of backups. `places`: the copies of the repository, if there are several. */
export function tellBackups(
  { out, clock }: CommandContext,
  backups: readonly ListedBackup[],
  places: readonly string[] | null,
): void {
  if (backups.length === 0) return out.line('No backups yet.')
  const now = clock.now()
  const locked = backups.some(({ lock }) => lock !== undefined)
  const pinned = backups.some(({ pins = [] }) => pins.length > 0)
  out.table(
    [
      { title: 'BACKUP', min: 25 },
      { title: 'TAKEN', min: 16 },
      { title: 'NAME' },
      { title: 'TABLES', align: 'right', spare: 5 },
      { title: 'ROWS', align: 'right' },
      { title: 'SIZE', align: 'right', spare: 1 },
      { title: 'STORED', align: 'right', spare: 2 },
      { title: 'NEW', align: 'right', spare: 4 },
      { title: 'TIME', align: 'right', spare: 3 },
      { title: 'VERIFIED', min: 12 },
      ...(locked ? [{ title: 'LOCKED', min: 16 }] : []),
      ...(pinned ? [{ title: 'PINNED', min: 10 }] : []),
      ...(places === null ? [] : [{ title: 'IN', min: 4 }]),
    ],
    backups.map((backup) => [
      backup.id,
      formatWhen(new Date(backup.moment), now),
      backup.name ?? '',
      formatCount(backup.totals.tables),
      formatCount(backup.totals.rows),
      formatBytes(backup.totals.plainBytes),
      formatBytes(backup.totals.storedBytes),
      formatBytes(backup.totals.newStoredBytes),
      formatDuration(Date.parse(backup.finished) - Date.parse(backup.started)),
      backup.damaged === true ? 'DAMAGED' : verifiedText(backup.verified ?? null, now),
      ...(locked ? [backup.lock === undefined ? '' : lockText(backup.lock, now)] : []),
      ...(pinned ? [pinText(backup.pins ?? [])] : []),
      ...(places === null ? [] : [(backup.copies ?? []).map((one) => places.indexOf(one) + 1).join(' ')]),
    ]),
  )
  for (const [index, address] of (places ?? []).entries()) out.line(`In ${index + 1}: ${address}`)
}

/** By the newest drill of the whole backup: that of a part proves no backup. */
function verifiedText(mark: VerifiedMark | null, now: Date): string {
  if (mark === null) return ''
  const ago = formatAgo(now.getTime() - Date.parse(mark.when))
  return mark.result === 'passed' ? ago : `FAILED ${ago}`
}

function pinText(pins: NonNullable<ListedBackup['pins']>): string {
  return pins.map((pin) => pin?.reason ?? 'by a pin that can not be read').join('; ')
}
