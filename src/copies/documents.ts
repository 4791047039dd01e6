import { isHoldfastError } from '../lib/errors.ts'
import { abandonedSize } from '../repository/format/abandoned.ts'
import { decodeErasedDocument } from '../repository/format/erased.ts'
import { backupId, erasedPrefix, manifestPrefix, restorePrefix } from '../repository/format/fields.ts'
import type { ManifestChunk } from '../repository/format/manifest.ts'
import { decodeRestoreDocument } from '../repository/format/restore-documents.ts'
import { decodeManifest } from '../repository/manifests.ts'
import type { Keyset } from '../repository/types.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'

/** The documents that name chunks, in the order in which they are copied: whoever restores heeds erasures, so they come first. */
const prefixes = [erasedPrefix, manifestPrefix, restorePrefix] as const

/** The keys of all documents that name chunks, and of what lies in the place of some that will never be. */
export interface ListedDocuments {
  readonly keys: ReadonlySet<string>
  readonly abandoned: ReadonlySet<string>
}

export async function listDocuments(storage: Storage, { signal }: CallOptions): Promise<ListedDocuments> {
  const keys = new Set<string>()
  const abandoned = new Set<string>()
  for (const prefix of prefixes)
    for await (const { key, size } of storage.list(prefix, { signal })) {
      if (idOf(key) === null) continue
      if (size === abandonedSize) abandoned.add(key)
      else keys.add(key)
    }
  return { keys, abandoned }
}

/** In the order in which they are copied: erasures, backups, what restores left; the newest of each first, by their ids. */
export function inOrder(keys: Iterable<string>): string[] {
  const rank = (key: string): number => prefixes.findIndex((prefix) => key.startsWith(prefix))
  return [...keys].sort((a, b) => rank(a) - rank(b) || (a < b ? 1 : -1))
}

/** Id of the backup, restore or erasure that a document is of; null for other keys. */
export function idOf(key: string): string | null {
  const id = key.split('/')[1] ?? ''
  const isWhole = key.startsWith(restorePrefix)
    ? /^[^/]+\/[^/]+\/(safety|report)$/.test(key)
    : /^[^/]+\/[^/]+$/.test(key)
  return isWhole && backupId.test(id) ? id : null
}

/** The chunks that a document names. Throws what its reader would: `manifest_forged`, `object_damaged`, `repository_too_new`. */
export function chunksNamedBy(
  key: string,
  bytes: Uint8Array,
  { hosts, ownerKey }: Pick<Keyset, 'hosts' | 'ownerKey'>,
): readonly ManifestChunk[] {
  const id = idOf(key) ?? ''
  if (key.startsWith(manifestPrefix)) return decodeManifest({ key, bytes, hosts }).manifest.chunks
  if (key.startsWith(erasedPrefix)) return decodeErasedDocument({ key, ownerKey, bytes }).chunks
  const part = key.endsWith('/safety') ? 'safety' : 'report'
  return decodeRestoreDocument({ id, part, bytes, ownerKey }).chunks
}

/** True if what lies under the key is damaged or forged, and so no document. One of a newer version is not for us to judge. */
export function isHurt(key: string, bytes: Uint8Array, keyset: Pick<Keyset, 'hosts' | 'ownerKey'>): boolean {
  try {
    chunksNamedBy(key, bytes, keyset)
    return false
  } catch (error) {
    if (!isHoldfastError(error)) throw error
    return error.code === 'object_damaged' || error.code === 'manifest_forged'
  }
}
