import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { free } from '../lib/free.ts'
import { putChunk, type ChunkPlace, type StoredChunks } from './chunk-place.ts'
import { chunkKey } from './format/chunk-names.ts'
import type { CopyOutcome } from './types.ts'

/** A copy of the repository that a backup is written to, until it fails. */
export interface WrittenCopy extends StoredChunks {
  /** Changed as the backup goes on. */
  readonly state: {
    failed: HoldfastError | null
    unsettled: boolean
    newChunks: number
    newStoredBytes: number
  }
}

/** How long a copy is waited for when another has done the same. Storages give up by themselves sooner; a network file system may never. */
export const usualPatienceMs = 15 * 60_000

/** A state for a copy that has done nothing yet. */
export function newState(): WrittenCopy['state'] {
  return { failed: null, unsettled: false, newChunks: 0, newStoredBytes: 0 }
}

/**
 * Several copies as the place of chunks. A chunk is sealed once, and put wherever it is missing; the slowest copy sets the pace. A copy that fails is given
 * up for good, as long as another is left: the last one's failure is thrown.
 */
export function severalPlaces(copies: readonly WrittenCopy[], patienceMs: number): ChunkPlace {
  const written = (): WrittenCopy[] => copies.filter(({ state }) => state.failed === null)

  return {
    async keep(chunk) {
      const { name } = chunk
      const lacking = written().filter(({ stored }) => !stored.has(name))
      const having = written().filter(({ stored }) => stored.has(name))
      const takeOver = async ({ stored, takeOver: check }: WrittenCopy): Promise<number> => {
        const size = stored.get(name) ?? 0
        await check(name, size)
        return size
      }
      if (lacking.length === 0) chunk.drop()
      const sealed = lacking.length === 0 ? null : await chunk.seal()
      const sizes = new Map<WrittenCopy, number>()
      let isNew = having.length === 0
      await inEach(copies, patienceMs, async (copy) => {
        if (sealed === null || copy.stored.has(name)) {
          sizes.set(copy, await takeOver(copy))
          return
        }
        const kept = await putChunk(copy, name, sealed)
        sizes.set(copy, kept.size)
        if (!kept.isNew) isNew = false
        else {
          copy.state.newChunks += 1
          copy.state.newStoredBytes += kept.size
        }
      })
      // A put that has failed, or was given up, may still read the bytes.
      if (sealed !== null && lacking.every(({ state }) => state.failed === null)) free(sealed)
      return { size: agree(name, sizes, having, written()), isNew }
    },
  }
}

/**
 * Does the work for every copy that has not failed. One where it fails is given up; if no other is left, the failure is thrown. One that
 * is not done `patienceMs` after another is given up as well.
 */
export async function inEach<C extends WrittenCopy>(
  copies: readonly C[],
  patienceMs: number,
  work: (copy: C) => Promise<void>,
): Promise<void> {
  const written = copies.filter(({ state }) => state.failed === null)
  const done = Promise.withResolvers<void>()
  const settled = await Promise.allSettled(
    written.map(async (copy) => {
      const doing = work(copy).then(done.resolve)
      await inTime(copy, doing, done.promise, patienceMs)
    }),
  )
  const failures = settled.flatMap((one, index) => {
    const copy = written[index]
    return one.status === 'rejected' && copy !== undefined ? [{ copy, error: one.reason as unknown }] : []
  })
  for (const { error } of failures) if (!isOfCopy(error)) throw error
  const [first] = failures
  const failing = new Set(failures.map(({ copy }) => copy))
  if (first !== undefined && copies.every((copy) => copy.state.failed !== null || failing.has(copy)))
    throw first.error
  for (const { copy, error } of failures) if (isOfCopy(error)) copy.state.failed ??= error
}

/** True for what is wrong with a copy, and not with the backup or with us. */
export function isOfCopy(error: unknown): error is HoldfastError {
  return isHoldfastError(error) && !['cancelled', 'internal', 'usage'].includes(error.code)
}

async function inTime(
  { storage, state }: WrittenCopy,
  doing: Promise<void>,
  other: Promise<void>,
  patienceMs: number,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let over = false
  const late = other.then(
    () =>
      new Promise<never>((_, reject) => {
        if (over) return
        timer = setTimeout(() => {
          state.unsettled = true
          const minutes = Math.round(patienceMs / 60_000)
          reject(
            new HoldfastError(
              'storage_timeout',
              `${storage.address} was waited for ${minutes} minutes longer than another copy.`,
            ),
          )
        }, patienceMs)
      }),
  )
  try {
    await Promise.race([doing, late])
  } finally {
    over = true
    clearTimeout(timer)
  }
}

/**
 * One manifest is to hold in every copy, so that a chunk must have one size in all of them. It has, unless it was sealed at different times by different versions: then the
 * copies that did not have it before are given up. Who brings them up to date copies the object itself.
 */
function agree(
  name: string,
  sizes: ReadonlyMap<WrittenCopy, number>,
  having: readonly WrittenCopy[],
  written: readonly WrittenCopy[],
): number {
  const first = having.find((copy) => written.includes(copy)) ?? written[0]
  const size = first === undefined ? undefined : sizes.get(first)
  if (first === undefined || size === undefined)
    throw new HoldfastError('internal', 'A chunk was stored in no copy.')
  for (const copy of written) {
    if (sizes.get(copy) === size) continue
    copy.state.failed = new HoldfastError(
      'copy_behind',
      `${chunkKey(name)} would be of another size in ${copy.storage.address} than in ${first.storage.address}.`,
    )
  }
  return size
}

/** What has become of each copy. */
export function outcomesOf(copies: readonly WrittenCopy[]): CopyOutcome[] {
  return copies.map(({ storage: { address }, state: { failed, newChunks, newStoredBytes } }) => {
    return { address, failed, newChunks, newStoredBytes }
  })
}
