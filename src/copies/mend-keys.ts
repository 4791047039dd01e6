import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { decodeHeader } from '../repository/format/header.ts'
import { decodeKeyset } from '../repository/format/keyset.ts'
import { headerKey, keysetKey, keysetName, keysetPrefix } from '../repository/format/fields.ts'
import { getIfPresent, putOnce } from '../repository/manifests.ts'
import { highestKeyset } from '../repository/open.ts'
import type { Repository } from '../repository/types.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'

/**
 * Brings back what a copy is opened with, header and newest key set, where they are missing or not what their owner signed: such a copy can't be opened, so
 * nothing else could be mended in it. Only what `from` has is touched, and only in what is a copy of it by what is left. The keys that were brought back.
 */
export async function mendKeys(from: Repository, to: Storage, options: CallOptions): Promise<string[]> {
  const newest = keysetKey(from.keyset.version)
  const mended: string[] = []
  if (!(await isCopyOf(from, to, options))) return mended
  const isBehind = (await highestKeyset(to, options)) > from.keyset.version
  for (const key of isBehind ? [headerKey] : [newest, headerKey]) {
    const there = await getIfPresent(to, key, options)
    if (there !== null && isSigned(from, key, there)) continue
    // An older key set opens the copy, and is brought up to date when it is open.
    if (there === null && key === newest && (await hasKeyset(from, to, options))) continue
    const good = await from.storage.get(key, options)
    if (there !== null) await to.delete(key, options)
    // Cancelled now it would be missing, for no need.
    if (!(await putOnce(to, key, good))) throw new HoldfastError('storage_failed', `${key} is taken by another object`) // prettier-ignore
    mended.push(key)
  }
  return mended
}

/** Nothing that another owner signed is taken for a copy. */
async function isCopyOf(from: Repository, to: Storage, options: CallOptions): Promise<boolean> {
  const header = await getIfPresent(to, headerKey, options)
  if (header !== null && isSigned(from, headerKey, header)) {
    const { id, ownerKey } = decodeHeader(header)
    return id === from.id && ownerKey === from.keyset.ownerKey
  }
  return await hasKeyset(from, to, options)
}

async function hasKeyset(from: Repository, to: Storage, options: CallOptions): Promise<boolean> {
  for await (const { key } of to.list(keysetPrefix, options)) {
    const bytes = keysetName.test(key.slice(keysetPrefix.length))
      ? await getIfPresent(to, key, options)
      : null
    if (bytes !== null && isSigned(from, key, bytes)) return true
  }
  return false
}

/** True if an object is whole, and signed: a header by whoever, a key set by the owner of `from`. */
function isSigned({ keyset: { ownerKey } }: Repository, key: string, bytes: Uint8Array): boolean {
  try {
    if (key === headerKey) decodeHeader(bytes)
    else decodeKeyset({ version: Number(key.slice(keysetPrefix.length)), ownerKey, bytes })
    return true
  } catch (error) {
    if (isHoldfastError(error, 'object_damaged') || isHoldfastError(error, 'manifest_forged')) return false
    throw error
  }
}
