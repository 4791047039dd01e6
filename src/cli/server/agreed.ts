import type { Client, Restore } from '../../client/client.ts'
import { isHoldfastError } from '../../lib/errors.ts'
import type { RestoreRecord } from '../../repository/format/restore-contents.ts'
import type { ComponentPreview } from '../../restore/component/types.ts'
import type { Preview } from '../../restore/in-place/types.ts'
import type { CommandContext, ServerInput } from '../command.ts'
import { componentHtml } from '../component-html.ts'
import { tellComponents, tellDone } from '../component-text.ts'
import { requireConfirmed } from '../confirm.ts'
import { previewHtml } from '../preview-html.ts'
import { tellApplied, tellPreview } from '../preview-text.ts'
import { writePage } from '../secret-file.ts'
import { printable } from '../width.ts'
import { agreedBySecond } from './approval.ts'
import { followToStop, requireCompleted, tellDetached } from './job.ts'
import { tellSwapDone, tellSwapPlanned } from './swap.ts'

export interface AgreeInput extends ServerInput {
  /** Only look. */
  readonly preview: boolean
  readonly html: string | undefined
  readonly yes: boolean
  readonly confirm: string | undefined
}

/**
 * Follows a change of a database in use: shows the preview when it is there, asks for the name of the database, lets it be made, and says what was
 * done. Without consent the job is cancelled, and nothing is changed.
 */
export async function agreeAndFollow(
  context: CommandContext,
  client: Client,
  { id }: Pick<Restore, 'id'>,
  input: AgreeInput,
): Promise<void> {
  const { out } = context
  if (input.detach) return tellDetached(context, id)
  const looked = await followToStop(context, client, id)
  const shown = await client.getRestore(id)
  if (shown.preview !== null) await show(context, shown, input.html)
  if (looked.status !== 'waiting') {
    requireCompleted(looked)
    out.result({ ...shownOf(shown), changed: false })
    return
  }
  if (input.preview) {
    await client.cancelBackupJob(id)
    out.result(shownOf(shown))
    return
  }
  const database = shown.database ?? ''
  try {
    await requireConfirmed(context, { ...input, database, question: 'Change it?' })
    await agreedBySecond(context, client, input, (options) =>
      client.confirmRestore(id, { confirm: database }, options),
    )
  } catch (error) {
    // Somebody else has been asked, and may agree to this very job, which can then be confirmed in the console.
    if (!isHoldfastError(error, 'approval_needed')) await client.cancelBackupJob(id).catch(() => undefined)
    throw error
  }
  requireCompleted(await followToStop(context, client, id))
  tellChanged(context, await client.getRestore(id))
}

/** What a preview is of. Sound because it is what the command printed. */
function previewOf({ preview }: Restore): Preview | ComponentPreview | null {
  if (preview === null || !('changes' in preview || 'totals' in preview)) return null
  return preview as unknown as Preview | ComponentPreview
}

async function show(context: CommandContext, restore: Restore, html: string | undefined): Promise<void> {
  const { out } = context
  const preview = previewOf(restore)
  if (preview === null) tellSwapPlanned(context, restore.preview ?? {})
  else if ('changes' in preview) tellComponents(out, preview)
  else tellPreview(out, preview)
  if (preview !== null && html !== undefined)
    await writePage(html, 'changes' in preview ? componentHtml(preview) : previewHtml(preview))
  if (restore.previewCut !== null) out.warn(restore.previewCut)
}

/** A preview as `--json` has it: of a swap it is a plan, but where one is taken back. */
function shownOf(restore: Restore): Readonly<Record<string, unknown>> {
  const { preview } = restore
  const plan = preview !== null && previewOf(restore) === null && !('old' in preview)
  return plan ? { plan: preview } : { preview }
}

function tellChanged(context: CommandContext, restore: Restore): void {
  const { out } = context
  const preview = previewOf(restore)
  const done = restore.report as (Partial<RestoreRecord> & Readonly<Record<string, unknown>>) | null
  if (preview === null) {
    out.result(tellSwapDone(context, restore.preview ?? {}, done ?? {}, restore.database ?? ''))
    return
  }
  for (const warning of done?.warnings ?? []) out.warn(printable(warning))
  const id = restore.restore ?? restore.id
  if ('changes' in preview) tellDone(out, { preview, restore: id })
  else tellApplied(out, { preview, restore: id, seconds: done?.seconds ?? 0, renewed: [] })
  out.result({ restore: { ...done, id }, preview: restore.preview, changed: restore.changed })
}
