import { HoldfastError } from '../../lib/errors.ts'
import { checkKey, checkPrefix, isKey } from '../key.ts'
import { readBody } from '../remote/body.ts'
import { remoteCalls } from '../remote/calls.ts'
import { partSize, usualParts, type PartSizes } from '../remote/parts.ts'
import type { Retry } from '../retry.ts'
import { throwIfCancelled } from '../signal.ts'
import type { CallOptions, ObjectInfo, Storage } from '../storage.ts'
import { printS3Address } from './address.ts'
import { openClient, sending, type ClientOptions, type S3Connection } from './client.ts'
import { isAnswer, s3Error } from './errors.ts'
import { lockParameters, noLocks, s3Locks, wantsDigest, withDigest } from './locks.ts'
import { completesConditionally, putInParts } from './multipart.ts'

export interface S3Options extends ClientOptions {
  /** For the requests that one call consists of: pages of a list, parts of a large object. Left out: one attempt each. */
  readonly retry?: Retry
  readonly parts?: PartSizes
}

/** A storage whose bucket can also be asked about. */
export interface S3Storage extends Storage {
  /** The connection, for `facts.ts`. Opened when it is first needed. */
  connect(): Promise<S3Connection>
}

type PutOptions = Parameters<Storage['put']>[2]

/** The most that S3 takes in one request. */
const largestPut = 5 * 1024 ** 3

/**
 * Objects in a bucket. `put` sends `If-None-Match: *`: the server itself lets one of several writers win, and shows nobody a part
 * of an object. That it heeds this is found out when a repository is made. Touches nothing when it is opened.
 */
export function openS3Storage(options: S3Options): S3Storage {
  const { location, retry = (work) => work(), parts = usualParts } = options
  const { bucket, prefix } = location
  const address = printS3Address(location)
  const root = `s3://${bucket}/${prefix}`
  const { connect, run } = remoteCalls({
    root,
    open: () => openClient(options),
    error: (thrown, call) => s3Error(thrown, { ...call, bucket }),
  })
  let bucketSeen = false
  let conditional: Promise<boolean> | null = null
  /** The server has asked for digests. */
  let digests = false

  async function putWhole(
    { sdk, client }: S3Connection,
    key: string,
    data: Uint8Array,
    call: PutOptions,
  ): Promise<'stored' | 'exists'> {
    const command = new sdk.PutObjectCommand({
      Bucket: bucket,
      Key: prefix + key,
      Body: data,
      ContentLength: data.length,
      IfNoneMatch: '*',
      ...lockParameters(call?.lock),
    })
    const digested = digests || call?.lock !== undefined
    try {
      await client.send(digested ? withDigest(command) : command, sending(call))
      return 'stored'
    } catch (error) {
      if (isAnswer(error, 412)) return 'exists'
      if (!digested && wantsDigest(error)) {
        digests = true
        return await putWhole(await connect(), key, data, call)
      }
      throw call?.lock !== undefined && isAnswer(error, 'InvalidRequest') ? noLocks(bucket, error) : error
    }
  }

  /** In parts where the server can be relied on not to let the last of two writers win. */
  async function put(
    connection: S3Connection,
    key: string,
    data: Uint8Array,
    call: PutOptions,
    explain: (thrown: unknown) => HoldfastError,
  ): Promise<'stored' | 'exists'> {
    if (data.length >= parts.from) {
      const digested = digests || call?.lock !== undefined
      const target = { connection, bucket, prefix, key, retry, explain, call, digested }
      // Asked for all callers, so none of them can cancel it for the others.
      conditional ??= completesConditionally({ ...target, call: undefined, digested: digests })
      const inParts = await conditional.catch((error: unknown) => {
        conditional = null
        throw error
      })
      if (inParts)
        return await putInParts({ ...target, data, size: partSize(data.length, parts), lock: call?.lock })
    }
    if (data.length > largestPut) {
      throw new HoldfastError('storage_failed', `${root}${key} is too large to be stored in one piece`, {
        hint: 'Use a storage that heeds If-None-Match when an upload in parts is completed.',
      })
    }
    return await putWhole(connection, key, data, call)
  }

  /** A HEAD has no body, so its 404 does not say whether it is the object that is missing, or all of the bucket. */
  async function requireBucket({ sdk, client }: S3Connection, call?: CallOptions): Promise<void> {
    if (bucketSeen) return
    try {
      await client.send(new sdk.HeadBucketCommand({ Bucket: bucket }), sending(call))
    } catch (error) {
      if (isAnswer(error, 404)) {
        throw new HoldfastError('storage_bucket_missing', `There is no bucket ${bucket}.`, { cause: error })
      }
      // Who may not ask for the bucket has a bucket.
      if (!isAnswer(error, 403)) throw error
    }
    bucketSeen = true
  }

  return {
    address,
    connect,
    locks: s3Locks({ bucket, prefix, run }),

    async put(key, data, call) {
      checkKey(key)
      return await run('write', key, call, (connection, explain) => put(connection, key, data, call, explain))
    },

    async get(key, call) {
      checkKey(key)
      const { offset = 0, length = Infinity } = call ?? {}
      return await run('read', key, call, async ({ sdk, client }) => {
        const end = length === Infinity ? '' : offset + Math.max(length, 1) - 1
        const ranged = offset > 0 || length !== Infinity
        const command = new sdk.GetObjectCommand({
          Bucket: bucket,
          Key: prefix + key,
          ...(ranged ? { Range: `bytes=${offset}-${end}` } : {}),
        })
        try {
          const answer = await client.send(command, sending(call))
          const bytes = await readBody(answer.Body as AsyncIterable<Uint8Array>, answer.ContentLength)
          // A server may know no ranges, or may be asked for one byte where none is wanted.
          const from = ranged && answer.ContentRange === undefined ? offset : 0
          return bytes.length - from > length || from > 0 ? bytes.slice(from, from + length) : bytes
        } catch (error) {
          if (isAnswer(error, 416)) return new Uint8Array()
          throw error
        }
      })
    },

    async head(key, call) {
      checkKey(key)
      return await run('read', key, call, async (connection) => {
        const { sdk, client } = connection
        try {
          const command = new sdk.HeadObjectCommand({ Bucket: bucket, Key: prefix + key })
          const answer = await client.send(command, sending(call))
          return { key, size: answer.ContentLength ?? 0, modified: answer.LastModified ?? new Date(0) }
        } catch (error) {
          if (!isAnswer(error, 404)) throw error
          await requireBucket(connection, call)
          return null
        }
      })
    },

    async *list(under, call) {
      checkPrefix(under)
      let from: string | undefined
      do {
        const page = await retry(
          () =>
            run('list', under, call, async ({ sdk, client }) => {
              const start = from === undefined ? {} : { ContinuationToken: from }
              const command = new sdk.ListObjectsV2Command({
                Bucket: bucket,
                Prefix: prefix + under,
                ...start,
              })
              return await client.send(command, sending(call))
            }),
          call,
        )
        for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
          throwIfCancelled(call)
          const key = Key.slice(prefix.length)
          // What others put into the bucket, such as a console's marks of folders, is passed over.
          if (isKey(key)) yield { key, size: Size, modified: wholeSeconds(LastModified) } satisfies ObjectInfo
        }
        from = page.IsTruncated === true ? page.NextContinuationToken : undefined
      } while (from !== undefined)
    },

    async delete(key, call) {
      checkKey(key)
      await run('delete', key, call, async ({ sdk, client }) => {
        await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: prefix + key }), sending(call))
      })
    },
  }
}

/** A HEAD tells no more than seconds; a list that told more would tell another time. */
function wholeSeconds(moment: Date): Date {
  return new Date(Math.floor(moment.getTime() / 1000) * 1000)
}
