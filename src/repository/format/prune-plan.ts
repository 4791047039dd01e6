import { backupId, chunkNamePattern } from './fields.ts'
import { list, object, oneOf, text } from './shape.ts'
import { damaged, decodeJson } from './signed.ts'

/**
 * What a prune means to remove once some time has passed. Nobody signs it, and nothing is removed because it stands there: it only
 * tells writers what to use no more. docs/FORMAT.md "Prune plans".
 */
export interface PrunePlanDocument {
  readonly format: 1
  /** Of the shape of a backup's id, by the clock of the machine that prunes. */
  readonly id: string
  readonly backups: readonly string[]
  /** Ids of restores whose safety backups are to go. */
  readonly restores: readonly string[]
  /** Names of chunks that nothing needs when these are gone. */
  readonly chunks: readonly string[]
}

export const prunePrefix = 'prune/'

/** `plan`, then `deleting` while it is carried out, then `deleted`. */
export type PlanPart = 'plan' | 'deleting' | 'deleted'

export const prunePlanKey = (id: string, part: PlanPart): string => `${prunePrefix}${id}/${part}`

const check = object<PrunePlanDocument>({
  format: oneOf(1),
  id: text(backupId),
  backups: list(text(backupId)),
  restores: list(text(backupId)),
  chunks: list(text(chunkNamePattern)),
})

export function encodePrunePlan(plan: PrunePlanDocument): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(check(plan, 'the plan')))
}

/** Throws `object_damaged`, `repository_too_new`. */
export function decodePrunePlan(id: string, bytes: Uint8Array): PrunePlanDocument {
  const key = prunePlanKey(id, 'plan')
  const plan = decodeJson(key, bytes, check)
  if (plan.id !== id) throw damaged(key, `it holds the plan ${plan.id}, so it was stored under another name`)
  return plan
}
