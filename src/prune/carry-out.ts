import { throwIfCancelled } from '../lib/abort.ts'
import { eachLimited } from '../lib/async.ts'
import { chunkKey, chunkNameOfKey, mendedPrefix } from '../repository/format/chunk-names.ts'
import { manifestKey, restoreKey } from '../repository/format/fields.ts'
import { prunePlanKey } from '../repository/format/prune-plan.ts'
import { nameTable, type NameTable } from '../repository/name-table.ts'
import { putPlanPart, readablePlan, type StoredPlan } from '../repository/prune-plans.ts'
import { listChunks } from '../repository/stored-chunks.ts'
import { abandonWriter, readWriters } from '../repository/writers.ts'
import { deleteUnlocked } from './locked.ts'
import { look, visitNeeded } from './look.ts'
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
  const plannedBackups = new Set<string>()
  const plannedRestores = new Set<string>()
  const planned = nameTable()
  /** By the number of the name, which of `ready` lists the chunk. */
  const planOf: number[] = []
  for (const [which, { id }] of ready.entries()) {
    // One that is damaged lists nothing, and is done with.
    const plan = (await readablePlan(storage, id, { signal })) ?? nothing
    for (const backup of plan.backups) plannedBackups.add(backup)
    for (const restore of plan.restores) plannedRestores.add(restore)
    for (const name of plan.chunks) planOf[planned.add(name)] = which
  }
  const going = found.decisions
    .filter(({ keep, backup }) => !keep && plannedBackups.has(backup.id))
    .map(({ backup }) => backup.id)
  const backups: string[] = []
  const restores: string[] = []
  // Documents before chunks, the oldest backup first: broken off anywhere, what is there is whole. What a lock keeps needs its chunks.
  for (const id of going.toReversed())
    if (await deleteUnlocked(storage, manifestKey(id), o)) backups.unshift(id)
  for (const id of found.oldRestores)
    if (plannedRestores.has(id) && (await deleteUnlocked(storage, restoreKey(id, 'safety'), o)))
      restores.push(id)

  const { sizes, copies } = await storedSizes(o, { ready, planned, planOf, backups, restores })
  let objects = 0
  let bytes = 0
  const byPlan = ready.map((): number[] => [])
  for (const [number, which] of planOf.entries())
    if (sizes[number] !== absent || copies.has(number)) byPlan[which]?.push(number)
  for (const [which, plan] of ready.entries()) {
    const chunks = byPlan[which] ?? []
    for (let at = 0; at < chunks.length; at += deletesInARow) {
      throwIfCancelled(signal)
      // Another prune was quicker, and these names may be in use again before long.
      if ((await storage.head(prunePlanKey(plan.id, 'deleted'), { signal })) !== null) break
      await eachLimited(chunks.slice(at, at + deletesInARow), deletesAtOnce, async (number) => {
        const size = sizes[number] ?? absent
        const own = size === absent ? [] : [{ key: chunkKey(planned.name(number)), size }]
        for (const object of [...own, ...(copies.get(number) ?? [])]) {
          if (!(await deleteUnlocked(storage, object.key, o))) continue
          objects += 1
          bytes += object.size
        }
      })
      o.onProgress?.({ phase: 'deleting chunks', done: at, total: chunks.length, unit: 'objects' })
    }
    await putPlanPart(storage, plan.id, 'deleted', { signal })
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

/** Stands for the size of a chunk that is not to be deleted. */
const absent = -1

/**
 * By the number of the name, the sizes of the stored chunks that plans list and nothing needs, `absent` of all others; and the copies that mend
 * them, of which there are hardly any. An object that is younger than its plan is another than was meant.
 */
async function storedSizes(
  o: PruneRequest,
  listed: {
    readonly ready: readonly StoredPlan[]
    readonly planned: NameTable
    readonly planOf: readonly number[]
    readonly backups: readonly string[]
    readonly restores: readonly string[]
  },
): Promise<{
  readonly sizes: Float64Array
  readonly copies: ReadonlyMap<number, readonly { readonly key: string; readonly size: number }[]>
}> {
  const { planned } = listed
  const needed = new Uint8Array(planned.size)
  const going = { backups: new Set(listed.backups), restores: new Set(listed.restores) }
  await visitNeeded(o, going, (name) => {
    const number = planned.find(name)
    if (number !== -1) needed[number] = 1
  })
  const sizes = new Float64Array(planned.size).fill(absent)
  const copies = new Map<number, { key: string; size: number }[]>()
  for await (const { key, size, modified } of listChunks(o.repository.storage, { signal: o.signal })) {
    const name = chunkNameOfKey(key)
    const number = name === null ? -1 : planned.find(name)
    const plan = listed.ready[listed.planOf[number] ?? -1]
    if (plan === undefined || needed[number] !== 0 || modified > plan.made) continue
    if (key.startsWith(mendedPrefix)) copies.set(number, [...(copies.get(number) ?? []), { key, size }])
    else sizes[number] = size
  }
  return { sizes, copies }
}
