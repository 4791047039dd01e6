import { createHash } from 'node:crypto'
import type { CallOptions } from '../storage/storage.ts'
import type { Manifest } from './format/manifest.ts'
import { listManifests, readManifests } from './manifests.ts'
import type { Repository } from './types.ts'

/**
 * How the id of a backup ends that is made for a job, in place of random bytes: so the next attempt at the job knows a backup that the one
 * before has completed and could not tell of.
 */
export function idEndingOf(job: string): string {
  return createHash('sha256').update(`backup of job ${job}`).digest('hex').slice(0, 8)
}

/** Of so many bits as an id has for it, another one could end so in years: none that is older was made by an attempt before this. */
const longestMs = 2 * 86_400_000

/** The backup that an earlier attempt at the job has completed in one of these copies; null if there is none that can be trusted. */
export async function findBackupOf(
  o: { copies: readonly Repository[]; job: string; now: Date } & CallOptions,
): Promise<Manifest | null> {
  const { job, now, signal } = o
  const ending = `-${idEndingOf(job)}`
  for (const { storage, keyset } of o.copies) {
    const objects = (await listManifests(storage, { signal })).filter(({ key }) => key.endsWith(ending))
    let found: Manifest | null = null
    const visit = (manifest: Manifest): void => {
      if (Math.abs(now.getTime() - Date.parse(manifest.started)) <= longestMs) found = manifest
    }
    if (objects.length > 0) await readManifests({ storage, hosts: keyset.hosts, objects, visit, signal })
    if (found !== null) return found
  }
  return null
}
