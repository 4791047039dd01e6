import { eachLimited } from '../../lib/async.ts'
import type { HoldfastError } from '../../lib/errors.ts'
import { partsAtOnce } from '../remote/parts.ts'
import type { Retry } from '../retry.ts'
import type { CallOptions, Lock } from '../storage.ts'
import { sending, type S3Connection } from './client.ts'
import { isAnswer } from './errors.ts'
import { lockParameters, wantsDigest, withDigest } from './locks.ts'

/** An object that is to be put, and with what. */
export interface PartsTarget {
  readonly connection: S3Connection
  readonly bucket: string
  readonly prefix: string
  readonly key: string
  readonly retry: Retry
  /** What a failure of the SDK means: only of that `retry` knows whether to try again. */
  readonly explain: (thrown: unknown) => HoldfastError
  readonly call: CallOptions | undefined
  /** The server wants the digest of what is put. */
  readonly digested: boolean
}

/**
 * As a `put` of the contract, in parts, which are sent and tried again one by one. Nothing is seen under the key before the
 * upload is completed, and that is refused if the key was taken meanwhile. An upload that fails is aborted. One whose process is killed
 * stays with the server, unseen, until it is aborted: a rule of the bucket's life cycle does that.
 */
export async function putInParts(
  o: PartsTarget & {
    readonly data: Uint8Array
    readonly size: number
    readonly lock: Lock | undefined
  },
): Promise<'stored' | 'exists'> {
  const { connection, call } = o
  if (await isTaken(o)) return 'exists'
  const { sdk, client } = connection
  const target = { Bucket: o.bucket, Key: o.prefix + o.key }
  const abort = sending(call)
  const begun = await client.send(
    new sdk.CreateMultipartUploadCommand({ ...target, ...lockParameters(o.lock) }),
    abort,
  )
  const upload = { ...target, UploadId: begun.UploadId }
  try {
    const { size } = o
    const numbers = Array.from({ length: Math.ceil(o.data.length / size) }, (_, index) => index + 1)
    const parts: { PartNumber: number; ETag: string | undefined }[] = []
    await eachLimited(numbers, partsAtOnce, async (number) => {
      const Body = o.data.subarray((number - 1) * size, number * size)
      const part = { ...upload, PartNumber: number, Body, ContentLength: Body.length }
      const send = async () => {
        try {
          const command = new sdk.UploadPartCommand(part)
          return await client.send(o.digested ? withDigest(command) : command, abort)
        } catch (error) {
          throw o.explain(error)
        }
      }
      const { ETag } = await o.retry(send, call)
      parts.push({ PartNumber: number, ETag })
    })
    const MultipartUpload = { Parts: parts.sort((a, b) => a.PartNumber - b.PartNumber) }
    await client.send(
      new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload, IfNoneMatch: '*' }),
      abort,
    )
    return 'stored'
  } catch (error) {
    // Its own signal may have fired; this one request is sent all the same.
    await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => undefined)
    if (isAnswer(error, 412)) return 'exists'
    throw error
  }
}

/**
 * Whether the server heeds `If-None-Match` when an upload is completed. Many heed it with a plain put only, and would let the last of
 * two writers replace the object of the first without a word. It is asked with an object of its own, below `tmp/`, which
 * belongs to the drivers and is never listed.
 */
export async function completesConditionally(o: PartsTarget): Promise<boolean> {
  const probe = { ...o, key: 'tmp/conditional' }
  const { sdk, client } = o.connection
  const object = { Bucket: o.bucket, Key: o.prefix + probe.key, Body: 'x', IfNoneMatch: '*' }
  const abort = sending(o.call)
  const digest = <C extends { readonly middlewareStack: object }>(command: C): C =>
    o.digested ? withDigest(command) : command
  try {
    await client.send(digest(new sdk.PutObjectCommand(object)), abort)
  } catch (error) {
    if (!o.digested && wantsDigest(error)) return await completesConditionally({ ...o, digested: true })
    if (!isAnswer(error, 412)) throw error
  }
  const upload = await client.send(
    new sdk.CreateMultipartUploadCommand({ Bucket: object.Bucket, Key: object.Key }),
    abort,
  )
  const { Bucket, Key } = object
  const { UploadId } = upload
  try {
    const part = await client.send(
      digest(new sdk.UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'x' })),
      abort,
    )
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] }
    await client.send(
      new sdk.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload, IfNoneMatch: '*' }),
      abort,
    )
    return false
  } catch (error) {
    await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(() => undefined)
    if (isAnswer(error, 412)) return true
    // A server that knows no such header in this place refuses it.
    if (isAnswer(error, 400, 501)) return false
    throw error
  }
}

async function isTaken({
  connection: { sdk, client },
  bucket,
  prefix,
  key,
  call,
}: PartsTarget): Promise<boolean> {
  try {
    await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: prefix + key }), sending(call))
    return true
  } catch (error) {
    if (isAnswer(error, 404)) return false
    throw error
  }
}
