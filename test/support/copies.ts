import { copyRepository } from '../../src/copies/copy.ts'
import { readyCopy, type ReadyCopy } from '../../src/copies/make-copy.ts'
import type { CopyReport, CopyRequest } from '../../src/copies/types.ts'
import { openRepository } from '../../src/repository/open.ts'
import { openCopies, withNewestKeys } from '../../src/copies/open.ts'
import { beginBackup } from '../../src/repository/session.ts'
import type { BackupWriter } from '../../src/repository/types.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { finish, keysBelow, movingClock, prunePlace, type PrunePlace } from './prune.ts'
import { replaceAll } from './repository.ts'

/** What every copy holds of its own. */
const ownPrefixes = ['writing/', 'uses/', 'prune/']

/** A storage with an address of its own, so that messages tell two in memory apart. */
export function named(storage: Storage, address: string): Storage {
  return { ...storage, address }
}

/** Two copies of a repository, each in a storage with a clock of its own. */
export async function twoCopies(): Promise<{ a: PrunePlace; b: PrunePlace }> {
  const clock = movingClock()
  const a = await prunePlace(named(openMemoryStorage({ clock }), 'memory:a'))
  return { a: { ...a, clock }, b: await copyOf({ ...a, clock }, 'memory:b') }
}

/** Another storage with the same objects; its clock begins where the other's is. */
export async function copyOf(place: PrunePlace, address = place.storage.address): Promise<PrunePlace> {
  const clock = movingClock()
  const storage = named(openMemoryStorage({ clock }), address)
  await replaceAll(place.storage, storage)
  clock.pass(place.clock.now().getTime() - clock.now().getTime())
  return { ...place, storage, clock }
}

/** Begins a backup into both. */
export async function beginInBoth(
  { credentials, clock }: PrunePlace,
  storages: readonly Storage[],
  o: { readonly patienceMs?: number } = {},
): Promise<BackupWriter> {
  const opened = withNewestKeys(await openCopies({ storages, trust: { host: credentials } }))
  const [repository, ...others] = opened.copies
  if (repository === undefined) throw new Error('no copy')
  return await beginBackup({ repository, others, credentials, clock, threads: 1, ...o })
}

/** A backup of these rows into both. What became of each copy, by address. */
export async function backUpBoth(
  place: PrunePlace,
  storages: readonly Storage[],
  rows: readonly string[],
  o: { readonly patienceMs?: number } = {},
) {
  await using writer = await beginInBoth(place, storages, o)
  const manifest = await finish(place, writer, rows)
  const failures = new Map(writer.copies().map(({ address, failed }) => [address, failed?.code ?? null]))
  return { id: manifest.id, failures, copies: writer.copies() }
}

/** Brings `b` up to date from `a`, as `holdfast copy` does. */
export async function copyOver(
  a: PrunePlace,
  b: { readonly storage: Storage },
  changes: Partial<CopyRequest> = {},
): Promise<CopyReport & Pick<ReadyCopy, 'made' | 'keys'>> {
  const { credentials, clock } = a
  const from = await openRepository({ storage: a.storage, trust: { host: credentials } })
  const { to, keyset, made, keys } = await readyCopy({
    from,
    storage: b.storage,
    repair: changes.repair ?? false,
  })
  const usual = { from, to, keyset, credentials, backups: null, opener: null, repair: false, clock }
  return { ...(await copyRepository({ ...usual, ...changes })), made, keys }
}

/** Keys of all objects that copies have in common when they are up to date. */
export async function sharedKeys(storage: Storage): Promise<string[]> {
  const keys = await keysBelow(storage, '')
  return keys.filter((key) => !ownPrefixes.some((prefix) => key.startsWith(prefix)))
}
