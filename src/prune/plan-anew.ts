import type { Clock } from '../lib/clock.ts'
import type { PrunePlanDocument } from '../repository/format/prune-plan.ts'
import { newId } from '../repository/ids.ts'
import { nameTable, type NameTable } from '../repository/name-table.ts'
import { putPlan, readablePlan, type StoredPlan } from '../repository/prune-plans.ts'
import type { Look, PruneReport, PruneRequest } from './types.ts'
import { addTo, findUnneeded, goingOf, noChunks, noneRetained, retain } from './unneeded.ts'

/** Names in one plan. They are held until it is stored, and a writer reads every plan that is in force, one after the other. */
const namesAtOnce = 20_000

/** Stores plans of what goes and nothing needs, but for what the plans in `open` list already. What is locked is not planned. */
export async function planAnew(
  o: PruneRequest & {
    readonly found: Look
    readonly open: readonly StoredPlan[]
    /** The storage's time. */
    readonly now: Date
    readonly graceMs: number
    readonly clock: Clock
  },
): Promise<Pick<PruneReport, 'planned' | 'retained'>> {
  const { found, now, graceMs, signal } = o
  const { storage } = o.repository
  const known = await listedBy(o)
  const backups = goingOf(found).filter((id) => !known.ids.has(id))
  const restores = found.oldRestores.filter((id) => !known.ids.has(id))
  // What was stored lately is of a backup that is running, or was broken off: the next one takes it over.
  const isOld = (modified: Date): boolean => now.getTime() - modified.getTime() >= graceMs
  let documents: Pick<PrunePlanDocument, 'backups' | 'restores'> = { backups, restores }
  let names: string[] = []
  const put = async (): Promise<void> => {
    await putPlan(storage, { format: 1, id: newId(o.clock.now()), ...documents, chunks: names }, { signal })
    documents = { backups: [], restores: [] }
    names = []
  }
  let chunks = noChunks
  let retained = noneRetained
  for await (const chunk of findUnneeded(o, found)) {
    if (chunk.lockedUntil !== null) {
      retained = retain(retained, chunk)
      continue
    }
    if (known.chunks.find(chunk.name) !== -1 || !isOld(chunk.modified)) continue
    chunks = addTo(chunks, chunk)
    if (names.push(chunk.name) === namesAtOnce) await put()
  }
  if (documents.backups.length + documents.restores.length + names.length > 0) await put()
  const isNothing = backups.length + restores.length + chunks.objects === 0
  const due = new Date(now.getTime() + graceMs)
  return { planned: isNothing ? null : { backups, restores, chunks, due }, retained }
}

async function listedBy({
  repository,
  open,
  signal,
}: PruneRequest & { readonly open: readonly StoredPlan[] }): Promise<{
  /** Of backups and restores. */
  ids: ReadonlySet<string>
  chunks: NameTable
}> {
  const ids = new Set<string>()
  const chunks = nameTable()
  for (const { id } of open) {
    const plan = await readablePlan(repository.storage, id, { signal })
    if (plan === null) continue
    for (const what of [plan.backups, plan.restores]) for (const one of what) ids.add(one)
    for (const name of plan.chunks) chunks.add(name)
  }
  return { ids, chunks }
}
