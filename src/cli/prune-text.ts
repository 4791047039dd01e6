import type { BackupDecision, PrunePreview, PruneReport } from '../prune/types.ts'
import type { CommandContext } from './command.ts'
import { formatBytes, formatCountOf, formatDuration, formatWhen } from './format.ts'
import { retainedText } from './retained-text.ts'

/** What becomes of one backup. */
export interface Decision extends Pick<BackupDecision, 'keep' | 'reasons'> {
  readonly backup: Pick<BackupDecision['backup'], 'id' | 'moment' | 'source'>
}

/** Prints which backups stay and go, and why. */
export function tellDecisions({ out, clock }: CommandContext, decisions: readonly Decision[]): void {
  const several = new Set(decisions.map(({ backup }) => backup.source)).size > 1
  if (decisions.length === 0) {
    out.line('No backups yet.')
    return
  }
  out.table(
    [
      { title: 'BACKUP', min: 25 },
      { title: 'TAKEN', min: 16 },
      ...(several ? [{ title: 'SOURCE' }] : []),
      { title: '' },
      { title: 'WHY', min: 20 },
    ],
    decisions.map(({ backup, keep, reasons }) => [
      backup.id,
      formatWhen(new Date(backup.moment), clock.now()),
      ...(several ? [backup.source.slice(0, 8)] : []),
      keep ? 'kept' : 'goes',
      reasons.map(({ text }) => text).join('; '),
    ]),
  )
}

/** Prints what going frees. */
export function tellPreview(
  { out, clock }: CommandContext,
  preview: Omit<PrunePreview, 'decisions' | 'refused'> & { readonly decisions: readonly Decision[] },
): void {
  const { decisions, oldRestores, frees, plans } = preview
  const going = decisions.filter(({ keep }) => !keep).length
  const restores = oldRestores.length === 0 ? '' : ` and ${formatCountOf(oldRestores.length, 'safety backup')} of restores` // prettier-ignore
  out.line(`${formatCountOf(going, 'backup')}${restores} can go: ${formatBytes(frees.bytes)} in ${formatCountOf(frees.objects, 'chunk')} that nothing else needs.${retainedText(preview)}`) // prettier-ignore
  for (const { due, backups } of plans) {
    const left = due.getTime() - clock.now().getTime()
    out.line(`Planned before: ${formatCountOf(backups.length, 'backup')}, ${left > 0 ? `to be removed in ${formatDuration(left)}` : 'to be removed now'}.`) // prettier-ignore
  }
}

/** Prints what a prune has done. */
export function tellReport(
  { out, clock }: CommandContext,
  report: Omit<PruneReport, 'decisions' | 'oldRestores' | 'refused' | 'plans' | 'retained'>,
): void {
  const { removed, planned, waiting } = report
  const { backups, restores, chunks } = removed
  if (backups.length + restores.length + chunks.objects > 0) {
    out.line(`Removed ${formatCountOf(backups.length, 'backup')} and ${formatCountOf(chunks.objects, 'chunk')}: ${formatBytes(chunks.bytes)} ${report.keepsDeleted ? 'that the bucket keeps as old versions, until it clears them away' : 'are free'}.`) // prettier-ignore
  }
  if (planned !== null) {
    const { bytes } = planned.chunks
    out.line(`Planned: ${formatCountOf(planned.backups.length, 'backup')}, ${formatBytes(bytes)}. A prune after ${formatWhen(planned.due, clock.now())}, removes them.`) // prettier-ignore
  }
  for (const { writers } of waiting) {
    const oldest = writers.reduce((a, b) => (a < b ? a : b), clock.now())
    out.note(`A plan waits for ${formatCountOf(writers.length, 'backup or restore', 'backups or restores')} under way, since ${formatWhen(oldest, clock.now())}. One that died is given up a day after its last sign of life.`) // prettier-ignore
  }
  if (planned === null && waiting.length === 0 && backups.length + chunks.objects === 0)
    out.line('There is nothing to remove or plan by now.')
}
