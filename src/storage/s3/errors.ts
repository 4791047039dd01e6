import type { ErrorCode } from '../../lib/error-codes.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../../lib/errors.ts'

export type S3Action = 'read' | 'write' | 'list' | 'delete' | 'lock'

/** What was asked when it failed. */
export interface S3Call {
  readonly action: S3Action
  /** Address of the object, or of the storage. */
  readonly place: string
  readonly bucket: string
  readonly clockAheadMs: number | null
  readonly signal?: AbortSignal | undefined
}

/** What the SDK throws: an answer of the server, or an error of the network with a code of Node's. */
interface Thrown {
  readonly name?: string
  readonly code?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
}

/** Server's names of failures. Those that are not here are told by the status of the answer. */
const byName: Readonly<Record<string, ErrorCode>> = {
  NoSuchBucket: 'storage_bucket_missing',
  NoSuchKey: 'storage_not_found',
  InvalidAccessKeyId: 'storage_login_failed',
  SignatureDoesNotMatch: 'storage_login_failed',
  InvalidToken: 'storage_login_failed',
  ExpiredToken: 'storage_login_failed',
  ExpiredTokenException: 'storage_login_failed',
  TokenRefreshRequired: 'storage_login_failed',
  CredentialsProviderError: 'storage_login_failed',
  RequestTimeTooSkewed: 'storage_clock_differs',
  RequestExpired: 'storage_clock_differs',
  AccessDenied: 'storage_denied',
  QuotaExceeded: 'storage_full',
  SlowDown: 'storage_busy',
  ConditionalRequestConflict: 'storage_busy',
  OperationAborted: 'storage_busy',
  InternalError: 'storage_busy',
  RequestTimeout: 'storage_timeout',
  TimeoutError: 'storage_timeout',
}

const longestText = 500
const elsewhere = ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException']
const expired = ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired']
const byStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'storage_login_failed',
  403: 'storage_denied',
  404: 'storage_not_found',
  408: 'storage_timeout',
  429: 'storage_busy',
  507: 'storage_full',
}

/** A failure of the SDK as what it means, and what to do. */
export function s3Error(thrown: unknown, call: S3Call): HoldfastError {
  if (isHoldfastError(thrown)) return thrown
  if (call.signal?.aborted === true) {
    return new HoldfastError('cancelled', 'The operation was cancelled.', { cause: thrown })
  }
  const code = isElsewhere(thrown) ? 'usage' : codeOf(thrown, call.action)
  const { name, status } = answerOf(thrown)
  const retryAfter = retryAfterOf(thrown)
  const said = [name, status].filter((one) => one !== null).join(' ')
  const text = messageOf(thrown).replace(/\.$/, '')
  const told = plain(said === '' ? text : `${text} (${said})`)
  const hint = hintFor(code, thrown, call)
  const clock = code === 'storage_clock_differs' ? ` ${clockText(call.clockAheadMs)}` : ''
  return new HoldfastError(code, `Cannot ${call.action} ${call.place}: ${told}.${clock}`, {
    cause: thrown,
    ...(hint === null ? {} : { hint }),
    details: {
      path: call.place,
      ...(status === null ? {} : { status }),
      ...(retryAfter === null ? {} : { retryAfterSeconds: retryAfter }),
    },
  })
}

/** What a server says may be long, and hold what drives a terminal. */
function plain(text: string): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
  return clean.length > longestText ? `${clean.slice(0, longestText)}...` : clean
}

/** True if the server answered with this status, or this name of a failure. */
export function isAnswer(thrown: unknown, ...answers: readonly (number | string)[]): boolean {
  const { name, status } = answerOf(thrown)
  return answers.some((answer) => answer === name || answer === status)
}

function answerOf(thrown: unknown): { name: string | null; status: number | null } {
  const { name, $metadata } = (thrown ?? {}) as Thrown
  const status = $metadata?.httpStatusCode ?? null
  return { name: status === null || name === undefined || /^\d|^Unknown/.test(name) ? null : name, status }
}

function codeOf(thrown: unknown, action: S3Action): ErrorCode {
  const { name = '', code } = (thrown ?? {}) as Thrown
  const { status } = answerOf(thrown)
  const named = Object.hasOwn(byName, name) ? byName[name] : undefined
  const found = named ?? (status === null ? networkCode(code) : (byStatus[status] ?? serverCode(status)))
  // Only who reads asks for one object that may not be there.
  return found === 'storage_not_found' && action !== 'read' ? 'storage_failed' : found
}

function serverCode(status: number): ErrorCode {
  return status >= 500 && status !== 501 ? 'storage_busy' : 'storage_failed'
}

/** Node's codes: of TLS, and of connections. */
function networkCode(code: unknown): ErrorCode {
  if (typeof code !== 'string') return 'storage_failed'
  if (/CERT|ISSUER|^UNABLE_TO_VERIFY|^ERR_TLS_/.test(code)) return 'storage_certificate'
  if (code === 'ETIMEDOUT') return 'storage_timeout'
  const broken = /^(E(CONN|HOST|NET|PIPE|AI_AGAIN|NOTFOUND|PROTO|ADDR)|ERR_(STREAM|SSL|SOCKET))/
  return broken.test(code) ? 'storage_unreachable' : 'storage_failed'
}

function isElsewhere(thrown: unknown): boolean {
  const { name, status } = answerOf(thrown)
  return status === 301 || elsewhere.includes(name ?? '')
}

/** The seconds of a Retry-After header. A moment in its place is not heeded: it would have to be compared with another clock. */
function retryAfterOf(thrown: unknown): number | null {
  const text = (thrown as Thrown | null)?.$response?.headers?.['retry-after'] ?? ''
  return /^\d{1,6}$/.test(text) ? Number(text) : null
}

function clockText(aheadMs: number | null): string {
  if (aheadMs === null) return 'The clocks differ.'
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  const far = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
  return `This machine's clock is ${far} ${aheadMs > 0 ? 'behind' : 'ahead of'} the storage's.`
}

const rights: Readonly<Record<S3Action, string>> = {
  read: 's3:GetObject on its objects, and s3:ListBucket on the bucket: without it what is not there is refused like this too',
  write: 's3:PutObject on its objects',
  list: 's3:ListBucket on the bucket',
  delete: 's3:DeleteObject on its objects; a lock on them refuses it, too',
  lock: 's3:PutObjectRetention and s3:GetObjectRetention on its objects',
}

function hintFor(code: ErrorCode, thrown: unknown, call: S3Call): string | null {
  const { name } = answerOf(thrown)
  const region = (thrown as Thrown | null)?.$response?.headers?.['x-amz-bucket-region']
  switch (code) {
    case 'usage':
      return region === undefined || !/^[\w-]+$/.test(region)
        ? `The bucket ${call.bucket} is in another region: add region=... to the address.`
        : `The bucket ${call.bucket} is in another region: add region=${region} to the address.`
    case 'storage_denied':
      return `The credential needs ${rights[call.action]}.`
    case 'storage_login_failed':
      return expired.includes(name ?? '')
        ? 'The credentials have expired: get new ones, and run it again.'
        : null
    case 'storage_bucket_missing':
      return `Make the bucket ${call.bucket}, or check address, region and endpoint; Holdfast makes no buckets.`
    default:
      return null
  }
}
