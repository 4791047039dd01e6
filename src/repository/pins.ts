import { eachLimited } from '../lib/async.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import { backupId, manifestKey } from './format/fields.ts'
import { decodePin, encodePin, pinKey, pinPrefix, type Pin } from './format/pin.ts'
import { requireAdmitted } from './hostfile.ts'
import { newId } from './ids.ts'
import { getIfPresent, putOnce } from './manifests.ts'
import { isGoing } from './prune-plans.ts'
import type { HostCredentials, Repository } from './types.ts'

/** An object that keeps a backup. Whatever lies there keeps it, read or not: to keep one too many does no harm. */
export interface StoredPin {
  readonly key: string
  readonly backup: string
  /** Null: it is not accepted, for the reason in `fault`. */
  readonly pin: Pin | null
  readonly fault: string | null
}

const readsAtOnce = 4

/**
 * Keeps a backup from being pruned until it is unpinned. Needs a host file, as backing up does. Throws `backup_not_found` if a prune
 * has removed it meanwhile, `backup_going` if one may be about to, `host_not_admitted`.
 */
export async function putPin(
  o: {
    repository: Repository
    credentials: HostCredentials
    /** Id of a backup that was found. */
    backup: string
    when: Date
    reason: string
    who: string
    /** Its id, if it is to be the same in several copies. */
    id?: string
  } & CallOptions,
): Promise<Pin> {
  const { repository, credentials, backup, when, reason, who, signal } = o
  requireAdmitted(repository.keyset, credentials)
  const pin: Pin = {
    format: 1,
    backup,
    pin: o.id ?? newId(when),
    when: when.toISOString(),
    reason,
    who,
    host: credentials.host,
  }
  const key = pinKey(pin)
  if (!(await putOnce(repository.storage, key, encodePin(pin, credentials), { signal })))
    throw new HoldfastError('storage_failed', `${key} is taken by another object`)
  if ((await repository.storage.head(manifestKey(backup), { signal })) === null)
    throw new HoldfastError('backup_not_found', `The backup ${backup} was removed by a prune meanwhile`)
  if (await isGoing(repository.storage, backup, { signal })) {
    throw new HoldfastError('backup_going', `The backup ${backup} may be going at this moment; the pin counts for the next prune.`) // prettier-ignore
  }
  return pin
}

/** All pins by the id of the backup that they keep, the oldest first. `backup`: only those of this one. */
export async function readPins(
  o: { repository: Pick<Repository, 'storage' | 'keyset'>; backup?: string } & CallOptions,
): Promise<ReadonlyMap<string, readonly StoredPin[]>> {
  const { repository, backup, signal } = o
  const keys = await listPins(repository, backup, { signal })
  const pins: StoredPin[] = []
  await eachLimited(keys, readsAtOnce, async (key) => {
    const of = key.split('/')[1] ?? ''
    const bytes = await getIfPresent(repository.storage, key, { signal })
    if (bytes === null) return
    try {
      const pin = decodePin({ key, hosts: repository.keyset.hosts, bytes })
      pins.push({ key, backup: of, pin, fault: null })
    } catch (error) {
      if (!isHoldfastError(error)) throw error
      pins.push({ key, backup: of, pin: null, fault: error.message })
    }
  })
  pins.sort((a, b) => (a.key < b.key ? -1 : 1))
  return Map.groupBy(pins, (one) => one.backup)
}

/** Lets a backup go: deletes its pins, which takes the right to delete in the storage. How many there were. */
export async function removePins(
  o: { repository: Pick<Repository, 'storage'>; backup: string } & CallOptions,
): Promise<number> {
  const keys = await listPins(o.repository, o.backup, o)
  for (const key of keys) await o.repository.storage.delete(key, { signal: o.signal })
  return keys.length
}

/** Why a backup is kept, in words that can be shown. */
export function pinReason(pins: readonly StoredPin[]): string {
  return pins.map(({ pin }) => pin?.reason ?? 'by a pin that can not be read').join('; ')
}

async function listPins(
  { storage }: Pick<Repository, 'storage'>,
  backup: string | undefined,
  { signal }: CallOptions,
): Promise<string[]> {
  const keys: string[] = []
  const prefix = backup === undefined ? pinPrefix : `${pinPrefix}${backup}/`
  for await (const { key } of storage.list(prefix, { signal }))
    if (backupId.test(key.split('/')[1] ?? '')) keys.push(key)
  return keys
}
