import { randomBytes } from 'node:crypto'
import { isHoldfastError } from '../lib/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { backupId } from './format/fields.ts'
import { isGoing } from './prune-plans.ts'
import { deadAfterMs, keepAlive, readTraces } from './sign-of-life.ts'

const usePrefix = 'uses/'

/** Keeps what is being read from being pruned, for as long as it is held. */
export interface Use extends AsyncDisposable {
  /**
   * `kept`: no prune removes it. `unmarked`: the storage can't be written to, so no prune knows of this use. `going`: a prune may be
   * removing it right now, or was broken off when it was to.
   */
  readonly state: 'kept' | 'unmarked' | 'going'
}

/**
 * Marks a backup, or what a restore has left, as in use: before what it names is read. Reading goes on without, since a credential that
 * may only read must be enough to restore.
 */
export async function markUse(o: { storage: Storage; id: string } & CallOptions): Promise<Use> {
  const { storage, id, signal } = o
  if (storage.fixed) return { state: 'kept', [Symbol.asyncDispose]: () => Promise.resolve() }
  const prefix = `${usePrefix}${id}/${randomBytes(8).toString('hex')}/`
  try {
    await storage.put(`${prefix}begun`, new Uint8Array(), { signal })
  } catch (error) {
    if (!isHoldfastError(error) || error.code === 'cancelled') throw error
    return { state: 'unmarked', [Symbol.asyncDispose]: () => Promise.resolve() }
  }
  const alive = keepAlive(storage, prefix)
  return {
    state: (await isGoing(storage, id, { signal })) ? 'going' : 'kept',
    async [Symbol.asyncDispose]() {
      alive[Symbol.dispose]()
      await storage.put(`${prefix}ended`, new Uint8Array()).catch(() => undefined)
    },
  }
}

/** Ids of what is in use, and the keys of marks whose use has ended. `now` is the storage's time. */
export async function readUses(
  o: { storage: Storage; now: Date } & CallOptions,
): Promise<{ readonly used: ReadonlySet<string>; readonly ended: readonly string[] }> {
  const used = new Set<string>()
  const ended: string[] = []
  for (const [whose, { parts, seen }] of await readTraces(o.storage, usePrefix, o)) {
    const [id = ''] = whose.split('/')
    if (!backupId.test(id)) continue
    if (!parts.has('ended') && o.now.getTime() - seen.getTime() <= deadAfterMs) used.add(id)
    // The end goes last: else what is left would look like one that goes on.
    else for (const what of [...parts.keys()].sort((a, b) => Number(a === 'ended') - Number(b === 'ended'))) ended.push(`${usePrefix}${whose}/${what}`) // prettier-ignore
  }
  return { used, ended }
}
