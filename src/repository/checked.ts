import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import {
  checkedKey,
  checkedName,
  checkedPrefix,
  decodeChecked,
  encodeChecked,
  slotCount,
  type CheckedMark,
} from './format/checked.ts'
import { getIfPresent, putOnce } from './manifests.ts'
import { checksKept, type ReadArc } from './rotation.ts'
import type { RestoresOf } from './restores.ts'
import type { Repository, Vault } from './types.ts'

/** What earlier checks have read. */
export interface EarlierChecks {
  /** The newest first: as many as go round the circle, if there are so many. */
  readonly marks: readonly (CheckedMark & ReadArc)[]
  /** Objects that are not accepted as marks. They count for nothing, so that more is read than need be. */
  readonly refused: readonly { readonly key: string; readonly code: string; readonly reason: string }[]
}

/** Reads what earlier checks have left, the newest first, until it goes round the circle of names. */
export async function readChecked(
  o: { readonly repository: RestoresOf } & CallOptions,
): Promise<EarlierChecks> {
  const { repository, signal } = o
  const { storage, keyset } = repository
  const found: { key: string; stored: Date }[] = []
  for await (const { key, modified } of storage.list(checkedPrefix, { signal }))
    if (checkedName.test(key.slice(checkedPrefix.length))) found.push({ key, stored: modified })
  found.sort((a, b) => (a.key < b.key ? 1 : -1))
  const marks: (CheckedMark & ReadArc)[] = []
  const refused: { key: string; code: string; reason: string }[] = []
  const read = new Set<number>()
  for (const { key, stored } of found.slice(0, checksKept)) {
    if (read.size === slotCount) break
    const bytes = await getIfPresent(storage, key, { signal })
    if (bytes === null) continue
    try {
      const mark = decodeChecked({ key, ownerKey: keyset.ownerKey, bytes })
      // By the storage's clock, as the times of what was read: when the check ended, less what it took.
      marks.push({ ...mark, begun: stored.getTime() - mark.seconds * 1000 })
      for (let step = 0; step < mark.slots; step++) read.add((mark.from + step) % slotCount)
    } catch (error) {
      if (!isHoldfastError(error)) throw error
      refused.push({ key, code: error.code, reason: error.message })
    }
  }
  return { marks, refused }
}

const attempts = 100

/**
 * Leaves a mark of a check that has read chunks back. Needs the owner's seed, which whoever can open chunks has: so nobody else can
 * keep a share from being read. Two checks at once may have read the same share; each leaves a mark of its own.
 */
export async function putChecked(
  o: {
    readonly repository: Pick<Repository, 'storage'>
    readonly vault: Pick<Vault, 'ownerSeed'>
    readonly after: EarlierChecks
    readonly found: Omit<CheckedMark, 'format' | 'number'>
  } & CallOptions,
): Promise<CheckedMark> {
  const first = (o.after.marks[0]?.number ?? 0) + 1
  for (let number = first; number < first + attempts; number++) {
    const mark: CheckedMark = { format: 1, number, ...o.found }
    const bytes = encodeChecked(mark, o.vault.ownerSeed)
    if (await putOnce(o.repository.storage, checkedKey(number), bytes, { signal: o.signal })) return mark
  }
  throw new HoldfastError(
    'storage_failed',
    `${checkedKey(first)} and what follows are taken by other objects`,
  )
}
