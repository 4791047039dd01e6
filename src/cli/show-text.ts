import type { DamagedChunk } from '../repository/format/damaged.ts'
import type { ManifestSummary } from '../repository/format/manifest.ts'
import type { Pin } from '../repository/format/pin.ts'
import type { VerifiedMark } from '../repository/format/verified.ts'
import { formatBytes, formatCount, formatCountOf, formatDuration, formatRate, formatWhen } from './format.ts'
import { lockText } from './lock.ts'
import type { Output } from './output.ts'
import { proofOf, secondsOf, type ContentsSummary } from './summary.ts'
import { printable } from './width.ts'

/** A backup as `show --json` has it, and the catalog of a service. */
export interface ShownBackup {
  readonly backup: Omit<ManifestSummary, 'chunks'> & { readonly chunks: number }
  /** Newest first. */
  readonly verified: readonly VerifiedMark[]
  /** Null: one that can not be read. */
  readonly pins: readonly (Pin | null)[]
  /** In words; null: none. */
  readonly damage: string | null
  /** Null: it is sealed, and was not opened. */
  readonly contents: ContentsSummary | null
}

/** Prints all that is known of a backup. */
export function tellBackupWhole(out: Output, shown: ShownBackup, now: Date): void {
  const { backup, contents, damage } = shown
  const { totals } = backup
  const took = secondsOf(backup) * 1000
  const facts: [string, string][] = [
    ['Backup', backup.id],
    ...(backup.name === null ? [] : [['Name', printable(backup.name)] satisfies [string, string]]),
    ...(backup.description === null ? [] : [['', backup.description] satisfies [string, string]]),
    ['Taken', `${formatWhen(new Date(backup.moment), now)}, at ${backup.lsn}`],
    ['Kind', backup.kind],
    ['Server', serverText(backup.major, contents)],
    [
      'Rows',
      `${formatCount(totals.rows)} in ${formatCountOf(totals.tables, 'table')}, ${formatBytes(totals.plainBytes)} as text`,
    ],
    ['Stored', `${formatBytes(totals.storedBytes)} in ${formatCountOf(backup.chunks, 'chunk')}`],
    [
      'New',
      `${formatBytes(totals.newStoredBytes)} in ${formatCountOf(totals.newChunks, 'chunk')}, ${formatCount(totals.reusedChunks)} reused`,
    ],
    ['Took', `${formatDuration(took)}, ${formatRate(totals.plainBytes, took)}`],
    ...(contents === null ? [] : [['Proof', contents.proof] satisfies [string, string]]),
    ['Drilled', verifiedText(shown.verified, now)],
    ...(damage === null ? [] : [['Damaged', damage] satisfies [string, string]]),
    ...(backup.lock === undefined ? [] : [['Locked', lockText(backup.lock, now)] satisfies [string, string]]),
    ...shown.pins.map((pin): [string, string] => ['Pinned', pinText(pin, now)]),
    ['Gaps', totals.gaps === 0 ? 'none' : formatCount(totals.gaps)],
  ]
  for (const [label, value] of facts) out.line(`${label.padEnd(8)}${value}`)
  if (contents !== null) tellContents(out, contents)
}

/** What the newest drill of the whole says, else that of a part, which proves no backup. */
function verifiedText(marks: readonly VerifiedMark[], now: Date): string {
  const mark = marks.find(({ level }) => level === 'whole') ?? marks[0]
  if (mark === undefined) return 'never'
  const { hashed, sampled, counted } = mark.compared
  const { passed, failed } = mark.assertions
  return [
    formatWhen(new Date(mark.when), now),
    mark.level === 'whole' ? `the drill ${mark.result}` : `only a part, whose drill ${mark.result}`,
    `${formatCountOf(hashed + sampled + counted, 'table')} compared, ${formatCount(hashed)} of them by the content of all rows`,
    ...(passed + failed === 0
      ? []
      : [`${formatCount(passed)} of ${formatCountOf(passed + failed, 'assertion')} passed`]),
    ...(mark.notVerified === 0 ? [] : [`${formatCount(mark.notVerified)} left open`]),
    ...(mark.seconds === 0 ? [] : [`restored in ${formatDuration(mark.seconds * 1000)}`]),
  ].join(', ')
}

/** What of a backup is known to be damaged, in words. */
export function damagedText(damaged: readonly DamagedChunk[], now: Date): string {
  const found = damaged.map(({ found: when }) => when).sort()[0] ?? ''
  const objects = formatCountOf(damaged.length, 'object is', 'objects are')
  return `${objects} missing or damaged, found ${formatWhen(new Date(found), now)}; holdfast check says what is lost`
}

function pinText(pin: Pin | null, now: Date): string {
  if (pin === null) return 'by an object that is no valid pin; it is kept all the same'
  return `${printable(pin.reason)} (${printable(pin.who)}, ${formatWhen(new Date(pin.when), now)})`
}

function serverText(major: number, contents: ContentsSummary | null): string {
  if (contents === null) return `Postgres ${major}`
  const standby = contents.server.inRecovery ? ', a standby' : ''
  return `Postgres ${contents.server.version}${standby}, database ${printable(contents.database.name)}, ${contents.server.encoding}`
}

function tellContents(out: Output, contents: ContentsSummary): void {
  for (const { what, why } of contents.gaps) out.line(`        ${printable(what)}: ${printable(why)}`)
  out.line()
  out.table(
    [
      { title: 'SCHEMA' },
      { title: 'TABLE', min: 12 },
      { title: 'ROWS', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'RANGES', align: 'right' },
      { title: 'PROOF' },
    ],
    contents.tables.map((table) => [
      table.schema,
      table.name,
      formatCount(table.rows),
      formatBytes(table.plainBytes),
      formatCount(table.ranges),
      proofOf(table),
    ]),
  )
}
