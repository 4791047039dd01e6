import { throwIfCancelled } from '../lib/abort.ts'
import { eachLimited } from '../lib/async.ts'
import { chunkNameOfKey } from '../repository/format/chunk-names.ts'
import { manifestKey, restoreKey } from '../repository/format/fields.ts'
import { prunePlanKey, type PrunePlanDocument } from '../repository/format/prune-plan.ts'
import { putPlanPart, readablePlan, type StoredPlan } from '../repository/prune-plans.ts'
import { listChunks } from '../repository/stored-chunks.ts'
import { abandonWriter, readWriters } from '../repository/writers.ts'
import type { ObjectInfo } from '../storage/storage.ts'
import { look, neededChunks } from './look.ts'
import type { PruneReport, PruneRequest, Waiting } from './types.ts'

interface Done {
  readonly removed: PruneReport['removed']
  readonly waiting: readonly Waiting[]
}

const nothing = { backups: [], restores: [], chunks: [] }

const deletesAtOnce = 8
/** Chunks between two looks at whether somebody else has finished the plan. */
const deletesInARow = 200

/**
 * Removes what these plans list and nothing needs by now. Each step is in the order that docs/CONSISTENCY.md gives, "Pruning takes nothing that is
 * needed": who would use what goes is seen here, or sees that it goes.
 */
export async function carryOut(
  o: PruneRequest & { readonly now: Date; readonly plans: readonly StoredPlan[] },
): Promise<Done> {
  const { repository, signal } = o
  const { storage } = repository
  const { ready, waiting } = await awaitWriters(o)
  if (ready.length === 0)
    return { removed: { backups: [], restores: [], chunks: { objects: 0, bytes: 0 } }, waiting }

  for (const { id } of ready) await putPlanPart(storage, id, 'deleting', { signal })
  // Only now: every document that is not there yet will name nothing of what the plans list.
  const found = await look(o)
  const plans: { stored: StoredPlan; lists: Pick<PrunePlanDocument, 'backups' | 'restores' | 'chunks'> }[] =
    []
  for (const stored of ready) {
    // One that is damaged lists nothing, and is done with.
    const lists = (await readablePlan(storage, stored.id, { signal })) ?? nothing
    plans.push({ stored, lists })
  }
  const planned = new Set(plans.flatMap(({ lists }) => lists.backups))
  const backups = found.decisions
    .filter(({ keep, backup }) => !keep && planned.has(backup.id))
    .map(({ backup }) => backup.id)
  const plannedRestores = new Set(plans.flatMap(({ lists }) => lists.restores))
  const restores = found.oldRestores.filter((id) => plannedRestores.has(id))
  // Documents before chunks, the oldest backup first: broken off anywhere, what is there is whole.
  for (const id of backups.toReversed()) await storage.delete(manifestKey(id), { signal })
  for (const id of restores) await storage.delete(restoreKey(id, 'safety'), { signal })

  const needed = await neededChunks(o, { backups: new Set(backups), restores: new Set(restores) })
  const there = await storedChunks(o, plans, needed)
  let objects = 0
  let bytes = 0
  for (const { stored } of plans) {
    const going = there.get(stored.id) ?? []
    for (let at = 0; at < going.length; at += deletesInARow) {
      throwIfCancelled(signal)
      // Another prune was quicker, and these names may be in use again before long.
      if ((await storage.head(prunePlanKey(stored.id, 'deleted'), { signal })) !== null) break
      await eachLimited(going.slice(at, at + deletesInARow), deletesAtOnce, async ({ key, size }) => {
        await storage.delete(key, { signal })
        objects += 1
        bytes += size
      })
      o.onProgress?.({ phase: 'deleting chunks', done: at, total: going.length, unit: 'objects' })
    }
    await putPlanPart(storage, stored.id, 'deleted', { signal })
  }
  return {
    removed: { backups, restores, chunks: { objects, bytes } },
    waiting,
  }
}

/**
 * Which plans no writer stands in the way of any more. One that began before a plan and does not heed it may use what it lists, so it is waited
 * for; one that has been silent for too long is given up, so that it can't store its document any more.
 */
async function awaitWriters(
  o: PruneRequest & { readonly now: Date; readonly plans: readonly StoredPlan[] },
): Promise<{ ready: StoredPlan[]; waiting: Waiting[] }> {
  const { repository, plans, now, signal } = o
  const { storage, keyset } = repository
  const ready: StoredPlan[] = []
  const waiting: Waiting[] = []
  if (plans.length === 0) return { ready, waiting }
  const writers = (await readWriters({ storage, keyset, now, signal })).filter(({ settled }) => !settled)
  for (const plan of plans) {
    const unheeding = writers.filter(({ heeds }) => !heeds.has(plan.id))
    const awake = unheeding.filter(({ silent }) => !silent)
    if (awake.length > 0) {
      waiting.push({ plan: plan.id, writers: awake.map(({ begun }) => begun) })
      continue
    }
    for (const writer of unheeding) await abandonWriter(storage, writer, { signal })
    ready.push(plan)
  }
  return { ready, waiting }
}

/** By plan, the objects of chunks that it lists and nothing needs. One that is younger than its plan is another than was meant. */
async function storedChunks(
  { repository, signal }: PruneRequest,
  plans: readonly { readonly stored: StoredPlan; readonly lists: Pick<PrunePlanDocument, 'chunks'> }[],
  needed: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly { readonly key: string; readonly size: number }[]>> {
  const planOf = new Map<string, StoredPlan>()
  for (const { stored, lists } of plans)
    for (const name of lists.chunks) if (!needed.has(name)) planOf.set(name, stored)
  const found = new Map<string, { key: string; size: number }[]>()
  const isOld = ({ modified }: ObjectInfo, plan: StoredPlan): boolean => modified <= plan.made
  for await (const info of listChunks(repository.storage, { signal })) {
    const { key, size } = info
    const plan = planOf.get(chunkNameOfKey(key) ?? '')
    if (plan === undefined || !isOld(info, plan)) continue
    const list = found.get(plan.id)
    if (list === undefined) found.set(plan.id, [{ key, size }])
    else list.push({ key, size })
  }
  return found
}
