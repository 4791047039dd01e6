import { HoldfastError } from '../lib/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import type { Manifest, ManifestSummary } from './format/manifest.ts'
import { backupId, manifestKey, manifestPrefix } from './format/fields.ts'
import { idMeant, noSuchId } from './ids.ts'
import { decodeManifest, getIfPresent, listManifestKeys, readManifests } from './manifests.ts'
import type { RefusedManifest } from './manifests.ts'
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
  const read = async (keys: readonly string[], options: Parameters<Repository['manifests']>[0]) =>
    await readManifests({ storage, hosts: keyset.hosts, keys, ...options })

  return {
    ...parts,
    async manifests(options) {
      const { accepted, refused } = await read(await listManifestKeys(storage, options), options)
      return { backups: accepted.map(({ summary }) => summary), refused }
    },
    async find(reference, options) {
      if (backupId.test(reference)) return await findExact(reference, options)
      const keys = await listManifestKeys(storage, options)
      if (reference === 'latest') {
        const { accepted, refused } = await read(keys, options)
        return await findExact(latest(accepted[0]?.summary, refused), options)
      }
      const ids = keys.map((key) => key.slice(manifestPrefix.length))
      return await findExact(idMeant('backup', ids, reference), options)
    },
  }

  async function findExact(id: string, options?: CallOptions): Promise<Manifest> {
    const key = manifestKey(id)
    const bytes = await getIfPresent(storage, key, options)
    if (bytes === null) throw noSuchId('backup', id)
    return decodeManifest({ key, bytes, hosts: keyset.hosts }).manifest
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
