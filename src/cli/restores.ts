import { eachLimited } from '../lib/async.ts'
import { isHoldfastError } from '../lib/errors.ts'
import { sumRows, type RowTotals } from '../lib/row-totals.ts'
import type { RestoreRecord, SafetyContents } from '../repository/format/restore-contents.ts'
import { readReport, readSafety } from '../repository/restore-reader.ts'
import type { StoredRestore } from '../repository/restores.ts'
import type { ChunkReader, Repository } from '../repository/types.ts'

/** What a restore left, opened: its report, or, where there is none, its safety backup. */
export interface OpenedRestore {
  readonly stored: StoredRestore
  readonly record: RestoreRecord | null
  readonly safety: SafetyContents | null
}

/** A restore in a few words, however many tables it was of. What is null is not known. */
export interface RestoreSummary {
  readonly stored: StoredRestore
  readonly kind: RestoreRecord['kind'] | null
  /** The database that was restored into, without password. */
  readonly target: string | null
  readonly who: string | null
  readonly seconds: number | null
  readonly rows: RowTotals | null
  /**
   * `yes`: undo takes it back, by its safety backup or, after a swap, by the database that is kept. `undone`: that was done, and not taken back
   * itself. `no`: it has put nothing in the place of anything.
   */
  readonly undo: 'yes' | 'no' | 'undone'
  /** Why what it left could not be opened. */
  readonly fault: string | null
}

interface Opening {
  readonly repository: Repository
  readonly reader: ChunkReader
  readonly signal: AbortSignal
}

const opensAtOnce = 4

/** Opens what each restore left, in the given order. One that is damaged is told as that, and does not hide the others. */
export async function summarizeRestores(
  o: Opening & { readonly restores: readonly StoredRestore[] },
): Promise<RestoreSummary[]> {
  const summaries = new Map<string, RestoreSummary>()
  const undone = undoneOf(o.restores)
  await eachLimited(o.restores, opensAtOnce, async (stored) => {
    const one = await openSummary(o, stored)
    summaries.set(stored.id, undone.has(stored.id) ? { ...one, undo: 'undone' } : one)
  })
  return o.restores.map(({ id }) => summaries.get(id)).filter((one) => one !== undefined)
}

/** Opens what one restore left. Throws as `readSafety` does. */
export async function openRestore(o: Opening & { readonly stored: StoredRestore }): Promise<OpenedRestore> {
  const { stored } = o
  const read = { ...o, id: stored.id }
  const report = stored.report === null ? null : await readReport(read)
  if (report !== null) return { stored, record: report.record, safety: null }
  return { stored, record: null, safety: (await readSafety(read))?.contents ?? null }
}

async function openSummary(o: Opening, stored: StoredRestore): Promise<RestoreSummary> {
  try {
    return summaryOfRestore(await openRestore({ ...o, stored }))
  } catch (error) {
    const hurt = ['object_missing', 'object_damaged', 'manifest_forged', 'repository_too_new']
    if (!isHoldfastError(error) || !hurt.includes(error.code)) throw error
    return {
      ...summaryOfRestore({ stored, record: null, safety: null }),
      kind: null,
      fault: error.message,
    }
  }
}

/** Ids of those that another has undone. An undoing that was undone itself does not count. `restores`: all of them, newest first. */
export function undoneOf(restores: readonly StoredRestore[]): Set<string> {
  const undone = new Set<string>()
  for (const { id, undoes, report } of restores)
    if (undoes !== null && report !== null && !undone.has(id)) undone.add(undoes)
  return undone
}

/** A restore without a report that undoes none changes rows in place: no other has a safety backup. */
export function summaryOfRestore({ stored, record, safety }: OpenedRestore): RestoreSummary {
  const tables = record?.tables ?? safety?.tables ?? null
  return {
    stored,
    kind: record?.kind ?? (stored.undoes === null ? 'in place' : 'undo'),
    target: record?.target ?? safety?.target.address ?? null,
    who: record?.who ?? null,
    seconds: record?.seconds ?? null,
    rows: tables === null ? null : sumRows(tables),
    undo: stored.safety !== null || record?.kind === 'swap' ? 'yes' : 'no',
    fault: null,
  }
}

/** A summary for `--json`. */
export function restoreJson({ stored, ...summary }: RestoreSummary): Record<string, unknown> {
  return { ...stored, ...summary }
}
