import type { Clock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'
import { manifestKey } from '../repository/format/fields.ts'
import type { ManifestSummary } from '../repository/format/manifest.ts'
import { newId } from '../repository/ids.ts'
import { putPlan, putPlanPart } from '../repository/prune-plans.ts'
import type { Repository } from '../repository/types.ts'
import { noRules } from '../retention/policy.ts'
import type { RetentionReason } from '../retention/types.ts'
import type { CallOptions } from '../storage/storage.ts'
import { deleteUnlocked } from './locked.ts'
import { look } from './look.ts'
import { storageTime } from './prune.ts'

interface Removal extends CallOptions {
  readonly repository: Repository
  /** Whole id of the backup. */
  readonly id: string
  /** True: also if it is the newest of its source, or the last one that a drill has proved. */
  readonly evenLast: boolean
}

/** What says that a backup stays, though somebody wants it to go. Nobody can say otherwise of the first three. */
const always: readonly RetentionReason['rule'][] = ['pinned', 'used', 'locked']
const last: readonly RetentionReason['rule'][] = ['newest', 'verified']

/**
 * Removes one backup now: its manifest, which is what makes it one. Its chunks go with the next prunes, as everything that nothing names. It is said in the
 * storage first that it goes, as a prune does, so that whoever pins or reads it at this moment sees that, or is seen:
 * docs/CONSISTENCY.md, "Pruning takes nothing that is needed". Takes the right to delete, and no secret. Throws `backup_kept`, `backup_not_found`,
 * `storage_denied`.
 */
export async function removeBackup(o: Removal & { readonly clock: Clock }): Promise<ManifestSummary> {
  const { id, signal } = o
  const { storage } = o.repository
  const now = await storageTime(storage, { signal })
  requireGoing(o, await reasonsOf(o, now))
  const plan = newId(o.clock.now())
  await putPlan(storage, { format: 1, id: plan, backups: [id], restores: [], chunks: [] }, { signal })
  await putPlanPart(storage, plan, 'deleting', { signal })
  try {
    const { backup, reasons } = await reasonsOf(o, now)
    requireGoing(o, { reasons })
    if (await deleteUnlocked(storage, manifestKey(id), { now, signal })) return backup
    throw kept(id, 'it is locked')
  } finally {
    await putPlanPart(storage, plan, 'deleted', { signal })
  }
}

/** The backup, and why it would stay if no rule kept it. */
async function reasonsOf(
  { repository, id, signal }: Removal,
  now: Date,
): Promise<{ readonly backup: ManifestSummary; readonly reasons: readonly RetentionReason[] }> {
  // What can't be read may need chunks, and none of them is touched.
  const request = { policy: noRules, sources: null, restoresMs: 0, despiteRefused: true }
  const { decisions } = await look({ repository, ...request, now, signal })
  const found = decisions.find(({ backup }) => backup.id === id)
  if (found !== undefined) return { backup: found.backup, reasons: found.keep ? found.reasons : [] }
  throw new HoldfastError('backup_not_found', `There is no backup ${id} any more.`)
}

function requireGoing(o: Removal, { reasons }: { readonly reasons: readonly RetentionReason[] }): void {
  const against = reasons.filter(({ rule }) => always.includes(rule) || (!o.evenLast && last.includes(rule)))
  if (against.length > 0) throw kept(o.id, against.map(({ text }) => text).join('; '), against)
}

function kept(id: string, why: string, reasons: readonly RetentionReason[] = []): HoldfastError {
  const onlyLast = reasons.length > 0 && reasons.every(({ rule }) => last.includes(rule))
  return new HoldfastError('backup_kept', `Backup ${id} was not removed: ${why}.`, {
    details: { backup: id, reasons },
    ...(onlyLast ? { hint: 'Make or prove a newer one first. --even-last removes it all the same.' } : {}),
  })
}
