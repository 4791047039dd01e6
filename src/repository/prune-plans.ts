import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { backupId } from './format/fields.ts'
import {
  decodePrunePlan,
  encodePrunePlan,
  prunePlanKey,
  prunePrefix,
  type PlanPart,
  type PrunePlanDocument,
} from './format/prune-plan.ts'
import { getIfPresent, putOnce } from './manifests.ts'

/** A plan that is in force: no writer that began after it uses what it lists. Times are the storage's. */
export interface StoredPlan {
  readonly id: string
  readonly made: Date
  /** Null: nobody has begun to carry it out. */
  readonly deleting: Date | null
  /** Null: it was not carried out to the end. */
  readonly deleted: Date | null
}

/** The plans that are in force, the oldest first, without their lists. */
export async function listPlans(storage: Storage, { signal }: CallOptions = {}): Promise<StoredPlan[]> {
  const found = new Map<string, Partial<Record<PlanPart, Date>>>()
  for await (const { key, modified } of storage.list(prunePrefix, { signal })) {
    const [, id = '', part, ...more] = key.split('/')
    if (!backupId.test(id) || more.length > 0) continue
    if (part === 'plan' || part === 'deleting' || part === 'deleted')
      found.set(id, { ...found.get(id), [part]: modified })
  }
  return [...found]
    .flatMap(([id, { plan, deleting = null, deleted = null }]) =>
      plan === undefined ? [] : [{ id, made: plan, deleting, deleted }],
    )
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

/**
 * What a plan lists; null if it is no longer in force. Throws `object_damaged`, `repository_too_new`: who only has to keep away from what it lists
 * goes on without, since a plan that is not heeded is not carried out either.
 */
export async function readPlan(
  storage: Storage,
  id: string,
  options?: CallOptions,
): Promise<PrunePlanDocument | null> {
  const bytes = await getIfPresent(storage, prunePlanKey(id, 'plan'), options)
  return bytes === null ? null : decodePrunePlan(id, bytes)
}

/** As `readPlan`, and null for one that can't be read. */
export async function readablePlan(
  storage: Storage,
  id: string,
  options?: CallOptions,
): Promise<PrunePlanDocument | null> {
  try {
    return await readPlan(storage, id, options)
  } catch (error) {
    if (isHoldfastError(error, 'object_damaged') || isHoldfastError(error, 'repository_too_new')) return null
    throw error
  }
}

/** Puts a plan in force. From then on no writer that begins uses what it lists. */
export async function putPlan(
  storage: Storage,
  plan: PrunePlanDocument,
  options?: CallOptions,
): Promise<void> {
  const key = prunePlanKey(plan.id, 'plan')
  if (await putOnce(storage, key, encodePrunePlan(plan), options)) return
  throw new HoldfastError('storage_failed', `${key} is taken by another object`)
}

/** Writes down how far a plan was carried out. */
export async function putPlanPart(
  storage: Storage,
  id: string,
  part: Exclude<PlanPart, 'plan'>,
  options?: CallOptions,
): Promise<void> {
  await storage.put(prunePlanKey(id, part), new TextEncoder().encode(`${part}\n`), options)
}

/**
 * True if somebody may be removing this backup or restore right now: a plan that lists it was begun, and not carried out to the end.
 * Ask after the mark that is to keep it was stored: then one of the two sees the other.
 */
export async function isGoing(storage: Storage, id: string, options: CallOptions = {}): Promise<boolean> {
  for (const plan of await listPlans(storage, options)) {
    if (plan.deleting === null || plan.deleted !== null) continue
    const lists = await readablePlan(storage, plan.id, options)
    if (lists?.backups.includes(id) === true || lists?.restores.includes(id) === true) return true
  }
  return false
}
