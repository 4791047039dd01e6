import { HoldfastError } from '../lib/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import type { Manifest, ManifestSummary } from './format/manifest.ts'
import { backupId, manifestKey, manifestPrefix } from './format/fields.ts'
import { idMeant, noSuchId } from './ids.ts'
import { decodeManifest, getIfPresent, listManifests, readManifests, trustHosts } from './manifests.ts'
import type { ManifestObject, RefusedManifest } from './manifests.ts'
import type { Copies, Keyset, Repository } from './types.ts'

/** Puts together a repository whose header and key set have been verified. */
export function repositoryOf(parts: {
  id: string
  storage: Storage
  keyset: Keyset
  ownerConfirmed: boolean
  copies?: Copies | undefined
}): Repository {
  const { storage, keyset } = parts
  const read = async (objects: readonly ManifestObject[], options: Parameters<Repository['manifests']>[0]) =>
    await readManifests({ storage, hosts: keyset.hosts, objects, ...options })

  return {
    ...parts,
    async manifests(options) {
      const { accepted, refused } = await read(await listManifests(storage, options), options)
      return { backups: accepted, refused }
    },
    async find(reference, options) {
      if (backupId.test(reference)) return await findExact(reference, options)
      const objects = await listManifests(storage, options)
      if (reference === 'latest') {
        const { accepted, refused } = await read(objects, options)
        const id = latest(accepted[0], refused)
        options?.onOthers?.(
          [...Map.groupBy(accepted, (b) => b.source).values()].slice(1).flatMap(([b]) => b ?? []),
        )
        return await findExact(id, options)
      }
      const ids = objects.map(({ key }) => key.slice(manifestPrefix.length))
      return await findExact(idMeant('backup', ids, reference), options)
    },
  }

  async function findExact(id: string, options?: CallOptions): Promise<Manifest> {
    const key = manifestKey(id)
    const bytes = await getIfPresent(storage, key, options)
    if (bytes === null) throw noSuchId('backup', id)
    return await decodeManifest({ key, bytes, hosts: trustHosts(keyset.hosts) })
  }
}

/**
 * The id of the newest backup. If an object that bears a later time than it is damaged or forged, "latest" would quietly mean an older
 * state than the user thinks of, so that is an error; one that is refused only because its host was revoked is not.
 */
function latest(newest: ManifestSummary | undefined, refused: readonly RefusedManifest[]): string {
  const bar = refused
    .filter((entry) => !entry.revoked && backupId.test(entry.key.slice(manifestPrefix.length)))
    .find((entry) => newest === undefined || entry.key > manifestKey(newest.id))
  if (bar !== undefined) {
    throw new HoldfastError(bar.code, `The latest backup can't be told: ${bar.reason}`, {
      hint: 'holdfast list shows what was refused and why. A backup that is named by its id can still be used.',
      details: { key: bar.key },
    })
  }
  if (newest === undefined) {
    throw new HoldfastError('backup_not_found', 'The repository holds no backup', {
      hint: 'Make one with holdfast backup.',
    })
  }
  return newest.id
}
