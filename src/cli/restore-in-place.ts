import { HoldfastError } from '../lib/errors.ts'
import { newId } from '../repository/ids.ts'
import type { RestoreRecord } from '../repository/format/restore-contents.ts'
import { createChunkCache } from '../repository/pieces.ts'
import { openRestoreWriter } from '../repository/restore-writer.ts'
import type { Repository, Vault } from '../repository/types.ts'
import {
  applyInPlace,
  previewInPlace,
  requireApplicable,
  type AppliedChanges,
  type ApplyRequest,
  type MadeFrom,
  type PreviewedChanges,
} from '../restore/in-place/run.ts'
import type { Preview } from '../restore/in-place/types.ts'
import type { Workspace } from '../restore/in-place/workspace.ts'
import type { CommandContext } from './command.ts'
import { askYesNo, requireConfirmed } from './confirm.ts'
import { digestOfRows, requireExpected } from './expected.ts'
import { previewHtml } from './preview-html.ts'
import { tellApplied, tellPreview } from './preview-text.ts'
import { readSchemaText, type OpenedBackup } from './repository.ts'
import { writePage } from './secret-file.ts'
import { storeReport, whoRestores } from './restore-report.ts'
import { printable } from './width.ts'

/** What changing a live database takes, whether a backup is restored or a restore undone. */
export interface ChangeRequest {
  readonly workspace: Workspace
  readonly repository: Repository
  readonly vault: Vault
  readonly kind: 'in place' | 'undo'
  /** In words, for the report. */
  readonly scope: readonly string[]
  readonly make: MadeFrom | null
  readonly skipConflicts: boolean
  readonly previewOnly: boolean
  /** File for the preview as HTML. */
  readonly html: string | undefined
  readonly yes: boolean
  readonly confirm: string | undefined
  /** Digest of the preview that was agreed to in another run. */
  readonly expect: string | undefined
  /** Undefined: a new one. */
  readonly id: string | undefined
}

/** What tables are made from: the backup, with its schema as SQL. */
export async function madeFrom({
  manifest,
  contents,
  reader,
  noOwner,
  signal,
}: Pick<OpenedBackup, 'manifest' | 'contents' | 'reader'> & {
  readonly noOwner: boolean
  readonly signal: AbortSignal
}): Promise<MadeFrom> {
  const cache = createChunkCache({ reader, signal })
  return {
    source: { manifest, reader, cache, encoding: contents.server.encoding },
    text: await readSchemaText({ manifest, contents, reader }, signal),
    noOwner,
    sequences: contents.sequences,
  }
}

/** Preview, questions, confirmation, safety backup, change, report: the one way in which rows of a live database are changed. */
export async function changeInPlace(context: CommandContext, o: ChangeRequest): Promise<void> {
  const { out, clock, signal } = context
  let { workspace } = o
  if (isAgreed(context, o) && (await applyUnseen(context, o))) return
  const look = (): Promise<PreviewedChanges> =>
    previewInPlace(workspace, { clock, signal, onProgress: out.progress })
  let previewed = await look()
  out.progressDone('quietly')
  if (o.html !== undefined) await writePage(o.html, previewHtml(previewed.preview))
  tellPreview(out, previewed.preview)
  if (o.previewOnly) {
    out.result({ preview: previewed.preview, digest: digestOfRows(previewed) })
    return
  }
  requireExpected(o.expect, digestOfRows(previewed))
  requireApplicable(previewed.preview)
  if (isEmpty(previewed.preview)) {
    out.result({ preview: previewed.preview, changed: false })
    return
  }
  const answer = await answerReferences(context, workspace, previewed.preview)
  if (answer !== workspace.missingReferences) {
    workspace = { ...workspace, missingReferences: answer }
    if (answer === 'skip') {
      previewed = await look()
      out.progressDone('quietly')
      tellPreview(out, previewed.preview)
      requireApplicable(previewed.preview)
    }
  }
  const skipConflicts = o.skipConflicts || (await answerConflicts(context, previewed.preview))
  const { database } = previewed.preview
  await requireConfirmed(context, { ...o, database, question: 'Change these rows?' })
  await apply(context, { ...o, workspace, skipConflicts }, { expected: previewed.digest })
}

/** Nobody is there to be asked, and all that would be asked is answered. */
function isAgreed({ askText }: CommandContext, o: ChangeRequest): boolean {
  const { database, problems } = o.workspace.about
  const shown = o.previewOnly || o.html !== undefined || problems.length > 0
  return askText === null && o.yes && o.confirm === database && !shown
}

/**
 * More than this is not brought while the tables are locked: those who wait for them would wait for the network and the storage. Then
 * a preview brings it before.
 */
const mostUnderLocks = 64 * 1024 * 1024

/** Looks once instead of twice, under the locks, and does what it finds. False: it was too much, and nothing was done. */
async function applyUnseen(context: CommandContext, o: ChangeRequest): Promise<boolean> {
  const { out } = context
  const onPreview = (preview: Preview, digest: string): void => {
    out.progressDone('quietly')
    tellPreview(out, preview)
    requireExpected(o.expect, digestOfRows({ preview, digest }))
  }
  return await apply(context, o, { expected: null, mostBytes: mostUnderLocks, onPreview })
}

async function apply(
  context: CommandContext,
  o: ChangeRequest,
  look: Pick<ApplyRequest, 'expected' | 'mostBytes' | 'onPreview'>,
): Promise<boolean> {
  const { out, clock, signal } = context
  const started = clock.now()
  const { backup, undoes } = o.workspace.about
  const restore = { id: o.id ?? newId(started), backup, undoes, started }
  await using writer = await openRestoreWriter({ ...o, id: restore.id, parts: ['safety'], signal })
  const applied = await applyInPlace({
    ...o,
    ...look,
    clock,
    signal,
    onProgress: out.progress,
    store: (bytes) => writer.store(bytes),
    commitSafety: (contents) => writer.putSafety(restore, contents),
  })
  if (applied === null) return false
  out.progressDone('done')
  const { preview, changed, renewed } = applied
  if (look.expected === null && !changed) {
    out.result({ preview, changed })
    return true
  }
  const finished = new Date(Math.max(started.getTime(), clock.now().getTime()))
  const who = whoRestores(o.workspace.target)
  const record = recordOf({ ...o, applied, restore, finished, who })
  // Under the id of the safety backup.
  if (changed) await storeReport(context, o, record, restore.id)
  for (const warning of applied.warnings) out.warn(printable(warning))
  tellApplied(out, {
    preview,
    restore: restore.id,
    seconds: record.seconds,
    renewed,
  })
  const parts = [...preview.parts, ...applied.parts]
  out.result({ restore: { ...record, id: restore.id, parts }, preview, changed, renewed })
  return true
}

function recordOf(o: {
  kind: 'in place' | 'undo'
  scope: readonly string[]
  applied: AppliedChanges
  restore: { id: string; started: Date }
  finished: Date
  who: string
}): RestoreRecord {
  const { preview, checks, warnings } = o.applied
  return {
    format: 1,
    kind: o.kind,
    backup: preview.backup,
    moment: preview.moment,
    undoes: preview.undoes,
    target: preview.target,
    who: o.who,
    started: o.restore.started.toISOString(),
    finished: o.finished.toISOString(),
    seconds: (o.finished.getTime() - o.restore.started.getTime()) / 1000,
    scope: o.scope,
    tables: [
      ...preview.makes.map((t) => ({ ...wholeTable(t), created: t.rows })),
      ...preview.drops.map((t) => ({ ...wholeTable(t), deleted: t.rows })),
      ...preview.tables.map((t) => ({
        schema: t.schema,
        name: t.name,
        created: t.create,
        updated: t.update,
        deleted: t.delete,
        unchanged: t.unchanged,
        conflicts: t.conflicts,
      })),
    ],
    checks,
    warnings: [...preview.warnings, ...warnings],
  }
}

/** A table that comes or goes with all its rows. */
function wholeTable({ schema, name }: Preview['makes'][number]): RestoreRecord['tables'][number] {
  return { schema, name, created: 0, updated: 0, deleted: 0, unchanged: 0, conflicts: 0 }
}

function isEmpty({ totals, makes, drops }: Preview): boolean {
  return totals.create + totals.update + totals.delete + makes.length + drops.length === 0
}

async function answerReferences(
  context: CommandContext,
  workspace: Workspace,
  preview: Preview,
): Promise<Workspace['missingReferences']> {
  const questions = preview.questions.filter((q) => q.about === 'references')
  if (questions.length === 0) return workspace.missingReferences
  const yes = await askYesNo(
    context,
    'Rows that others refer to are gone as well. Bring them back, too? (no: leave out the rows that need them)',
  )
  if (yes === null) throw undecided(questions)
  return yes ? 'bring' : 'skip'
}

async function answerConflicts(context: CommandContext, preview: Preview): Promise<boolean> {
  const questions = preview.questions.filter((q) => q.about === 'conflicts')
  if (questions.length === 0) return false
  const yes = await askYesNo(
    context,
    `${preview.totals.conflicts} rows would break a key. Leave these out, and go on with the others?`,
  )
  if (yes !== true) throw undecided(questions)
  return true
}

function undecided(questions: Preview['questions']): HoldfastError {
  return new HoldfastError('restore_undecided', questions.map((q) => q.text).join(' '), {
    details: { questions },
  })
}
