import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import { checkKey, checkPrefix, isKey } from '../key.ts'
import { remoteCalls } from '../remote/calls.ts'
import type { HttpAnswer } from '../remote/http.ts'
import { usualParts, type PartSizes } from '../remote/parts.ts'
import type { Retry } from '../retry.ts'
import { throwIfCancelled } from '../signal.ts'
import type { CallOptions, ObjectInfo, Storage } from '../storage.ts'
import { printGoogleAddress } from './address.ts'
import { openClient, type GoogleConnection, type GoogleOptions } from './client.ts'
import { googleError, isStatus } from './errors.ts'
import { putInPieces, putWhole } from './upload.ts'

/** A storage whose bucket can also be asked about. */
export interface GoogleStorage extends Storage {
  /** The connection, for `facts.ts`. Opened when it is first needed. */
  connect(): Promise<GoogleConnection>
}

/** What the service tells of an object, as far as it is asked. Sizes are texts there. */
interface Described {
  readonly name?: string
  readonly size?: string
  readonly timeCreated?: string
}

const fields = 'name,size,timeCreated'

/**
 * Objects in a bucket, by the service's JSON interface. `put` asks for generation 0, which is to say that there is no such object: the service itself lets one
 * of several writers win, and shows nobody a part of an object. Touches nothing when it is opened. `retry`: for the requests that one call
 * consists of: pages of a list, pieces of a large object; left out: one attempt each.
 */
export function openGoogleStorage(
  options: GoogleOptions & { readonly retry?: Retry; readonly parts?: PartSizes },
): GoogleStorage {
  const { location, retry = (work) => work(), parts = usualParts } = options
  const { bucket, prefix } = location
  const { connect, run } = remoteCalls({
    root: `gs://${bucket}/${prefix}`,
    open: () => openClient(options),
    error: (thrown, call) => googleError(thrown, { ...call, bucket }),
  })
  const objects = `/storage/v1/b/${bucket}/o`
  const uploads = `/upload${objects}`
  let bucketSeen = false

  function pathOf(key: string): string {
    return `${objects}/${encodeURIComponent(prefix + key)}`
  }

  async function describe(
    { request }: GoogleConnection,
    key: string,
    call?: CallOptions,
  ): Promise<Described> {
    const answer = await request({ method: 'GET', to: pathOf(key), query: { fields }, signal: call?.signal })
    return jsonOf(answer) as Described
  }

  async function isThere(connection: GoogleConnection, key: string, call?: CallOptions): Promise<boolean> {
    return await describe(connection, key, call).then(
      () => true,
      () => false,
    )
  }

  /** What is not there may be the object, or all of the bucket. */
  async function requireBucket({ request }: GoogleConnection, call?: CallOptions): Promise<void> {
    if (bucketSeen) return
    const query = { maxResults: '1', fields: 'nextPageToken' }
    try {
      await request({ method: 'GET', to: objects, query, signal: call?.signal })
    } catch (error) {
      if (isStatus(error, 404)) {
        throw new HoldfastError('storage_bucket_missing', `There is no bucket ${bucket}.`, { cause: error })
      }
      // Who may not ask for the bucket has a bucket.
      if (!isStatus(error, 403)) throw error
    }
    bucketSeen = true
  }

  return {
    address: printGoogleAddress(location),
    connect,

    async put(key, data, call) {
      checkKey(key)
      return await run('write', key, call, async (connection, explain) => {
        const name = prefix + key
        const target = { connection, to: uploads, name, data, call }
        try {
          if (data.length < parts.from) return await putWhole(target)
          return await putInPieces({ ...target, size: parts.size, retry, explain })
        } catch (error) {
          // Who may only create is refused where there is an object: to replace one takes the right to delete.
          const denied = isStatus(error, 403) || isHoldfastError(error, 'storage_denied')
          if (denied && (await isThere(connection, key, call))) return 'exists'
          throw error
        }
      })
    },

    async get(key, call) {
      checkKey(key)
      const { offset = 0, length = Infinity } = call ?? {}
      return await run('read', key, call, async (connection) => {
        const end = length === Infinity ? '' : offset + Math.max(length, 1) - 1
        const ranged = offset > 0 || length !== Infinity
        try {
          const { status, body } = await connection.request({
            method: 'GET',
            to: pathOf(key),
            query: { alt: 'media' },
            headers: ranged ? { range: `bytes=${offset}-${end}` } : {},
            accepted: [416],
            signal: call?.signal,
          })
          if (status === 416) return new Uint8Array()
          // A server may know no ranges, or may be asked for one byte where none is wanted.
          const from = ranged && status !== 206 ? offset : 0
          return body.length - from > length || from > 0 ? body.slice(from, from + length) : body
        } catch (error) {
          if (isStatus(error, 404)) await requireBucket(connection, call)
          throw error
        }
      })
    },

    async head(key, call) {
      checkKey(key)
      return await run('read', key, call, async (connection) => {
        try {
          return infoOf(key, await describe(connection, key, call))
        } catch (error) {
          if (!isStatus(error, 404)) throw error
          await requireBucket(connection, call)
          return null
        }
      })
    },

    async *list(under, call) {
      checkPrefix(under)
      let from: string | undefined
      do {
        const query = {
          prefix: prefix + under,
          fields: `items(${fields}),nextPageToken`,
          ...(from === undefined ? {} : { pageToken: from }),
        }
        const page = await retry(
          () =>
            run('list', under, call, async ({ request }) => {
              const answer = await request({ method: 'GET', to: objects, query, signal: call?.signal })
              return jsonOf(answer) as { items?: readonly Described[]; nextPageToken?: string }
            }),
          call,
        )
        for (const described of page.items ?? []) {
          throwIfCancelled(call)
          const key = (described.name ?? '').slice(prefix.length)
          // What others put into the bucket, such as a console's marks of folders, is passed over.
          if (isKey(key)) yield infoOf(key, described)
        }
        from = page.nextPageToken
      } while (from !== undefined)
    },

    async delete(key, call) {
      checkKey(key)
      await run('delete', key, call, async (connection) => {
        try {
          await connection.request({ method: 'DELETE', to: pathOf(key), signal: call?.signal })
        } catch (error) {
          if (!isStatus(error, 404)) throw error
          await requireBucket(connection, call)
        }
      })
    },
  }
}

function infoOf(key: string, { size, timeCreated = '' }: Described): ObjectInfo {
  return { key, size: Number(size ?? 0), modified: new Date(timeCreated) }
}

function jsonOf({ body }: HttpAnswer): unknown {
  return JSON.parse(Buffer.from(body).toString())
}
