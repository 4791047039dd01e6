import { HoldfastError } from '../lib/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import type { Manifest, ManifestSummary } from './format/manifest.ts'
import { backupId, manifestKey, manifestPrefix } from './format/fields.ts'
import { decodeManifest, getIfPresent, listManifestKeys, readManifests } from './manifests.ts'
import type { RefusedManifest } from './manifests.ts'
import type { Keyset, Repository } from './types.ts'

/** Puts together a repository whose header and key set have been verified. */
export function repositoryOf(parts: {
  id: string
  storage: Storage
  keyset: Keyset
  ownerConfirmed: boolean
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
      return await findPrefix(reference, keys, options)
    },
  }

  async function findExact(id: string, options?: CallOptions): Promise<Manifest> {
    const key = manifestKey(id)
    const bytes = await getIfPresent(storage, key, options)
    if (bytes === null) throw notFound(id)
    return decodeManifest({ key, bytes, hosts: keyset.hosts }).manifest
  }

  async function findPrefix(prefix: string, keys: string[], options?: CallOptions): Promise<Manifest> {
    const matching = /^[0-9A-Za-z-]+$/.test(prefix)
      ? keys.filter((key) => key.startsWith(manifestPrefix + prefix))
      : []
    const [only, second] = matching
    if (only === undefined) throw notFound(prefix)
    if (second !== undefined) {
      const ids = matching.map((key) => key.slice(manifestPrefix.length)).sort()
      throw new HoldfastError('backup_ambiguous', `${matching.length} backups begin with ${prefix}`, {
        details: { ids: ids.slice(0, 20) },
      })
    }
    return await findExact(only.slice(manifestPrefix.length), options)
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

function notFound(reference: string): HoldfastError {
  return new HoldfastError(
    'backup_not_found',
    `No backup has an id that begins with ${JSON.stringify(reference)}`,
  )
}
