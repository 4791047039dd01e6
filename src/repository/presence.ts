import { randomBytes } from 'node:crypto'
import { HoldfastError } from '../lib/errors.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { encodeBegun, encodeWriterMark, writerKey, type Signer } from './format/writer-mark.ts'
import { listPlans, readablePlan } from './prune-plans.ts'
import { keepAlive } from './sign-of-life.ts'

/** A writer that has said that it is there. */
export interface Presence {
  /** Names of chunks that it must neither take over nor store: a prune may delete them at any moment. */
  readonly avoid: ReadonlySet<string>
  /** Says that nothing more will be stored. Never fails: who can't say so is taken for dead after a day. */
  end(): Promise<void>
  /** Shows no more sign of life, without saying so: where a document may still be on its way. */
  leave(): void
}

/**
 * Says in the storage that a writer is at work, before it looks at what is stored. The order is what keeps pruning safe, whatever any clock says: `begun` is
 * stored, then plans are read. So either a plan was there before, and is heeded, or who made it finds `begun`, and waits for this writer
 * before it deletes anything. docs/CONSISTENCY.md "Pruning takes nothing that is needed".
 */
export async function announceWriter(
  o: {
    storage: Storage
    signer: Signer
    /** Keys of the documents that it may store, none of which is there yet. */
    documents: readonly string[]
  } & CallOptions,
): Promise<Presence> {
  const { storage, signer, documents, signal } = o
  const writer = randomBytes(8).toString('hex')
  const put = async (what: string, bytes: Uint8Array): Promise<void> => {
    const key = writerKey(writer, what)
    if ((await storage.put(key, bytes, { signal })) === 'stored') return
    // Nobody else draws this number: an earlier try whose answer was lost.
    if (Buffer.from(await storage.get(key, { signal })).equals(bytes)) return
    throw new HoldfastError('storage_failed', `${key} is taken by another object`)
  }
  await put('begun', encodeBegun(documents))
  const avoid = new Set<string>()
  const plans: string[] = []
  for (const { id } of await listPlans(storage, { signal })) {
    const plan = await readablePlan(storage, id, { signal })
    if (plan === null) continue
    plans.push(id)
    for (const name of plan.chunks) avoid.add(name)
  }
  const mark = { format: 1, writer, documents, plans } as const
  await put('heeds', encodeWriterMark({ ...mark, state: 'heeds' }, signer))
  const alive = keepAlive(storage, writerKey(writer, ''))
  const leave = (): void => alive[Symbol.dispose]()
  return {
    avoid,
    leave,
    async end() {
      leave()
      const bytes = encodeWriterMark({ ...mark, state: 'ended' }, signer)
      await storage.put(writerKey(writer, 'ended'), bytes).catch(() => undefined)
    },
  }
}
