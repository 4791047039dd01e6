import { HoldfastError } from '../../lib/errors.ts'
import type { HttpAnswer } from '../remote/http.ts'
import type { Retry } from '../retry.ts'
import type { CallOptions } from '../storage.ts'
import type { GoogleConnection } from './client.ts'

/** What has become of an upload: bytes that the service has got, or how it ended. `forgotten`: the service knows it no more. */
type Progress = number | 'stored' | 'exists' | 'forgotten'

/** How often a service may say that it has got no more than before. */
const mostStandstills = 5

/** An object that is to be put. */
export interface UploadTarget {
  readonly connection: GoogleConnection
  /** Where uploads into the bucket are sent. */
  readonly to: string
  readonly name: string
  readonly data: Uint8Array
  readonly call: CallOptions | undefined
}

/** As a `put` of the contract, in one request. */
export async function putWhole(o: UploadTarget): Promise<'stored' | 'exists'> {
  const { status } = await o.connection.request({
    method: 'POST',
    to: o.to,
    query: { uploadType: 'media', name: o.name, ifGenerationMatch: '0', fields: 'name' },
    headers: { 'content-type': 'application/octet-stream' },
    body: o.data,
    accepted: [412],
    signal: o.call?.signal,
  })
  return status === 412 ? 'exists' : 'stored'
}

/**
 * As a `put` of the contract, in pieces, one after the other. When one fails, the service is asked how much it has got, and goes on from there: also
 * where the answer to the last piece was lost. Nothing is seen under the key before that, and it is refused if the key was taken meanwhile.
 * An upload that fails is given up; one whose process is killed the service forgets after a week.
 */
export async function putInPieces(
  o: UploadTarget & {
    /** Of each piece but the last; a multiple of 256 KiB. */
    readonly size: number
    readonly retry: Retry
    readonly explain: (thrown: unknown) => HoldfastError
  },
): Promise<'stored' | 'exists'> {
  const { connection, data, call } = o
  const signal = call?.signal
  const begun = await connection.request({
    method: 'POST',
    to: o.to,
    query: { uploadType: 'resumable', name: o.name, ifGenerationMatch: '0' },
    headers: { 'x-upload-content-length': String(data.length) },
    body: new Uint8Array(),
    accepted: [412],
    signal,
  })
  if (begun.status === 412) return 'exists'
  const { location = '' } = begun.headers
  if (!URL.canParse(location)) throw o.explain(new Error('the service does not say where to upload to'))
  const session = new URL(location)

  async function send(range: string, body: Uint8Array): Promise<Progress> {
    const headers = { 'content-range': range }
    const request = {
      method: 'PUT',
      to: new URL(session),
      headers,
      body,
      accepted: [308, 404, 410, 412],
      signal,
    }
    return progressOf(await connection.request(request))
  }

  /** Null: to be asked for. */
  let got: number | null = 0
  async function goOn(): Promise<Progress> {
    const from = got
    got = null
    try {
      if (from === null) return await send(`bytes */${data.length}`, new Uint8Array())
      const piece = data.subarray(from, from + o.size)
      return await send(`bytes ${from}-${from + piece.length - 1}/${data.length}`, piece)
    } catch (error) {
      throw o.explain(error)
    }
  }

  try {
    for (let last = 0, standstills = 0; ;) {
      const progress = await o.retry(goOn, call)
      if (progress === 'forgotten') throw forgotten()
      if (typeof progress !== 'number') return progress
      standstills = progress > last ? 0 : standstills + 1
      if (standstills > mostStandstills) throw o.explain(new Error('the upload does not go on'))
      last = progress
      got = progress
    }
  } catch (error) {
    // Its own signal may have fired; this one request is sent all the same.
    await connection.request({ method: 'DELETE', to: session, accepted: [499] }).catch(() => undefined)
    throw error
  }
}

function progressOf({ status, headers }: HttpAnswer): Progress {
  if (status === 412) return 'exists'
  if (status === 404 || status === 410) return 'forgotten'
  if (status !== 308) return 'stored'
  const [, last] = /^bytes=0-(\d+)$/.exec(headers['range'] ?? '') ?? []
  return last === undefined ? 0 : Number(last) + 1
}

/** To be tried again from the beginning, by who tries calls again. */
function forgotten(): HoldfastError {
  return new HoldfastError('storage_busy', 'The storage has forgotten an upload that was under way.')
}
