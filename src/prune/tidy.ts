import { checkedName, checkedPrefix } from '../repository/format/checked.ts'
import { damagedName, damagedPrefix } from '../repository/format/damaged.ts'
import { backupId, keysetKey, keysetName, keysetPrefix, manifestPrefix } from '../repository/format/fields.ts'
import { pinPrefix } from '../repository/format/pin.ts'
import { prunePlanKey, prunePrefix } from '../repository/format/prune-plan.ts'
import { verifiedPrefix } from '../repository/format/verified.ts'
import { listPlans } from '../repository/prune-plans.ts'
import type { Repository } from '../repository/types.ts'
import { checksKept } from '../repository/rotation.ts'
import { readUses } from '../repository/uses.ts'
import { readWriters } from '../repository/writers.ts'
import type { CallOptions } from '../storage/storage.ts'
import { deleteUnlocked } from './locked.ts'

/**
 * How long a plan stays in force after it was carried out, by the storage's clock. Until then no writer stores again what it lists, so a prune that hung
 * in the middle of a delete and goes on later can only delete what is gone. Nothing else in pruning depends on a clock.
 */
const closedAfterMs = 7 * 24 * 60 * 60 * 1000

/** Removes the traces of what has ended. `now` is the storage's time. None of it is needed by anything: any of it may be left. */
export async function tidyUp(o: { repository: Repository; now: Date } & CallOptions): Promise<void> {
  const { repository, now, signal } = o
  const { storage, keyset } = repository
  for (const { id, deleted } of await listPlans(storage, { signal })) {
    if (deleted === null || now.getTime() - deleted.getTime() <= closedAfterMs) continue
    for (const part of ['plan', 'deleting', 'deleted'] as const)
      if (!(await deleteUnlocked(storage, prunePlanKey(id, part), o))) break
  }
  for (const { settled, traces } of await readWriters({ storage, keyset, now, signal }))
    if (settled) for (const key of traces) if (!(await deleteUnlocked(storage, key, o))) break
  for await (const { key, modified } of storage.list(`${prunePrefix}now/`, { signal }))
    if (now.getTime() - modified.getTime() > closedAfterMs) await deleteUnlocked(storage, key, o)
  for (const key of (await readUses({ storage, now, signal })).ended) await deleteUnlocked(storage, key, o)
  await removeOldest(o, checkedPrefix, checkedName, checksKept)
  await removeOldest(o, damagedPrefix, damagedName, 2)
  await removeOrphans(o)
  await removeKeysets(o)
}

/** Marks of drills and pins of backups that are gone. */
async function removeOrphans(o: { repository: Repository; now: Date } & CallOptions): Promise<void> {
  const { signal } = o
  const { storage } = o.repository
  const orphans: string[] = []
  const there = new Set<string>()
  // Listed first: a backup that is pinned or drilled from now on is among them.
  const keys: string[] = []
  for (const prefix of [verifiedPrefix, pinPrefix])
    for await (const { key } of storage.list(prefix, { signal })) keys.push(key)
  for await (const { key } of storage.list(manifestPrefix, { signal }))
    there.add(key.slice(manifestPrefix.length))
  for (const key of keys) {
    const id = key.split('/')[1] ?? ''
    if (backupId.test(id) && !there.has(id)) orphans.push(key)
  }
  for (const key of orphans) await deleteUnlocked(storage, key, o)
}

/** Key sets below the one that counts, but for the last of them: it opens what the newest opens, should that be damaged. */
async function removeKeysets(o: { repository: Repository; now: Date } & CallOptions): Promise<void> {
  const { signal } = o
  const { storage, keyset } = o.repository
  const old: string[] = []
  for await (const { key } of storage.list(keysetPrefix, { signal })) {
    const name = key.slice(keysetPrefix.length)
    if (keysetName.test(name) && Number(name) < keyset.version - 1) old.push(keysetKey(Number(name)))
  }
  for (const key of old) await deleteUnlocked(storage, key, o)
}

/** Of what is numbered all but the newest so many. */
async function removeOldest(
  o: { repository: Repository; now: Date } & CallOptions,
  prefix: string,
  name: RegExp,
  kept: number,
): Promise<void> {
  const { storage } = o.repository
  const keys: string[] = []
  for await (const { key } of storage.list(prefix, o)) if (name.test(key.slice(prefix.length))) keys.push(key)
  for (const key of keys.sort().reverse().slice(kept)) await deleteUnlocked(storage, key, o)
}
