import type { ErrorCode } from '../../lib/error-codes.ts'
import type { HoldfastError } from '../../lib/errors.ts'
import { remoteError, type Action, type Answer, type RemoteCall } from '../remote/errors.ts'

/** What was asked when it failed. */
export interface S3Call extends RemoteCall {
  readonly bucket: string
}

/** What the SDK throws: an answer of the server, or an error of the network with a code of Node's. */
interface Thrown {
  readonly name?: string
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

const elsewhere = ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException']
const expired = ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired']

/** A failure of the SDK as what it means, and what to do. */
export function s3Error(thrown: unknown, call: S3Call): HoldfastError {
  const { name = '' } = (thrown ?? {}) as Thrown
  const named = Object.hasOwn(byName, name) ? byName[name] : undefined
  return remoteError(thrown, call, {
    answer: answerOf(thrown),
    known: isElsewhere(thrown) ? 'usage' : named,
    hint: (code) => hintFor(code, thrown, call),
  })
}

/** True if the server answered with this status, or this name of a failure. */
export function isAnswer(thrown: unknown, ...answers: readonly (number | string)[]): boolean {
  const { name, status } = answerOf(thrown)
  return answers.some((answer) => answer === name || answer === status)
}

function answerOf(thrown: unknown): Answer {
  const { name, $metadata, $response } = (thrown ?? {}) as Thrown
  const status = $metadata?.httpStatusCode ?? null
  return {
    name: status === null || name === undefined || /^\d|^Unknown/.test(name) ? null : name,
    status,
    retryAfter: $response?.headers?.['retry-after'],
  }
}

function isElsewhere(thrown: unknown): boolean {
  const { name, status } = answerOf(thrown)
  return status === 301 || elsewhere.includes(name ?? '')
}

const rights: Readonly<Record<Action, string>> = {
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
        : 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.'
    case 'storage_bucket_missing':
      return `Make the bucket ${call.bucket}, or check address, region and endpoint; Holdfast makes no buckets.`
    default:
      return null
  }
}
