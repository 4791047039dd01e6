import type { ErrorCode } from '../../lib/error-codes.ts'
import { messageOf, type HoldfastError } from '../../lib/errors.ts'
import { networkCode, remoteError, type Action, type Answer, type RemoteCall } from '../remote/errors.ts'
import type { HttpAnswer } from '../remote/http.ts'

/** What was asked when it failed. */
export interface GoogleCall extends RemoteCall {
  readonly bucket: string
}

/** What is thrown besides Node's errors: a refusal that the service answered, or a login that failed. */
interface Thrown {
  readonly answer?: Answer
  readonly login?: boolean
}

/** The service's reasons. Those that are not here are told by the status of the answer. */
const byReason: Readonly<Record<string, ErrorCode>> = {
  rateLimitExceeded: 'storage_busy',
  userRateLimitExceeded: 'storage_busy',
  quotaExceeded: 'storage_busy',
}

/** An answer that refuses what was asked, to be thrown. */
export function refusalOf({ status, headers, body }: HttpAnswer): Error {
  const text = Buffer.from(body).toString()
  const { message, reason } = readError(text)
  const answer: Answer = { name: reason, status, retryAfter: headers['retry-after'] }
  return Object.assign(new Error(message ?? (text.trim() || `the answer was ${status}`)), { answer })
}

/** What Google's library for logging in throws, to be told as that. A network that is down is down for the storage, too. */
export function loginFailed(error: unknown): Error {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  const told = networkCode(error) === 'storage_failed' ? { login: true } : { code }
  return Object.assign(new Error(messageOf(error), { cause: error }), told)
}

/** A failure as what it means, and what to do. */
export function googleError(thrown: unknown, call: GoogleCall): HoldfastError {
  const { answer = { name: null, status: null }, login = false } = (thrown ?? {}) as Thrown
  const { name, status } = answer
  const reason = name !== null && Object.hasOwn(byReason, name) ? byReason[name] : undefined
  // One object is not missed by who writes or lists.
  const noBucket = status === 404 && (call.action === 'write' || call.action === 'list')
  const known = login ? 'storage_login_failed' : noBucket ? 'storage_bucket_missing' : reason
  return remoteError(thrown, call, { answer, known, hint: (code) => hintFor(code, name, call) })
}

/** True if the service answered with one of these statuses. */
export function isStatus(thrown: unknown, ...statuses: readonly number[]): boolean {
  const status = ((thrown ?? {}) as Thrown).answer?.status ?? null
  return status !== null && statuses.includes(status)
}

/** Null for what is not told: a body may be no JSON, or that of somebody in between. */
function readError(text: string): { message: string | null; reason: string | null } {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown; errors?: { reason?: unknown }[] } }
    const { message } = error ?? {}
    const reason = error?.errors?.[0]?.reason
    return {
      message: typeof message === 'string' ? message : null,
      reason: typeof reason === 'string' ? reason : null,
    }
  } catch {
    return { message: null, reason: null }
  }
}

const rights: Readonly<Record<Action, string>> = {
  read: 'storage.objects.get, and storage.objects.list: without it what is not there is refused like this too',
  write: 'storage.objects.create',
  list: 'storage.objects.list',
  delete: 'storage.objects.delete; a policy that keeps objects, or a hold, refuses it, too',
  lock: 'storage.objects.setRetention, as in the role Storage Object Admin',
}

function hintFor(code: ErrorCode, reason: string | null, call: GoogleCall): string | null {
  switch (code) {
    case 'storage_denied':
      return `The credential needs ${rights[call.action]}.`
    case 'storage_login_failed':
      return 'Set GOOGLE_APPLICATION_CREDENTIALS, or log in with gcloud auth application-default login.'
    case 'storage_bucket_missing':
      return `Make the bucket ${call.bucket}, or check the address; Holdfast makes no buckets.`
    default:
      return reason === 'userProjectMissing'
        ? 'Who asks is to pay for this bucket: add project=... to the address.'
        : null
  }
}
