import type { Clock } from '../lib/clock.ts'
import { newId } from '../repository/ids.ts'
import { putPlan, readablePlan, type StoredPlan } from '../repository/prune-plans.ts'
import type { Look, PruneReport, PruneRequest } from './types.ts'
import { amountOf, findUnneeded, goingOf } from './unneeded.ts'

/** Names in one plan: a writer reads every plan that is in force. */
const namesAtOnce = 100_000

/** Stores plans of what goes and nothing needs, but for what the plans in `open` list already. Null: there is nothing new to plan. */
export async function planAnew(
  o: PruneRequest & {
    readonly found: Look
    readonly open: readonly StoredPlan[]
    /** The storage's time. */
    readonly now: Date
    readonly graceMs: number
    readonly clock: Clock
  },
): Promise<PruneReport['planned']> {
  const { found, now, graceMs, signal } = o
  const { storage } = o.repository
  const known = await listedBy(o)
  const backups = goingOf(found).filter((id) => !known.has(id))
  const restores = found.oldRestores.filter((id) => !known.has(id))
  // What was stored lately is of a backup that is running, or was broken off: the next one takes it over.
  const isOld = (modified: Date): boolean => now.getTime() - modified.getTime() >= graceMs
  const chunks = [...(await findUnneeded(o, found))].filter(
    ([name, { modified }]) => !known.has(name) && isOld(modified),
  )
  if (backups.length + restores.length + chunks.length === 0) return null
  for (let at = 0; at === 0 || at < chunks.length; at += namesAtOnce) {
    await putPlan(
      storage,
      {
        format: 1,
        id: newId(o.clock.now()),
        backups: at === 0 ? backups : [],
        restores: at === 0 ? restores : [],
        chunks: chunks.slice(at, at + namesAtOnce).map(([name]) => name),
      },
      { signal },
    )
  }
  return {
    backups,
    restores,
    chunks: amountOf(chunks.map(([, chunk]) => chunk)),
    due: new Date(now.getTime() + graceMs),
  }
}

/** Ids of backups and restores, and names of chunks. */
async function listedBy({
  repository,
  open,
  signal,
}: PruneRequest & { readonly open: readonly StoredPlan[] }): Promise<ReadonlySet<string>> {
  const listed = new Set<string>()
  for (const { id } of open) {
    const plan = await readablePlan(repository.storage, id, { signal })
    if (plan === null) continue
    for (const what of [plan.backups, plan.restores, plan.chunks]) for (const one of what) listed.add(one)
  }
  return listed
}
