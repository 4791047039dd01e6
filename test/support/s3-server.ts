import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'
import { assemble, etag, listPage, lockAnswers, ranged, Refusal, xml, type Stored } from './s3-answers.ts'
import { askedLock, changeFault, digestFault, retentionOf, type LockFault, type S3Lock } from './s3-locks.ts'
import { signatureFault } from './s3-signature.ts'
import type { S3Place } from './s3.ts'

/*
 * A small and strict S3 server in this process, for what a real one can't be made to do: failing at a chosen request. What a client
 * of ours has no need to send it refuses, as some servers do.
 */

export const operations = [
  'put',
  'get',
  'head',
  'delete',
  'list',
  'head-bucket',
  'begin-upload',
  'put-part',
  'complete-upload',
  'abort-upload',
  'list-uploads',
  'about-bucket',
  'lock',
] as const
export type S3Operation = (typeof operations)[number]

export interface S3Request {
  readonly operation: S3Operation
  readonly bucket: string
  readonly key: string
  /** 1 for the first request of this operation. */
  readonly number: number
}

/**
 * What goes wrong with a request. `answer`: nothing is done, and the answer is this failure. `cut`: nothing is done, and the connection
 * breaks. `lost`: it is done, and the connection breaks in place of the answer. `half`: the connection breaks in the middle of the answer's
 * body. `hang`: nothing is done, and no answer comes. `stall`: the answer's body stops in the middle.
 */
export type S3Fault =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly code: string
      readonly headers?: Record<string, string>
    }
  | { readonly kind: 'cut' | 'lost' | 'half' | 'hang' | 'stall' }

export interface S3ServerOptions {
  readonly buckets?: readonly string[]
  /** Where `If-None-Match` is heeded; elsewhere it is ignored without a word. */
  readonly conditional?: 'everywhere' | 'put' | 'nowhere'
  /**
   * Buckets keep versions, and lock objects for who asks for it; they want the MD5 of what is to be locked. `all`: of everything, as where objects
   * are locked by default.
   */
  readonly locks?: 'asked' | 'all'
  /** Objects in one page of a list. */
  readonly page?: number
  readonly tls?: { readonly key: string; readonly cert: string }
}

export interface S3Server extends S3Place {
  /** Decides for each request. Null: nothing goes wrong. */
  faults: (request: S3Request) => S3Fault | null
  /** By how much its clock is ahead. */
  clockAheadMs: number
  /** Answers to questions about the bucket, as XML, by the name of the question: `versioning`, `object-lock`, `lifecycle`. */
  readonly about: Map<string, string>
  /** Requests so far, refused ones too. */
  readonly requests: readonly S3Request[]
  /** Keys with uploads that were begun, and neither completed nor aborted. */
  openUploads(): string[]
  object(bucket: string, key: string): Buffer | undefined
  /** The lock of an object. */
  lock(bucket: string, key: string): S3Lock | null
  /** Takes away the marks of deletions, as who owns the bucket can: what was deleted and kept is there again. */
  undelete(bucket: string): void
  /** Puts an object there without a request. */
  place(bucket: string, key: string, data: Buffer): void
}

/** Starts a server on loopback that ends when the tests of this file have. */
export async function s3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const { conditional = 'everywhere', page = 1000 } = options
  const credentials = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  }
  const buckets = new Map((options.buckets ?? ['bucket']).map((name) => [name, new Map<string, Stored>()]))
  const uploads = new Map<
    string,
    { bucket: string; key: string; parts: Map<number, Buffer>; begun: Date; lock: S3Lock | null }
  >()
  /** What was deleted, where versions are kept. */
  const hidden = new Map((options.buckets ?? ['bucket']).map((name) => [name, new Map<string, Stored>()]))
  const requests: S3Request[] = []
  const counts = new Map<S3Operation, number>()
  const about = new Map<string, string>()
  const now = (): Date => new Date(Date.now() + server.clockAheadMs)

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    const url = new URL(request.url ?? '/', 'http://x')
    const [bucket = '', ...rest] = decodeURIComponent(url.pathname.slice(1)).split('/')
    const operation = operationOf(request.method ?? '', rest.join('/'), url.searchParams)
    const number = (counts.get(operation) ?? 0) + 1
    counts.set(operation, number)
    const asked: S3Request = { operation, bucket, key: rest.join('/'), number }
    requests.push(asked)
    const fault = server.faults(asked)
    const socket = request.socket
    response.setHeader('date', now().toUTCString())
    if (fault?.kind === 'hang') return
    if (fault?.kind === 'cut') {
      socket.resetAndDestroy()
      return
    }
    try {
      if (fault?.kind === 'answer') {
        for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value)
        throw new Refusal(fault.status, fault.code)
      }
      requireStrict(request, body)
      const data = act(asked, request, url.searchParams, body, response)
      if (fault?.kind === 'lost') {
        socket.resetAndDestroy()
        return
      }
      if (fault?.kind === 'half' || fault?.kind === 'stall') {
        response.setHeader('content-length', data.length)
        response.write(data.subarray(0, Math.floor(data.length / 2)), () => {
          if (fault.kind === 'half') socket.resetAndDestroy()
        })
        return
      }
      if (request.method === 'HEAD') response.end()
      else response.end(data)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      response.statusCode = error.status
      response.setHeader('content-type', 'application/xml')
      response.end(
        request.method === 'HEAD'
          ? ''
          : xml('Error', `<Code>${error.code}</Code><Message>${error.message}</Message>`),
      )
    }
  }

  function requireStrict(request: IncomingMessage, body: Buffer): void {
    const fault = signatureFault({ request, body, credentials, now: now() })
    if (fault !== null) throw new Refusal(403, fault)
    const { headers } = request
    const unknown = Object.keys(headers).find(
      (name) =>
        /^x-amz-(checksum|sdk-checksum|trailer)/.test(name) ||
        (options.locks === undefined && name === 'content-md5'),
    )
    if (unknown !== undefined || headers['transfer-encoding'] !== undefined)
      throw new Refusal(501, 'NotImplemented')
  }

  /** Does what was asked, sets status and headers, and returns the answer's body. */
  function act(
    asked: S3Request,
    request: IncomingMessage,
    query: URLSearchParams,
    body: Buffer,
    response: ServerResponse,
  ): Buffer {
    const objects = buckets.get(asked.bucket)
    if (objects === undefined) throw new Refusal(404, 'NoSuchBucket')
    const { key } = asked
    const unlessTaken = (heeded: boolean): void => {
      if (heeded && request.headers['if-none-match'] === '*' && objects.has(key))
        throw new Refusal(412, 'PreconditionFailed')
    }
    const refuse = (fault: LockFault): void => {
      if (fault !== null)
        throw new Refusal(
          fault === 'AccessDenied' ? 403 : 400,
          fault,
          fault === 'InvalidRequest' ? 'Content-MD5 is required' : fault,
        )
    }
    /** The lock that is asked for, if the request may ask. */
    const wanted = (data: Buffer): S3Lock | null => {
      const lock = askedLock(request.headers)
      if (lock !== null && options.locks === undefined) throw new Refusal(400, 'InvalidRequest')
      if (options.locks === 'all' || lock !== null) refuse(digestFault(request.headers, data))
      if (lock !== null) refuse(changeFault(null, lock, now()))
      return lock
    }
    const uploadId = query.get('uploadId') ?? ''
    const upload = uploads.get(uploadId)
    switch (asked.operation) {
      case 'put':
        unlessTaken(conditional !== 'nowhere')
        objects.set(key, { data: body, modified: now(), lock: wanted(body) })
        response.setHeader('etag', etag(body))
        return Buffer.alloc(0)
      case 'get':
      case 'head': {
        const found = objects.get(key)
        if (found === undefined) throw new Refusal(404, 'NoSuchKey')
        response.setHeader('last-modified', found.modified.toUTCString())
        if (found.lock !== null) {
          response.setHeader('x-amz-object-lock-mode', found.lock.mode)
          response.setHeader('x-amz-object-lock-retain-until-date', found.lock.until.toISOString())
        }
        const data = ranged(found.data, request.headers.range, response)
        response.setHeader('content-length', data.length)
        return data
      }
      case 'lock': {
        const found = objects.get(key)
        if (options.locks === undefined) throw new Refusal(400, 'InvalidRequest')
        if (found === undefined) throw new Refusal(404, 'NoSuchKey')
        const lock = retentionOf(body.toString())
        refuse(digestFault(request.headers, body) ?? changeFault(found.lock, lock, now()))
        found.lock = lock
        return Buffer.alloc(0)
      }
      case 'delete':
        if (options.locks !== undefined) {
          const found = objects.get(key)
          if (found !== undefined) hidden.get(asked.bucket)?.set(key, found)
          response.setHeader('x-amz-delete-marker', 'true')
        }
        objects.delete(key)
        response.statusCode = 204
        return Buffer.alloc(0)
      case 'list':
        return listPage(objects, query, page)
      case 'head-bucket':
        return Buffer.alloc(0)
      case 'begin-upload': {
        const id = randomUUID()
        const lock = askedLock(request.headers)
        uploads.set(id, { bucket: asked.bucket, key, parts: new Map(), begun: now(), lock })
        return xml('InitiateMultipartUploadResult', `<UploadId>${id}</UploadId>`)
      }
      case 'put-part': {
        const number = Number(query.get('partNumber'))
        if (upload === undefined) throw new Refusal(404, 'NoSuchUpload')
        if (!(number >= 1 && number <= 1000)) throw new Refusal(400, 'InvalidArgument')
        if (upload.lock !== null || options.locks === 'all') refuse(digestFault(request.headers, body))
        upload.parts.set(number, body)
        response.setHeader('etag', etag(body))
        return Buffer.alloc(0)
      }
      case 'complete-upload': {
        if (upload === undefined) throw new Refusal(404, 'NoSuchUpload')
        unlessTaken(conditional === 'everywhere')
        objects.set(key, {
          data: assemble(upload.parts, body.toString()),
          modified: now(),
          lock: upload.lock,
        })
        uploads.delete(uploadId)
        return xml('CompleteMultipartUploadResult', '<ETag>x</ETag>')
      }
      case 'abort-upload':
        if (!uploads.delete(uploadId)) throw new Refusal(404, 'NoSuchUpload')
        response.statusCode = 204
        return Buffer.alloc(0)
      case 'list-uploads': {
        const open = [...uploads].filter(([, one]) => one.key.startsWith(query.get('prefix') ?? ''))
        const items = open.map(
          ([id, one]) =>
            `<Upload><Key>${one.key}</Key><UploadId>${id}</UploadId><Initiated>${one.begun.toISOString()}</Initiated></Upload>`,
        )
        return xml('ListMultipartUploadsResult', `<IsTruncated>false</IsTruncated>${items.join('')}`)
      }
      case 'about-bucket': {
        const question = ['versioning', 'object-lock', 'lifecycle'].find((name) => query.has(name)) ?? ''
        const answer =
          about.get(question) ?? (options.locks === undefined ? undefined : lockAnswers[question])
        if (answer === undefined) throw new Refusal(501, 'NotImplemented')
        if (/^\w+$/.test(answer)) throw new Refusal(answer === 'AccessDenied' ? 403 : 404, answer)
        return Buffer.from(answer)
      }
    }
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch(() => request.socket.destroy())
  }
  const http = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  after(() => {
    http.closeAllConnections()
    http.close()
  })
  const { port } = http.address() as AddressInfo
  const server: S3Server = {
    endpoint: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    credentials,
    faults: () => null,
    clockAheadMs: 0,
    about,
    requests,
    openUploads: () => [...uploads.values()].map(({ key }) => key),
    object: (bucket, key) => buckets.get(bucket)?.get(key)?.data,
    place: (bucket, key, data) => void buckets.get(bucket)?.set(key, { data, modified: now(), lock: null }),
    lock: (bucket, key) => buckets.get(bucket)?.get(key)?.lock ?? null,
    undelete(bucket) {
      for (const [key, found] of hidden.get(bucket) ?? []) buckets.get(bucket)?.set(key, found)
      hidden.get(bucket)?.clear()
    },
  }
  return server
}

function operationOf(method: string, key: string, query: URLSearchParams): S3Operation {
  if (key === '') {
    if (method === 'HEAD') return 'head-bucket'
    if (query.has('uploads')) return 'list-uploads'
    return query.get('list-type') === '2' ? 'list' : 'about-bucket'
  }
  if (query.has('uploads')) return 'begin-upload'
  if (query.has('uploadId')) {
    if (method === 'PUT') return 'put-part'
    return method === 'POST' ? 'complete-upload' : 'abort-upload'
  }
  if (method === 'PUT') return query.has('retention') ? 'lock' : 'put'
  if (method === 'HEAD') return 'head'
  return method === 'DELETE' ? 'delete' : 'get'
}
