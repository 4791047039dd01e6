import { HoldfastError } from '../lib/errors.ts'
import { abandonedSize, isAbandoned } from '../repository/format/abandoned.ts'
import { chunkPrefix } from '../repository/format/chunk-names.ts'
import { manifestKey } from '../repository/format/fields.ts'
import { whatIsWrong } from '../repository/reader.ts'
import { repositoryOf } from '../repository/repository.ts'
import { isOfCopy } from '../repository/several-places.ts'
import type { Copies, CopyFault, Keyset, Repository } from '../repository/types.ts'
import type { CallOptions, ObjectInfo, Storage } from '../storage/storage.ts'
import { isGenuine } from './genuine.ts'
import { newestKeys, sameKeys } from './open.ts'

/** What is of one copy only, and never read in another: it goes by that storage's own clock. */
const ownPrefixes = ['writing/', 'uses/', 'prune/']

/**
 * Several copies of a repository, read as one: what the first lacks, has damaged or can't hand out is taken from the next. What is written goes into one of them,
 * its home: the first that has the newest keys.
 */
export function mergedRepository(
  repositories: readonly Repository[],
  onFault: (fault: CopyFault) => void,
): Repository {
  const newest = newestKeys(repositories)
  if (repositories.length === 1) return newest
  const current = repositories.filter((one) => sameKeys(one, newest))
  const older = repositories.filter((one) => !current.includes(one))
  let asked = [...current, ...older].map(({ storage }) => storage)
  let complete: readonly Storage[] = asked
  const copies: Copies = {
    // What is written needs a place that takes it.
    home: (current.find(({ storage }) => !storage.fixed) ?? newest).storage,
    all: () => asked,
    // A copy that does not have the backup that is read is no worse for lacking what belongs to it.
    onFault(fault) {
      if (fault.what !== 'missing' || complete.some(({ address }) => address === fault.address))
        onFault(fault)
    },
  }
  const storage = mergedStorage(copies, newest.keyset)
  const { id, keyset, ownerConfirmed } = newest
  const merged = repositoryOf({ id, storage, keyset, ownerConfirmed, copies })
  return {
    ...merged,
    async find(reference, options) {
      const manifest = await merged.find(reference, options)
      complete = await thoseThatHave(asked, manifestKey(manifest.id), options)
      asked = [...complete, ...asked.filter((one) => !complete.includes(one))]
      return manifest
    },
  }
}

/** The copies under whose key there is an object. One that can't say so is taken for one that lacks it. */
async function thoseThatHave(
  storages: readonly Storage[],
  key: string,
  options: CallOptions | undefined,
): Promise<readonly Storage[]> {
  const found = await Promise.allSettled(storages.map((storage) => storage.head(key, options)))
  return storages.filter((_, index) => {
    const one = found[index]
    return one?.status === 'fulfilled' && isThere(one.value)
  })
}

/** What says that there will never be an object is none. */
function isThere(info: ObjectInfo | null): boolean {
  return info !== null && info.size !== abandonedSize
}

function mergedStorage(copies: Copies, keyset: Keyset): Storage {
  const { home } = copies
  const isOwn = (key: string): boolean => ownPrefixes.some((prefix) => key.startsWith(prefix))

  /** The first that is good, in the order of the copies; else the first that is not; else what is wrong with the first. */
  async function firstOf<T>(
    key: string,
    read: (storage: Storage) => Promise<T>,
    isGood: (value: T) => boolean,
  ): Promise<T> {
    const faults: CopyFault[] = []
    const poor: T[] = []
    const errors: HoldfastError[] = []
    for (const copy of copies.all()) {
      const { address } = copy
      try {
        const value = await read(copy)
        if (isGood(value)) {
          for (const fault of faults) copies.onFault(fault)
          return value
        }
        poor.push(value)
        if (value === null || (value instanceof Uint8Array && isAbandoned(value))) continue
        faults.push({ address, key, what: 'damaged', reason: `${key} in ${address} is not what was stored` })
      } catch (error) {
        if (!isOfCopy(error)) throw error
        errors.push(error)
        const what = whatIsWrong(error)
        // That a document is in some copies only is what listing shows, and no fault by itself.
        if (what !== 'missing') faults.push({ address, key, what, reason: error.message })
      }
    }
    const [value] = poor
    if (value !== undefined) return value
    // One that fails may have what the others lack.
    throw errors.find((error) => whatIsWrong(error) === 'failed') ?? errors[0] ?? new HoldfastError('internal', 'There is no copy.') // prettier-ignore
  }

  return {
    address: copies
      .all()
      .map(({ address }) => address)
      .join(', '),
    put: (key, data, call) => home.put(key, data, call),
    delete: (key, call) => home.delete(key, call),
    async get(key, call) {
      if (isOwn(key)) return await home.get(key, call)
      // A chunk is judged by who opens it, and a part of an object by nobody.
      const whole = !key.startsWith(chunkPrefix) && call?.offset === undefined && call?.length === undefined
      const isGood = (bytes: Uint8Array): boolean =>
        !whole || (!isAbandoned(bytes) && isGenuine(key, bytes, keyset))
      return await firstOf(key, (copy) => copy.get(key, call), isGood)
    },
    async head(key, call) {
      if (isOwn(key)) return await home.head(key, call)
      return await firstOf(key, (copy) => copy.head(key, call), isThere) // prettier-ignore
    },
    async *list(prefix, call) {
      if (isOwn(prefix)) {
        yield* home.list(prefix, call)
        return
      }
      const seen = new Set<string>()
      let listed = 0
      let failure: HoldfastError | undefined
      for (const copy of copies.all()) {
        try {
          for await (const info of copy.list(prefix, call)) {
            if (seen.has(info.key) || isOwn(info.key) || !isThere(info)) continue
            seen.add(info.key)
            yield info
          }
          listed += 1
        } catch (error) {
          if (!isOfCopy(error)) throw error
          failure ??= error
          copies.onFault({ address: copy.address, key: prefix, what: 'failed', reason: error.message })
        }
      }
      if (listed === 0 && failure !== undefined) throw failure
    },
  }
}
