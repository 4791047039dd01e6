import { isHoldfastError } from '../../lib/errors.ts'
import { checkKey, checkPrefix, isKey } from '../key.ts'
import { readBody } from '../remote/body.ts'
import { remoteCalls } from '../remote/calls.ts'
import { usualParts, type PartSizes } from '../remote/parts.ts'
import type { Retry } from '../retry.ts'
import { throwIfCancelled } from '../signal.ts'
import type { ObjectInfo, Storage } from '../storage.ts'
import { printAzureAddress } from './address.ts'
import { openClient, sending, type AzureConnection, type AzureOptions } from './client.ts'
import { azureError, isAnswer } from './errors.ts'
import { putInBlocks, putWhole } from './put.ts'

/** A storage whose container can also be asked about. */
export interface AzureStorage extends Storage {
  /** The connection, for `facts.ts`. Opened when it is first needed. */
  connect(): Promise<AzureConnection>
}

/** The most that the service takes in one request. */
const largestPut = 5000 * 1024 ** 2
/** The most that the service gives out in one page of a list. */
const pageSize = 5000

/**
 * Block blobs in a container. `put` sends `If-None-Match: *`: the service itself lets one of several writers win, and shows nobody a part
 * of a blob. Touches nothing when it is opened. `retry`: for the requests that one call consists of: pages of a list, blocks of a large
 * blob; left out: one attempt each.
 */
export function openAzureStorage(
  options: AzureOptions & { readonly retry?: Retry; readonly parts?: PartSizes },
): AzureStorage {
  const { location, retry = (work) => work(), parts = usualParts } = options
  const { container, prefix } = location
  const { connect, run } = remoteCalls({
    root: `azblob://${container}/${prefix}`,
    open: () => openClient(options),
    error: (thrown, call) => azureError(thrown, { ...call, container }),
  })
  let mayStage = true

  return {
    address: printAzureAddress(location),
    connect,

    async put(key, data, call) {
      checkKey(key)
      return await run('write', key, call, async (connection, explain) => {
        const blob = connection.container.getBlockBlobClient(prefix + key)
        if (data.length >= parts.from && mayStage) {
          try {
            return await putInBlocks({ blob, data, sizes: parts, retry, explain, call })
          } catch (error) {
            // To stage blocks takes the right to overwrite. Who has only that to create can put a blob whole.
            if (!isHoldfastError(error, 'storage_denied') || data.length > largestPut) throw error
            mayStage = false
          }
        }
        return await putWhole({ blob, data, call })
      })
    },

    async get(key, call) {
      checkKey(key)
      const { offset = 0, length = Infinity } = call ?? {}
      return await run('read', key, call, async (connection) => {
        const blob = connection.container.getBlobClient(prefix + key)
        // No range is of no bytes: one is asked for where none is wanted.
        const count = length === Infinity ? undefined : Math.max(length, 1)
        try {
          const answer = await blob.download(offset, count, { ...sending(call), maxRetryRequests: 0 })
          const body = answer.readableStreamBody as AsyncIterable<Uint8Array>
          const bytes = await readBody(body, answer.contentLength)
          return bytes.length > length ? bytes.slice(0, length) : bytes
        } catch (error) {
          if (isAnswer(error, 416)) return new Uint8Array()
          throw error
        }
      })
    },

    async head(key, call) {
      checkKey(key)
      return await run('read', key, call, async (connection) => {
        try {
          const found = await connection.container.getBlobClient(prefix + key).getProperties(sending(call))
          return { key, size: found.contentLength ?? 0, modified: found.lastModified ?? new Date(0) }
        } catch (error) {
          if (isAnswer(error, 'BlobNotFound')) return null
          throw error
        }
      })
    },

    async *list(under, call) {
      checkPrefix(under)
      let from: string | undefined
      do {
        const page = await retry(
          () =>
            run('list', under, call, async (connection) => {
              const blobs = connection.container.listBlobsFlat({
                prefix: prefix + under,
                includeMetadata: true,
                ...sending(call),
              })
              const start = from === undefined ? {} : { continuationToken: from }
              return (await blobs.byPage({ maxPageSize: pageSize, ...start }).next()).value
            }),
          call,
        )
        for (const { name, properties, metadata } of page?.segment.blobItems ?? []) {
          throwIfCancelled(call)
          const key = name.slice(prefix.length)
          // In an account with a hierarchy, folders are told as blobs. What else others put into the container is passed over, too.
          if (metadata?.['hdi_isfolder'] === 'true' || !isKey(key)) continue
          const { contentLength: size = 0, lastModified: modified } = properties
          yield { key, size, modified } satisfies ObjectInfo
        }
        from = page?.continuationToken === '' ? undefined : page?.continuationToken
      } while (from !== undefined)
    },

    async delete(key, call) {
      checkKey(key)
      await run('delete', key, call, async (connection) => {
        try {
          await connection.container.getBlobClient(prefix + key).delete(sending(call))
        } catch (error) {
          if (!isAnswer(error, 'BlobNotFound')) throw error
        }
      })
    },
  }
}
