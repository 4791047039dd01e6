import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { S3Lock } from './s3-locks.ts'

/* What a server of S3 answers with: the parts of `s3-server.ts` that know nothing of requests on their way. */

export interface Stored {
  readonly data: Buffer
  readonly modified: Date
  lock: S3Lock | null
}

/** A failure that is the answer. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message = code) {
    super(message)
    this.status = status
    this.code = code
  }
}

export function ranged(data: Buffer, range: string | undefined, response: ServerResponse): Buffer {
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? '')
  if (match === null) return data
  const from = Number(match[1])
  const to = match[2] === '' ? data.length - 1 : Math.min(Number(match[2]), data.length - 1)
  if (from >= data.length) throw new Refusal(416, 'InvalidRange')
  response.statusCode = 206
  response.setHeader('content-range', `bytes ${from}-${to}/${data.length}`)
  return data.subarray(from, to + 1)
}

export function listPage(objects: ReadonlyMap<string, Stored>, query: URLSearchParams, page: number): Buffer {
  const prefix = query.get('prefix') ?? ''
  const after_ = Buffer.from(query.get('continuation-token') ?? '', 'base64').toString()
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after_).sort()
  const shown = keys.slice(0, page)
  const items = shown.map((key) => {
    const { data, modified } = objects.get(key) ?? {
      data: Buffer.alloc(0),
      modified: new Date(0),
      lock: null,
    }
    return `<Contents><Key>${key}</Key><Size>${data.length}</Size><LastModified>${modified.toISOString()}</LastModified></Contents>`
  })
  const more = keys.length > shown.length
  const token = more
    ? `<NextContinuationToken>${Buffer.from(shown.at(-1) ?? '').toString('base64')}</NextContinuationToken>`
    : ''
  return xml('ListBucketResult', `<IsTruncated>${more}</IsTruncated>${token}${items.join('')}`)
}

/** The parts that a client names, in its order, which must be ascending; all but the last have a least size. */
export function assemble(parts: ReadonlyMap<number, Buffer>, request: string): Buffer {
  const named = [...request.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
    tag: /<ETag>(.*?)</.exec(part)?.[1]?.replaceAll('&quot;', '"'),
  }))
  const chosen = named.map(({ number, tag }, index) => {
    const data = parts.get(number)
    if (data === undefined || etag(data) !== tag) throw new Refusal(400, 'InvalidPart')
    if (number <= (named[index - 1]?.number ?? 0)) throw new Refusal(400, 'InvalidPartOrder')
    if (index < named.length - 1 && data.length < 5 * 1024 ** 2) throw new Refusal(400, 'EntityTooSmall')
    return data
  })
  if (chosen.length === 0) throw new Refusal(400, 'MalformedXML')
  return Buffer.concat(chosen)
}

export function etag(data: Buffer): string {
  return `"${createHash('md5').update(data).digest('hex')}"`
}

export function xml(name: string, content: string): Buffer {
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${name}>`,
  )
}
/** What a bucket that locks objects says of itself. */
export const lockAnswers: Readonly<Record<string, string>> = {
  versioning: xml('VersioningConfiguration', '<Status>Enabled</Status>').toString(),
  'object-lock': xml('ObjectLockConfiguration', '<ObjectLockEnabled>Enabled</ObjectLockEnabled>').toString(),
}
