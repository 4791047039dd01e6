import { randomBytes } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { chunkNameOfKey, chunkPrefix } from '../repository/format/chunk-names.ts'
import { prunePrefix } from '../repository/format/prune-plan.ts'
import { newId } from '../repository/ids.ts'
import { listPlans, putPlan, readablePlan, type StoredPlan } from '../repository/prune-plans.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { carryOut } from './carry-out.ts'
import { look, neededChunks } from './look.ts'
import { tidyUp } from './tidy.ts'
import type { Amount, Look, PlanState, PrunePreview, PruneReport, PruneRequest } from './types.ts'

/** Names in one plan: a writer reads every plan that is in force. */
const namesAtOnce = 100_000

/** What a prune would remove, and why the rest stays. Writes nothing. */
export async function previewPrune(
  request: PruneRequest & { readonly graceMs: number; readonly clock: Clock },
): Promise<PrunePreview> {
  const { repository, graceMs, clock, signal } = request
  const found = await look({ ...request, now: clock.now() })
  const unneeded = await findUnneeded(request, found)
  const plans = await listPlans(repository.storage, { signal })
  return {
    ...found,
    frees: amountOf(unneeded.values()),
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
  const { repository, graceMs, clock, signal } = request
  const { storage } = repository
  const now = await storageTime(storage, { signal })
  const inForce = await listPlans(storage, { signal })
  const open = inForce.filter(({ deleted }) => deleted === null)
  const due = open.filter(({ made }) => now.getTime() - made.getTime() >= graceMs)
  const done = await carryOut({ ...request, now, plans: due })
  await tidyUp({ repository, now, signal })

  const found = await look({ ...request, now })
  const planned = await planAnew({ ...request, now, open, found })
  const left = (await listPlans(storage, { signal })).filter(({ deleted }) => deleted === null)
  const at = new Date(now.getTime() + graceMs)
  const later = left.filter(({ id }) => !planned.ids.includes(id))
  return {
    ...found,
    removed: done.removed,
    waiting: done.waiting,
    planned: planned.ids.length === 0 ? null : { ...planned, due: at },
    plans: await planStates(storage, later, graceMs, { signal }),
  }

  async function planAnew(o: {
    now: Date
    open: readonly StoredPlan[]
    found: Look
  }): Promise<{ ids: string[]; backups: string[]; restores: string[]; chunks: Amount }> {
    const known = { backups: new Set<string>(), restores: new Set<string>(), chunks: new Set<string>() }
    for (const { id } of await listPlans(storage, { signal })) {
      const plan = await readablePlan(storage, id, { signal })
      const isOpen = o.open.some((one) => one.id === id) && !done.carriedOut.includes(id)
      // What a plan that was carried out has left was needed then, and may go now.
      if (plan === null || !isOpen) continue
      for (const backup of plan.backups) known.backups.add(backup)
      for (const restore of plan.restores) known.restores.add(restore)
      for (const chunk of plan.chunks) known.chunks.add(chunk)
    }
    const backups = goingOf(o.found).filter((id) => !known.backups.has(id))
    const restores = o.found.oldRestores.filter((id) => !known.restores.has(id))
    const unneeded = await findUnneeded(request, o.found)
    // What was stored lately is of a backup that is running, or was broken off: the next one takes it over.
    const chunks = [...unneeded].filter(([name, { modified }]) => !known.chunks.has(name) && o.now.getTime() - modified.getTime() >= graceMs) // prettier-ignore
    const ids: string[] = []
    for (
      let at = 0;
      at < chunks.length || (at === 0 && backups.length + restores.length > 0);
      at += namesAtOnce
    ) {
      const id = newId(clock.now())
      await putPlan(
        storage,
        {
          format: 1,
          id,
          backups: at === 0 ? backups : [],
          restores: at === 0 ? restores : [],
          chunks: chunks.slice(at, at + namesAtOnce).map(([name]) => name),
        },
        { signal },
      )
      ids.push(id)
    }
    return { ids, backups, restores, chunks: amountOf(chunks.map(([, info]) => info)) }
  }
}

/** The storage's own time. Asks for it by storing and deleting an object: without the right to do so, nothing else is begun. */
async function storageTime(storage: Storage, options: CallOptions): Promise<Date> {
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

interface StoredChunk {
  readonly size: number
  readonly modified: Date
}

/** The stored chunks that nothing needs once what goes is gone, by name. */
async function findUnneeded(request: PruneRequest, found: Look): Promise<ReadonlyMap<string, StoredChunk>> {
  const needed = await neededChunks(request, {
    backups: new Set(goingOf(found)),
    restores: new Set(found.oldRestores),
  })
  const unneeded = new Map<string, StoredChunk>()
  const { storage } = request.repository
  for await (const { key, size, modified } of storage.list(chunkPrefix, request)) {
    const name = chunkNameOfKey(key)
    if (name !== null && !needed.has(name)) unneeded.set(name, { size, modified })
  }
  return unneeded
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

function goingOf({ decisions }: Look): string[] {
  return decisions.filter(({ keep }) => !keep).map(({ backup }) => backup.id)
}

function amountOf(chunks: Iterable<StoredChunk>): Amount {
  let objects = 0
  let bytes = 0
  for (const { size } of chunks) {
    objects += 1
    bytes += size
  }
  return { objects, bytes }
}
