import { eachLimited } from '../lib/async.ts'
import { backupId, manifestPrefix } from '../repository/format/fields.ts'
import { pinPrefix } from '../repository/format/pin.ts'
import { verifiedPrefix } from '../repository/format/verified.ts'
import { getIfPresent } from '../repository/manifests.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { isGenuine } from './genuine.ts'
import type { CopyRequest } from './types.ts'

const readsAtOnce = 6

/** Copies pins and marks of drills, of the backups that are in both: those of others a prune would only clear away. How many of each. */
export async function copyNotes(
  run: Pick<CopyRequest, 'from' | 'to' | 'keyset' | 'signal'>,
): Promise<{ pins: number; marks: number }> {
  const { from, to, keyset, signal } = run
  const backups = await listBelow(to.storage, manifestPrefix, { signal })
  const counts = { pins: 0, marks: 0 }
  for (const [what, prefix] of [
    ['pins', pinPrefix],
    ['marks', verifiedPrefix],
  ] as const) {
    // prettier-ignore
    const there = await listBelow(to.storage, prefix, { signal })
    const lacking = [...(await listBelow(from.storage, prefix, { signal }))].filter((key) => {
      const [, id = ''] = key.split('/')
      return !there.has(key) && backupId.test(id) && backups.has(manifestPrefix + id)
    })
    await eachLimited(lacking, readsAtOnce, async (key) => {
      const bytes = await getIfPresent(from.storage, key, { signal })
      if (bytes === null || !isGenuine(key, bytes, keyset)) return
      await to.storage.put(key, bytes, { signal })
      counts[what] += 1
    })
  }
  return counts
}

async function listBelow(storage: Storage, prefix: string, { signal }: CallOptions): Promise<Set<string>> {
  const keys = new Set<string>()
  for await (const { key } of storage.list(prefix, { signal })) keys.add(key)
  return keys
}
