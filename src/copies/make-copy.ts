import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { chunkPrefix } from '../repository/format/chunk-names.ts'
import { decodeKeyset } from '../repository/format/keyset.ts'
import {
  headerKey,
  keysetKey,
  keysetName,
  keysetPrefix,
  manifestPrefix,
  restorePrefix,
} from '../repository/format/fields.ts'
import { holds, requireWriteOnce, taken } from '../repository/init.ts'
import { getIfPresent, putOnce } from '../repository/manifests.ts'
import { highestKeyset, openRepository } from '../repository/open.ts'
import type { Keyset, Repository } from '../repository/types.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { mendKeys } from './mend-keys.ts'
import { keysDiffer, newestKeys, requireSame, sameKeys } from './open.ts'

/** A copy that can be brought up to date: its keys are. */
export interface ReadyCopy {
  readonly to: Repository
  /** The newest of both. */
  readonly keyset: Keyset
  /** True if the storage was empty, and is a copy now. */
  readonly made: boolean
  /** Header and key sets that were brought back. */
  readonly mended: readonly string[]
  readonly keys: KeysCopied
}

/**
 * Opens a copy of `from`, or makes one in an empty storage, and brings its keys up to date. With `repair`, also where what it is opened with is damaged. Who owns
 * `from` is to be confirmed: the copy must be of the same. Throws `copies_differ`, and as `openRepository` and `makeCopy`.
 */
export async function readyCopy(
  o: { from: Repository; storage: Storage; repair?: boolean } & CallOptions,
): Promise<ReadyCopy> {
  const { from, storage, signal } = o
  const mended = o.repair === true ? await mendKeys(from, storage, { signal }) : []
  const made = (await storage.head(headerKey, { signal })) === null
  if (made) await makeCopy(from, storage, { signal })
  const opened = await openRepository({ storage, signal })
  requireSame(from, opened)
  const keys = await copyKeys(from, opened, { signal })
  const to = keys.changed ? await openRepository({ storage, signal }) : opened
  return { to, keyset: newestKeys([from, to]).keyset, made, mended, keys }
}

/**
 * Makes an empty storage a copy of a repository, without backups. In the order of an init: the key set, then the header, whose presence is what makes a
 * repository. Throws `repository_exists`, `storage_overwrites`.
 */
export async function makeCopy(from: Repository, to: Storage, { signal }: CallOptions): Promise<void> {
  await requireEmpty(from, to, signal)
  const key = keysetKey(from.keyset.version)
  const [keyset, header] = [
    await from.storage.get(key, { signal }),
    await from.storage.get(headerKey, { signal }),
  ]
  if (!(await putOnce(to, key, keyset, { signal }))) throw taken(to, key)
  await requireWriteOnce(to, key, keyset)
  if (!(await putOnce(to, headerKey, header, { signal }))) throw taken(to, headerKey)
  // An init that ran at the same time may have taken the key set for left over.
  if (await holds(to, key, keyset)) return
  await to.delete(headerKey)
  throw new HoldfastError('storage_failed', `A holdfast init ran at ${to.address} at the same time`, {
    hint: 'Run it again, once.',
  })
}

/** Key sets of this very repository are what a copy leaves that was interrupted. Anything else may be the rest of another one. */
export async function requireEmpty(
  from: Repository,
  to: Storage,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { ownerKey } = from.keyset
  for (const prefix of [keysetPrefix, manifestPrefix, restorePrefix, chunkPrefix]) {
    for await (const { key } of to.list(prefix, { signal })) {
      const name = key.slice(keysetPrefix.length)
      const bytes = prefix === keysetPrefix ? await getIfPresent(to, key, { signal }) : null
      if (bytes === null || !keysetName.test(name)) throw taken(to, key)
      try {
        decodeKeyset({ version: Number(name), ownerKey, bytes })
      } catch (error) {
        if (isHoldfastError(error)) throw taken(to, key)
        throw error
      }
    }
  }
}

/** What became of the keys of a copy. */
export interface KeysCopied {
  /** True if it got a newer key set. */
  readonly changed: boolean
  /** Keys of older key sets that somebody can open who was removed since, and that could not be deleted. */
  readonly left: readonly string[]
}

/**
 * Brings the key set of a copy up to date, and deletes those in it that somebody can open who was removed since. Where the copy has the newer
 * one it is left alone. Throws `copies_differ` if both were changed, each without the other.
 */
export async function copyKeys(
  from: Repository,
  to: Repository,
  { signal }: CallOptions,
): Promise<KeysCopied> {
  const { version } = from.keyset
  if (to.keyset.version > version) return { changed: false, left: [] }
  const changed = to.keyset.version < version
  if (changed) {
    const key = keysetKey(version)
    const bytes = await from.storage.get(key, { signal })
    if (!(await putOnce(to.storage, key, bytes, { signal }))) throw keysDiffer(to, from)
    // As in any change of keys: the number may have been free only because of another change.
    if ((await highestKeyset(to.storage, { signal })) !== version) {
      await to.storage.delete(key, { signal })
      throw new HoldfastError(
        'keys_changed',
        `Someone else changed the keys in ${to.storage.address} meanwhile`,
      )
    }
  } else if (!sameKeys(from, to)) {
    throw keysDiffer(to, from)
  }
  return { changed, left: await deleteOutdated(from.keyset, to.storage, signal) }
}

async function deleteOutdated(
  newest: Keyset,
  storage: Storage,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const older: string[] = []
  for await (const { key } of storage.list(keysetPrefix, { signal })) {
    const name = key.slice(keysetPrefix.length)
    if (keysetName.test(name) && Number(name) < newest.version) older.push(key)
  }
  const left: string[] = []
  for (const key of older) {
    const bytes = await getIfPresent(storage, key, { signal })
    if (bytes === null || !opensForOthers(key, bytes, newest)) continue
    try {
      await storage.delete(key, { signal })
    } catch (error) {
      if (!isHoldfastError(error, 'storage_denied')) throw error
      left.push(key)
    }
  }
  return left
}

/** True if a key set has a recipient that the newest one has not. */
function opensForOthers(key: string, bytes: Uint8Array, newest: Keyset): boolean {
  try {
    const version = Number(key.slice(keysetPrefix.length))
    const { recipients } = decodeKeyset({ version, ownerKey: newest.ownerKey, bytes })
    return recipients.some(
      (one) =>
        !newest.recipients.some(
          (other) =>
            other.kind === one.kind && other.publicKey === one.publicKey && other.added === one.added,
        ),
    )
  } catch (error) {
    // It is not the owner's, and opens nothing.
    if (isHoldfastError(error)) return false
    throw error
  }
}
