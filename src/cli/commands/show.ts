import { isHoldfastError } from '../../lib/errors.ts'
import type { BackupContents } from '../../repository/format/contents.ts'
import type { DamagedChunk } from '../../repository/format/damaged.ts'
import type { Pin } from '../../repository/format/pin.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import type { VerifiedMark } from '../../repository/format/verified.ts'
import type { Repository } from '../../repository/types.ts'
import { defineCommand, requiredArgument, type CommandContext } from '../command.ts'
import { formatBytes, formatCount, formatCountOf, formatDuration, formatRate, formatWhen } from '../format.ts'
import { lockText } from '../lock.ts'
import { opening } from '../options.ts'
import type { Output } from '../output.ts'
import { contentsSummaryOf, proofOf, secondsOf, summaryOf } from '../summary.ts'
import { printable } from '../width.ts'

export const command = defineCommand({
  name: 'show',
  summary: 'show what is in a backup',
  description:
    'Shows a backup: when and how it was made, what it cost, and, with the identity or passphrase, its tables, ' +
    'rows, fingerprints and gaps. Without one it shows what is not sealed.',
  arguments: { backup: requiredArgument('BACKUP', 'an id, a unique beginning of one, or latest') },
  options: opening,
  examples: [
    { what: 'the newest backup', command: 'holdfast show latest --repo /mnt/backups/shop' },
    { what: 'its tables, for a program', command: "holdfast show latest --json | jq '.contents.tables'" },
  ],
  async run(context, input) {
    const { openStoredBackup, openForListing } = await import('../repository.ts')
    const { out, signal } = context
    try {
      await using opened = await openStoredBackup(context, input)
      await show(context, opened.repository, opened.manifest, opened.contents)
    } catch (error) {
      // Only where none was named: an identity that does not fit must not look like a backup without tables.
      const named = input.identity !== undefined || input.passphraseFile !== undefined
      if (named || !isHoldfastError(error, 'identity_missing')) throw error
      const { repository } = await openForListing(context, input)
      await show(context, repository, await repository.find(input.backup, { signal }), null)
      out.note('Tables, fingerprints and gaps are sealed: pass --identity FILE to see them.')
    }
  },
})

async function show(
  { out, clock, signal }: CommandContext,
  repository: Repository,
  manifest: Manifest,
  contents: BackupContents | null,
): Promise<void> {
  const { readVerified } = await import('../../repository/verified.ts')
  const { marks, refused } = await readVerified({ repository, manifest, signal })
  const { readPins } = await import('../../repository/pins.ts')
  const pins = (await readPins({ repository, backup: manifest.id, signal })).get(manifest.id) ?? []
  const { readDamaged } = await import('../../repository/damaged.ts')
  const damage = await readDamaged(repository, { signal })
  const own = new Set(manifest.chunks.map(([name]) => name))
  const damaged = damage.chunks.filter(({ name }) => own.has(name))
  const { totals } = manifest
  const took = secondsOf(manifest) * 1000
  const facts: [string, string][] = [
    ['Backup', manifest.id],
    ...(manifest.name === null ? [] : [['Name', printable(manifest.name)] satisfies [string, string]]),
    ...(manifest.description === null ? [] : [['', manifest.description] satisfies [string, string]]),
    ['Taken', `${formatWhen(new Date(manifest.moment), clock.now())}, at ${manifest.lsn}`],
    ['Kind', manifest.kind],
    ['Server', serverText(manifest, contents)],
    [
      'Rows',
      `${formatCount(totals.rows)} in ${formatCountOf(totals.tables, 'table')}, ${formatBytes(totals.plainBytes)} as text`,
    ],
    ['Stored', `${formatBytes(totals.storedBytes)} in ${formatCountOf(manifest.chunks.length, 'chunk')}`],
    [
      'New',
      `${formatBytes(totals.newStoredBytes)} in ${formatCountOf(totals.newChunks, 'chunk')}, ${formatCount(totals.reusedChunks)} reused`,
    ],
    ['Took', `${formatDuration(took)}, ${formatRate(totals.plainBytes, took)}`],
    ...(contents === null ? [] : [['Proof', contents.proof] satisfies [string, string]]),
    ['Drilled', verifiedText(marks, clock.now())],
    ...(damaged.length === 0
      ? []
      : [['Damaged', damagedText(damaged, clock.now())] satisfies [string, string]]),
    ...(manifest.lock === undefined
      ? []
      : [['Locked', lockText(manifest.lock, clock.now())] satisfies [string, string]]),
    ...pins.map(({ pin }): [string, string] => ['Pinned', pinText(pin, clock.now())]),
    ['Gaps', totals.gaps === 0 ? 'none' : formatCount(totals.gaps)],
  ]
  for (const [label, value] of facts) out.line(`${label.padEnd(8)}${value}`)
  if (contents !== null) showContents(out, contents)
  for (const { key, reason } of refused) out.warn(`${key} is not accepted as a drill's mark: ${reason}`)
  out.result({
    backup: summaryOf(manifest),
    verified: marks,
    pins: pins.map(({ pin }) => pin),
    damaged,
    contents: contents === null ? null : contentsSummaryOf(contents),
  })
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

function damagedText(damaged: readonly DamagedChunk[], now: Date): string {
  const found = damaged.map(({ found: when }) => when).sort()[0] ?? ''
  const objects = formatCountOf(damaged.length, 'object is', 'objects are')
  return `${objects} missing or damaged, found ${formatWhen(new Date(found), now)}; holdfast check says what is lost`
}

function pinText(pin: Pin | null, now: Date): string {
  if (pin === null) return 'by an object that is no valid pin; it is kept all the same'
  return `${printable(pin.reason)} (${printable(pin.who)}, ${formatWhen(new Date(pin.when), now)})`
}

function serverText(manifest: Manifest, contents: BackupContents | null): string {
  if (contents === null) return `Postgres ${manifest.major}`
  const standby = contents.server.inRecovery ? ', a standby' : ''
  return `Postgres ${contents.server.version}${standby}, database ${printable(contents.database.name)}, ${contents.server.encoding}`
}

function showContents(out: Output, contents: BackupContents): void {
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
      formatCount(table.ranges.length),
      proofOf(table),
    ]),
  )
}
