import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HttpFault } from './http-proxy.ts'

/*
 * A small and strict server in this process that speaks as much of the JSON interface of Google's cloud storage as Holdfast does, as its
 * documentation has it. What a client of ours has no need to send it refuses. It is no proof of what the service itself does.
 */

export type GcsOperation =
  | 'put'
  | 'get'
  | 'describe'
  | 'list'
  | 'delete'
  | 'begin-upload'
  | 'put-piece'
  | 'ask-upload'
  | 'cancel-upload'
  | 'about-bucket'
  | 'token'

export interface GcsRequest {
  readonly operation: GcsOperation
  /** Of the object; empty for other operations. */
  readonly key: string
  /** 1 for the first request of this operation. */
  readonly number: number
}

/** `answer` may say why, in the words of the service. */
export type GcsFault = HttpFault & { readonly reason?: string }

export interface GcsServer {
  readonly endpoint: string
  /** The one that it takes. */
  readonly token: string
  /** Decides for each request. Null: nothing goes wrong. */
  faults: (request: GcsRequest) => GcsFault | null
  /** By how much its clock is ahead. */
  clockAheadMs: number
  /** What it says about its bucket. */
  about: Readonly<Record<string, unknown>>
  /** Who pays, of the last request. */
  payer: string | undefined
  /** Requests so far, refused ones too. */
  readonly requests: readonly GcsRequest[]
  /** Uploads that were begun, and neither completed nor cancelled. */
  openUploads(): number
  /** Forgets them, as the service does in time. */
  forgetUploads(): void
  /** Puts an object there without a request. */
  place(key: string, data: Buffer): void
  stop(): void
}

interface Stored {
  readonly data: Buffer
  readonly created: Date
}

interface Upload {
  readonly key: string
  readonly length: number
  readonly got: Buffer[]
  stored: boolean
}

const bucket = 'bucket'
const unit = 256 * 1024

/** A failure that is the answer. */
class Refusal extends Error {
  readonly status: number
  readonly reason: string
  constructor(status: number, reason: string) {
    super(`${reason} (${status})`)
    this.status = status
    this.reason = reason
  }
}

/** `page`: objects in one page of a list. `keeps`: as much of a piece as is kept, where a service keeps less than it was sent. */
export async function startGcsServer({ page = 1000, keeps = Infinity } = {}): Promise<GcsServer> {
  const objects = new Map<string, Stored>()
  const uploads = new Map<string, Upload>()
  const requests: GcsRequest[] = []
  const token = randomBytes(20).toString('hex')
  const now = (): Date => new Date(Date.now() + server.clockAheadMs)

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    const url = new URL(request.url ?? '/', 'http://x')
    const { operation, key } = operationOf(request, url)
    const number = requests.filter((one) => one.operation === operation).length + 1
    requests.push({ operation, key, number })
    const fault = server.faults({ operation, key, number })
    const { socket } = request
    response.setHeader('date', now().toUTCString())
    if (fault?.kind === 'hang') return
    if (fault?.kind === 'cut') {
      socket.resetAndDestroy()
      return
    }
    try {
      if (fault?.kind === 'answer') {
        for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value)
        throw new Refusal(fault.status, fault.reason ?? '')
      }
      const data = act({ operation, key, request, url, body, response })
      if (fault?.kind === 'lost') {
        socket.resetAndDestroy()
        return
      }
      response.setHeader('content-length', data.length)
      if (fault === null) {
        response.end(data)
        return
      }
      response.write(data.subarray(0, Math.floor(data.length / 2)), () => {
        if (fault.kind === 'half') socket.resetAndDestroy()
      })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { status, reason, message } = error
      response.statusCode = status
      // To who reads an object's bytes it speaks plainly.
      if (url.searchParams.get('alt') === 'media' && reason !== '') response.end(message)
      else response.end(reason === '' ? '' : json({ error: { code: status, message, errors: [{ reason }] } }))
    }
  }

  /** Does what was asked, sets status and headers, and returns the answer's body. */
  function act(o: {
    readonly operation: GcsOperation
    readonly key: string
    readonly request: IncomingMessage
    readonly url: URL
    readonly body: Buffer
    readonly response: ServerResponse
  }): Buffer {
    const { operation, key, request, url, body, response } = o
    const { headers } = request
    const query = url.searchParams
    if (operation === 'token') return metadata(url, headers['metadata-flavor'], response)
    const session = operation.endsWith('-upload') || operation === 'put-piece'
    if (operation === 'begin-upload' || !session) {
      if (headers.authorization !== `Bearer ${token}`) throw new Refusal(401, 'authError')
      server.payer = headers['x-goog-user-project'] as string | undefined
      if (
        !url.pathname.startsWith(`/storage/v1/b/${bucket}`) &&
        !url.pathname.startsWith(`/upload/storage/v1/b/${bucket}/`)
      )
        throw new Refusal(404, 'notFound')
    } else if (headers.authorization !== undefined) throw new Refusal(400, 'invalid')
    if (headers['transfer-encoding'] !== undefined) throw new Refusal(400, 'invalid')
    const unlessTaken = (): void => {
      if (query.get('ifGenerationMatch') === '0' && objects.has(key))
        throw new Refusal(412, 'conditionNotMet')
    }
    switch (operation) {
      case 'put':
        allow(query, 'uploadType', 'name', 'ifGenerationMatch', 'fields')
        unlessTaken()
        objects.set(key, { data: body, created: now() })
        return json({ name: key })
      case 'describe':
        allow(query, 'fields')
        return json(described(key, found(key)))
      case 'get': {
        allow(query, 'alt')
        return ranged(found(key).data, headers.range, response)
      }
      case 'list':
        allow(query, 'prefix', 'fields', 'pageToken', 'maxResults')
        return listed(query)
      case 'delete':
        allow(query)
        found(key)
        objects.delete(key)
        response.statusCode = 204
        return Buffer.alloc(0)
      case 'about-bucket':
        allow(query, 'fields')
        return json(server.about)
      case 'begin-upload': {
        allow(query, 'uploadType', 'name', 'ifGenerationMatch')
        unlessTaken()
        const id = randomUUID()
        const length = Number(headers['x-upload-content-length'])
        uploads.set(id, { key, length, got: [], stored: false })
        response.setHeader('location', `${server.endpoint}/upload/storage/v1/b/${bucket}/o?upload_id=${id}`)
        return Buffer.alloc(0)
      }
      case 'put-piece':
      case 'ask-upload':
        return goOn(uploadOf(query), headers['content-range'] ?? '', body, response)
      case 'cancel-upload':
        uploadOf(query)
        uploads.delete(query.get('upload_id') ?? '')
        throw new Refusal(499, '')
    }
  }

  function uploadOf(query: URLSearchParams): Upload {
    const upload = uploads.get(query.get('upload_id') ?? '')
    if (upload === undefined) throw new Refusal(404, 'notFound')
    return upload
  }

  function goOn(upload: Upload, range: string, body: Buffer, response: ServerResponse): Buffer {
    const has = upload.got.reduce((sum, piece) => sum + piece.length, 0)
    const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/.exec(range)
    if (match === null || Number(match[3]) !== upload.length) throw new Refusal(400, 'invalid')
    if (upload.stored) return json({ name: upload.key })
    if (match[1] !== undefined) {
      const [from, to] = [Number(match[1]), Number(match[2])]
      if (from !== has || to - from + 1 !== body.length) throw new Refusal(400, 'invalid')
      if (to + 1 < upload.length && body.length % unit !== 0) throw new Refusal(400, 'invalid')
      upload.got.push(to + 1 < upload.length ? body.subarray(0, keeps) : body)
    }
    const holds = upload.got.reduce((sum, piece) => sum + piece.length, 0)
    if (holds < upload.length) {
      response.statusCode = 308
      if (holds > 0) response.setHeader('range', `bytes=0-${holds - 1}`)
      return Buffer.alloc(0)
    }
    if (objects.has(upload.key)) throw new Refusal(412, 'conditionNotMet')
    objects.set(upload.key, { data: Buffer.concat(upload.got), created: now() })
    upload.stored = true
    return json({ name: upload.key })
  }

  function metadata(url: URL, flavor: string | string[] | undefined, response: ServerResponse): Buffer {
    response.setHeader('metadata-flavor', 'Google')
    if (flavor !== 'Google') throw new Refusal(403, '')
    if (!url.pathname.endsWith('/token')) return Buffer.alloc(0)
    response.setHeader('content-type', 'application/json')
    return json({ access_token: token, expires_in: 3600, token_type: 'Bearer' })
  }

  function found(key: string): Stored {
    const object = objects.get(key)
    if (object === undefined) throw new Refusal(404, 'notFound')
    return object
  }

  function listed(query: URLSearchParams): Buffer {
    const prefix = query.get('prefix') ?? ''
    const from = Buffer.from(query.get('pageToken') ?? '', 'base64').toString()
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > from).sort()
    const shown = keys.slice(0, Math.min(page, Number(query.get('maxResults') ?? page)))
    const items = shown.map((key) => described(key, found(key)))
    const more = keys.length > shown.length
    const next = more ? { nextPageToken: Buffer.from(shown.at(-1) ?? '').toString('base64') } : {}
    // The service leaves the list out where it is empty.
    return json({ ...(items.length === 0 ? {} : { items }), ...next })
  }

  const http = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const server: GcsServer = {
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    token,
    faults: () => null,
    clockAheadMs: 0,
    about: {},
    payer: undefined,
    requests,
    openUploads: () => [...uploads.values()].filter(({ stored }) => !stored).length,
    forgetUploads: () => uploads.clear(),
    place: (key, data) => void objects.set(key, { data, created: now() }),
    stop: () => {
      http.closeAllConnections()
      http.close()
    },
  }
  return server
}

function operationOf(
  { method, headers }: IncomingMessage,
  { pathname, searchParams: query }: URL,
): { operation: GcsOperation; key: string } {
  if (pathname.startsWith('/computeMetadata/')) return { operation: 'token', key: '' }
  const key = decodeURIComponent(/^\/storage\/v1\/b\/[^/]+\/o\/([^/]+)$/.exec(pathname)?.[1] ?? '')
  if (query.has('upload_id')) {
    if (method === 'DELETE') return { operation: 'cancel-upload', key }
    const asks = headers['content-range']?.startsWith('bytes */') === true
    return { operation: asks ? 'ask-upload' : 'put-piece', key }
  }
  if (method === 'POST') {
    const operation = query.get('uploadType') === 'resumable' ? 'begin-upload' : 'put'
    return { operation, key: query.get('name') ?? '' }
  }
  if (key === '') return { operation: pathname.endsWith('/o') ? 'list' : 'about-bucket', key }
  if (method === 'DELETE') return { operation: 'delete', key }
  return { operation: query.get('alt') === 'media' ? 'get' : 'describe', key }
}

function allow(query: URLSearchParams, ...names: readonly string[]): void {
  if ([...query.keys()].some((name) => !names.includes(name))) throw new Refusal(400, 'invalid')
}

function described(name: string, { data, created }: Stored): object {
  return { name, size: String(data.length), timeCreated: created.toISOString() }
}

function ranged(data: Buffer, range: string | undefined, response: ServerResponse): Buffer {
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? '')
  if (match === null) return data
  const from = Number(match[1])
  const to = match[2] === '' ? data.length - 1 : Math.min(Number(match[2]), data.length - 1)
  if (from >= data.length) throw new Refusal(416, 'requestedRangeNotSatisfiable')
  response.statusCode = 206
  response.setHeader('content-range', `bytes ${from}-${to}/${data.length}`)
  return data.subarray(from, to + 1)
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
