import { HoldfastError } from '../lib/errors.ts'
import type { ServerAddress } from '../postgres/connect.ts'
import type { SafetyContents } from '../repository/format/restore-contents.ts'
import { newId } from '../repository/ids.ts'
import { openRestoreWriter } from '../repository/restore-writer.ts'
import type { ComponentPreview } from '../restore/component/types.ts'
import type { CommandContext } from './command.ts'
import { componentHtml } from './component-html.ts'
import { recordOf } from './component-record.ts'
import { tellComponents, tellDone } from './component-text.ts'
import { requireConfirmed } from './confirm.ts'
import { requireExpected } from './expected.ts'
import type { OpenedVault } from './repository.ts'
import { storeReport } from './restore-report.ts'
import { writePage } from './secret-file.ts'

/** What changing parts of a live schema takes, whether they are restored or a restore of them is undone. */
export interface ComponentChangeRequest extends Pick<OpenedVault, 'repository' | 'vault'> {
  readonly preview: ComponentPreview
  /** Equal for equal previews. */
  readonly digest: string
  /** There is nothing to do. */
  readonly empty: boolean
  readonly target: ServerAddress
  /** In words, for the report. */
  readonly scope: readonly string[]
  /** Called when it has been agreed to, before anything is done. */
  readonly onAgreed?: () => Promise<void>
  /** Changes it, and stores the safety backup before the commit. */
  readonly apply: (commitSafety: (contents: SafetyContents) => Promise<void>) => Promise<void>
  /** Called when it is done and reported. */
  readonly onDone?: () => Promise<void>
}

/** Preview, confirmation, safety backup, change, report: the one way in which parts of a live schema are changed. */
export async function changeComponents(
  context: CommandContext,
  input: {
    readonly html: string | undefined
    readonly preview: boolean
    readonly yes: boolean
    readonly confirm: string | undefined
    readonly expect: string | undefined
    readonly id: string | undefined
  },
  o: ComponentChangeRequest,
): Promise<void> {
  const { out, clock, signal } = context
  const { repository, vault, preview, target, scope } = o
  if (input.html !== undefined) await writePage(input.html, componentHtml(preview))
  tellComponents(out, preview)
  if (input.preview) {
    out.result({ preview, digest: o.digest })
    return
  }
  requireExpected(input.expect, o.digest)
  if (preview.problems.length > 0) {
    throw new HoldfastError('target_lacks', preview.problems.join(' '), {
      details: { problems: preview.problems },
    })
  }
  if (o.empty) {
    out.result({ preview, changed: false })
    return
  }
  const question = 'Change these objects?'
  await requireConfirmed(context, { ...input, database: target.database, question })
  await o.onAgreed?.()
  const started = clock.now()
  const { backup, undoes } = preview
  const restore = { id: input.id ?? newId(started), backup, undoes, started }
  const about = { id: restore.id, parts: ['safety'] as const, threads: 0, signal }
  await using writer = await openRestoreWriter({ repository, vault, ...about })
  await o.apply((contents) => writer.putSafety(restore, contents))
  const record = recordOf({ preview, target, started, finished: clock.now(), scope })
  await storeReport(context, o, record, restore.id)
  await o.onDone?.()
  tellDone(out, { preview, restore: restore.id })
  out.result({ restore: { ...record, id: restore.id }, preview, changed: true })
}
