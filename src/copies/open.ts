import { HoldfastError } from '../lib/errors.ts'
import { openRepository, type Trust } from '../repository/open.ts'
import { isOfCopy } from '../repository/several-places.ts'
import type { Repository } from '../repository/types.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'

/** A copy that can't be used, and why. */
export interface FailedCopy {
  readonly address: string
  readonly error: HoldfastError
}

/** The copies of one repository, in the order in which they were named. */
export interface OpenCopies {
  /** At least one. */
  readonly copies: readonly Repository[]
  readonly failed: readonly FailedCopy[]
}

/**
 * Opens the copies of one repository, each as `openRepository` does. One that can't be opened is left out, as long as another can; if none can, what is
 * wrong with the first is thrown. Throws `copies_differ` if two of them are different repositories.
 */
export async function openCopies(
  o: { storages: readonly Storage[]; trust?: Trust } & CallOptions,
): Promise<OpenCopies> {
  const { storages, trust = {}, signal } = o
  const copies: Repository[] = []
  const failed: FailedCopy[] = []
  const opening = await Promise.allSettled(
    storages.map((storage) => openRepository({ storage, trust, signal })),
  )
  for (const [index, opened] of opening.entries()) {
    if (opened.status === 'fulfilled') copies.push(opened.value)
    else if (isOfCopy(opened.reason))
      failed.push({ address: storages[index]?.address ?? '', error: opened.reason }) // prettier-ignore
    else throw opened.reason
  }
  const [first, ...others] = copies
  if (first === undefined) throw failed[0]?.error ?? new HoldfastError('internal', 'No copy was named.')
  for (const other of others) requireSame(first, other)
  return { copies, failed }
}

/** Throws `copies_differ` unless both are copies of one repository. */
export function requireSame(one: Repository, other: Repository): void {
  if (one.id === other.id && one.keyset.ownerKey === other.keyset.ownerKey) return
  throw new HoldfastError(
    'copies_differ',
    `${one.storage.address} and ${other.storage.address} are two repositories, not copies of one.`,
    {
      hint: 'A copy is made with holdfast copy FROM TO, or by holdfast init with --copy.',
      details: { ids: [one.id, other.id] },
    },
  )
}

/**
 * The copies that have the newest key set there is. The others must not be written to: what is sealed to a newer epoch could not be opened with theirs, and
 * a host that was revoked would still be heard there.
 */
export function withNewestKeys({ copies, failed }: OpenCopies): OpenCopies {
  const newest = newestKeys(copies)
  const current = copies.filter((copy) => sameKeys(copy, newest))
  const behind = copies.filter((copy) => !current.includes(copy))
  return {
    copies: current,
    failed: [
      ...failed,
      ...behind.map((copy) => ({ address: copy.storage.address, error: behindOf(copy, newest) })),
    ],
  }
}

/** The copy whose key set has the highest version; of several the one that was named first. */
export function newestKeys(copies: readonly Repository[]): Repository {
  const highest = Math.max(...copies.map(({ keyset }) => keyset.version))
  const found = copies.find(({ keyset }) => keyset.version === highest)
  if (found === undefined) throw new HoldfastError('internal', 'No copy was opened.')
  return found
}

/** True if both have the very same newest key set. */
export function sameKeys(one: Repository, other: Repository): boolean {
  return JSON.stringify(one.keyset) === JSON.stringify(other.keyset)
}

function behindOf(copy: Repository, newest: Repository): HoldfastError {
  const [{ address }, { address: than }] = [copy.storage, newest.storage]
  const isOlder = copy.keyset.version < newest.keyset.version
  return isOlder
    ? new HoldfastError('copy_behind', `The keys in ${address} are older than those in ${than}.`)
    : keysDiffer(copy, newest)
}

/** Both were changed, each without the other. */
export function keysDiffer(one: Repository, other: Repository): HoldfastError {
  return new HoldfastError(
    'copies_differ',
    `The keys in ${one.storage.address} were changed in another way than those in ${other.storage.address}.`,
    {
      hint: 'Decide which keys are right, make a change in that copy alone, such as holdfast keys rotate, and copy it over the other: holdfast copy FROM TO.',
    },
  )
}
