import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import {
  damagedKey,
  damagedName,
  damagedPrefix,
  decodeDamaged,
  encodeDamaged,
  type DamagedList,
} from './format/damaged.ts'
import type { Signer } from './format/writer-mark.ts'
import { getIfPresent, putOnce } from './manifests.ts'
import type { Keyset } from './types.ts'

/** What is known to be hurt. */
export interface KnownDamage extends Pick<DamagedList, 'number' | 'chunks' | 'backups'> {
  /** Objects in the place of newer lists that are not accepted. */
  readonly refused: readonly { readonly key: string; readonly code: string; readonly reason: string }[]
}

/** Where the list lies, and who may have signed it. */
export interface DamagePlace {
  readonly storage: Storage
  readonly keyset: Pick<Keyset, 'ownerKey' | 'hosts'>
}

/** The newest list that counts. Number 0: there was never anything. */
export async function readDamaged(
  { storage, keyset }: DamagePlace,
  options: CallOptions = {},
): Promise<KnownDamage> {
  const keys: string[] = []
  for await (const { key } of storage.list(damagedPrefix, options))
    if (damagedName.test(key.slice(damagedPrefix.length))) keys.push(key)
  const refused: { key: string; code: string; reason: string }[] = []
  for (const key of keys.sort().reverse()) {
    const bytes = await getIfPresent(storage, key, options)
    if (bytes === null) continue
    try {
      return { ...decodeDamaged({ key, keyset, bytes }), refused }
    } catch (error) {
      if (!isHoldfastError(error)) throw error
      refused.push({ key, code: error.code, reason: error.message })
    }
  }
  return { number: 0, chunks: [], backups: [], refused }
}

const attempts = 100

/**
 * Changes what is known to be hurt. `change` is given the newest list, again if somebody else was quicker, and null from it means that there is
 * nothing to change. A number that is taken by what is no list is passed over.
 */
export async function changeDamaged(
  o: {
    readonly place: DamagePlace
    readonly signer: Signer
    readonly when: Date
    readonly change: (known: KnownDamage) => Pick<DamagedList, 'chunks' | 'backups'> | null
  } & CallOptions,
): Promise<void> {
  const { place, signer, when, change, signal } = o
  let passed = 0
  for (let attempt = 0; attempt < attempts; attempt++) {
    const known = await readDamaged(place, { signal })
    const changed = change(known)
    if (changed === null) return
    const number = known.number + 1 + passed
    const chunks = changed.chunks.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const list: DamagedList = {
      format: 1,
      number,
      when: when.toISOString(),
      chunks,
      backups: changed.backups,
    }
    const key = damagedKey(number)
    if (await putOnce(place.storage, key, encodeDamaged(list, signer), { signal })) return
    const now = await readDamaged(place, { signal })
    passed = now.number === known.number ? passed + 1 : 0
  }
  throw new HoldfastError(
    'storage_failed',
    `What is hurt could not be written down below ${damagedPrefix}: its names are taken.`,
  )
}
