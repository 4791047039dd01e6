import { randomUUID } from 'node:crypto'
import type { BlockBlobClient } from '@azure/storage-blob'
import { eachLimited } from '../../lib/async.ts'
import type { HoldfastError } from '../../lib/errors.ts'
import { partSize, partsAtOnce, type PartSizes } from '../remote/parts.ts'
import type { Retry } from '../retry.ts'
import type { CallOptions } from '../storage.ts'
import { sending } from './client.ts'
import { isAnswer } from './errors.ts'

/** A blob that is to be put. */
export interface PutTarget {
  readonly blob: BlockBlobClient
  readonly data: Uint8Array
  readonly call: CallOptions | undefined
}

const ifFree = { conditions: { ifNoneMatch: '*' } }

/** As a `put` of the contract, in one request. */
export async function putWhole({ blob, data, call }: PutTarget): Promise<'stored' | 'exists'> {
  try {
    await blob.upload(data, data.length, { ...sending(call), ...ifFree })
    return 'stored'
  } catch (error) {
    if (await isTaken(error, { blob, call })) return 'exists'
    throw error
  }
}

/**
 * As a `put` of the contract, in blocks, which are sent and tried again one by one. Nothing is seen under the key before the list of blocks is
 * committed, and that is refused if the key was taken meanwhile. Blocks that were staged and never committed the service removes after a week.
 */
export async function putInBlocks(
  o: PutTarget & {
    readonly sizes: PartSizes
    readonly retry: Retry
    /** What a failure of the SDK means: only of that `retry` knows whether to try again. */
    readonly explain: (thrown: unknown) => HoldfastError
  },
): Promise<'stored' | 'exists'> {
  const { blob, data, call } = o
  const options = sending(call)
  if (await blob.exists(options)) return 'exists'
  const size = partSize(data.length, o.sizes)
  // Blocks of all writers of a key lie in one place, so names must be of one length, and of nobody else.
  const upload = randomUUID()
  const names = Array.from({ length: Math.ceil(data.length / size) }, (_, index) =>
    Buffer.from(`${upload}-${String(index).padStart(6, '0')}`).toString('base64'),
  )
  await eachLimited(names.entries(), partsAtOnce, async ([index, name]) => {
    const block = data.subarray(index * size, (index + 1) * size)
    const send = async () => {
      try {
        await blob.stageBlock(name, block, block.length, options)
      } catch (error) {
        throw o.explain(error)
      }
    }
    await o.retry(send, call)
  })
  try {
    await blob.commitBlockList(names, { ...options, ...ifFree })
    return 'stored'
  } catch (error) {
    if (await isTaken(error, o)) return 'exists'
    throw error
  }
}

/** True if a put was refused because there is such a blob. */
async function isTaken(error: unknown, { blob, call }: Omit<PutTarget, 'data'>): Promise<boolean> {
  if (isAnswer(error, 412, 'BlobAlreadyExists')) return true
  // Who may only create is refused where there is a blob, as everybody is where it may not be changed; and who commits first
  // takes the blocks of all others away.
  const unclear = isAnswer(error, 403, 'BlobImmutableDueToPolicy', 'InvalidBlockList')
  return unclear && (await blob.exists(sending(call)).catch(() => false))
}
