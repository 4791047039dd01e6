import type { Manifest, ManifestSummary } from '../repository/format/manifest.ts'
import type { CommandContext } from './command.ts'
import { formatBytes, formatCount, formatCountOf, formatDuration, formatRate } from './format.ts'
import { lockText } from './lock.ts'
import { secondsOf } from './summary.ts'
import { printable } from './width.ts'

/** Prints what a backup came to, whoever has made it. */
export function tellBackup(
  { out, clock }: CommandContext,
  o: {
    /** The source, as a person says it. */
    readonly of: string
    readonly proof: string
    readonly backup: Pick<Manifest | ManifestSummary, 'id' | 'totals' | 'started' | 'finished' | 'lock'>
    readonly gaps: readonly { readonly what: string; readonly why: string }[]
    readonly copies: readonly { readonly address: string; readonly error: unknown }[]
  },
): void {
  const { proof, backup, copies } = o
  const { totals } = backup
  const took = secondsOf(backup) * 1000
  if (out.quiet) out.line(backup.id)
  else {
    out.line(`Backup ${backup.id} of ${o.of}`)
    out.line(
      `  holds   ${formatCountOf(totals.rows, 'row')} in ${formatCountOf(totals.tables, 'table')}, ${formatBytes(totals.plainBytes)} as text`,
    )
    out.line(
      `  stored  ${formatBytes(totals.newStoredBytes)} in ${formatCountOf(totals.newChunks, 'new chunk')}; ${formatCount(totals.reusedChunks)} reused`,
    )
    out.line(`  took    ${formatDuration(took)}, ${formatRate(totals.plainBytes, took)}`)
    out.line(`  proof   ${proof}: rows received equal rows counted by the source`)
    if (copies.length > 1)
      out.line(`  copies  complete in ${copies.filter(({ error }) => error === null).map(({ address }) => address).join(', ')}`) // prettier-ignore
    if (backup.lock !== undefined) out.line(`  locked  ${lockText(backup.lock, clock.now())}`)
  }
  for (const gap of o.gaps) out.warn(`not in the backup: ${printable(gap.what)}. ${printable(gap.why)}`)
}
