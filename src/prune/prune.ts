import { randomBytes } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { prunePrefix } from '../repository/format/prune-plan.ts'
import { listPlans, readablePlan, type StoredPlan } from '../repository/prune-plans.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { carryOut } from './carry-out.ts'
import { look } from './look.ts'
import { planAnew } from './plan-anew.ts'
import { tidyUp } from './tidy.ts'
import type { PlanState, PrunePreview, PruneReport, PruneRequest } from './types.ts'
import { addTo, findUnneeded, noChunks, noneRetained, retain } from './unneeded.ts'

/** What a prune would remove, and why the rest stays. Writes nothing. */
export async function previewPrune(
  request: PruneRequest & { readonly graceMs: number; readonly clock: Clock },
): Promise<PrunePreview> {
  const { repository, graceMs, clock, signal } = request
  const now = clock.now()
  const found = await look({ ...request, now })
  let frees = noChunks
  let retained = noneRetained
  for await (const chunk of findUnneeded({ ...request, now }, found)) {
    if (chunk.lockedUntil === null) frees = addTo(frees, chunk)
    else retained = retain(retained, chunk)
  }
  const plans = await listPlans(repository.storage, { signal })
  return {
    ...found,
    frees,
    retained,
    keepsDeleted: await keepsDeleted(repository.storage, { signal }),
    plans: await planStates(repository.storage, plans, graceMs, { signal }),
  }
}

/**
 * Carries out the plans of earlier prunes whose time of grace is over, then plans what goes now, for a later one. Safe beside backups, restores and
 * other prunes on any machine, whatever their clocks say, and when it is broken off anywhere: docs/CONSISTENCY.md
 * "Pruning takes nothing that is needed". Needs the right to delete, and no private key. Throws `prune_refused`, `storage_denied`.
 */
export async function runPrune(
  request: PruneRequest & {
    /** Between planning and removing, by the storage's clock. */
    readonly graceMs: number
    /** Only names plans. */
    readonly clock: Clock
  },
): Promise<PruneReport> {
  const { repository, graceMs, signal } = request
  const { storage } = repository
  const now = await storageTime(storage, { signal })
  const openPlans = async (): Promise<StoredPlan[]> =>
    (await listPlans(storage, { signal })).filter(({ deleted }) => deleted === null)
  const due = (await openPlans()).filter(({ made }) => now.getTime() - made.getTime() >= graceMs)
  const { removed, waiting } = await carryOut({ ...request, now, plans: due })
  await tidyUp({ repository, now, signal })

  const found = await look({ ...request, now })
  // What a plan that was carried out has left was needed then, and may go now.
  const open = await openPlans()
  const { planned, retained } = await planAnew({ ...request, found, open, now })
  return {
    ...found,
    removed,
    waiting,
    planned,
    retained,
    keepsDeleted: await keepsDeleted(storage, { signal }),
    plans: await planStates(storage, open, graceMs, { signal }),
  }
}

/** The storage's own time. Asks for it by storing and deleting an object: without the right to do so, nothing else is begun. */
export async function storageTime(storage: Storage, options: CallOptions): Promise<Date> {
  const key = `${prunePrefix}now/${randomBytes(8).toString('hex')}`
  await storage.put(key, new TextEncoder().encode('now\n'), options)
  const info = await storage.head(key, options)
  try {
    await storage.delete(key, options)
  } catch (error) {
    if (!isHoldfastError(error, 'storage_denied')) throw error
    throw new HoldfastError(
      'storage_denied',
      `Nothing can be pruned without the right to delete. ${error.message}`,
      {
        cause: error,
        hint: 'Prune with another credential than the one that backs up, on a machine that needs no more than that.',
      },
    )
  }
  if (info !== null) return info.modified
  throw new HoldfastError('storage_failed', `${key} was stored and is not there in ${storage.address}.`)
}

async function keepsDeleted({ locks }: Storage, options: CallOptions): Promise<boolean> {
  return locks !== undefined && (await locks.keepsDeleted(options))
}

async function planStates(
  storage: Storage,
  plans: readonly StoredPlan[],
  graceMs: number,
  options: CallOptions,
): Promise<PlanState[]> {
  const states: PlanState[] = []
  for (const { id, made, deleted } of plans) {
    const plan = deleted === null ? await readablePlan(storage, id, options) : null
    if (plan !== null)
      states.push({ id, made, due: new Date(made.getTime() + graceMs), backups: plan.backups })
  }
  return states
}
