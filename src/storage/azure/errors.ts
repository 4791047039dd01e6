import type { ErrorCode } from '../../lib/error-codes.ts'
import type { HoldfastError } from '../../lib/errors.ts'
import { remoteError, type Action, type Answer, type RemoteCall } from '../remote/errors.ts'

/** What was asked when it failed. */
export interface AzureCall extends RemoteCall {
  readonly container: string
}

/** What the SDK throws: an answer of the server, an error of the network with a code of Node's, or a login that failed. */
interface Thrown {
  readonly name?: string
  readonly statusCode?: number
  readonly errorResponse?: { readonly error?: string }
  readonly response?: { readonly headers?: { get(name: string): string | undefined } }
}

/** Server's names of failures. Those that are not here are told by the status of the answer. */
const byName: Readonly<Record<string, ErrorCode>> = {
  ContainerNotFound: 'storage_bucket_missing',
  ContainerDisabled: 'storage_denied',
  BlobNotFound: 'storage_not_found',
  AuthenticationFailed: 'storage_login_failed',
  NoAuthenticationInformation: 'storage_login_failed',
  InvalidAuthenticationInfo: 'storage_login_failed',
  BlobImmutableDueToPolicy: 'storage_denied',
  ContainerBeingDeleted: 'storage_busy',
  ServerBusy: 'storage_busy',
  InternalError: 'storage_busy',
  OperationTimedOut: 'storage_timeout',
}

/** Names of what Microsoft's library for logging in throws. */
const logins = [
  'AuthenticationError',
  'AuthenticationRequiredError',
  'AggregateAuthenticationError',
  'CredentialUnavailableError',
]

/** A server refuses requests that were signed more than a quarter of an hour ago. */
const mostAheadMs = 14 * 60_000

/** A failure of the SDK as what it means, and what to do. */
export function azureError(thrown: unknown, call: AzureCall): HoldfastError {
  const answer = answerOf(thrown)
  return remoteError(thrown, call, {
    answer,
    known: known(thrown, answer, call),
    hint: (code) => hintFor(code, thrown, call),
  })
}

/** True if the server answered with this status, or this name of a failure. */
export function isAnswer(thrown: unknown, ...answers: readonly (number | string)[]): boolean {
  const { name, status } = answerOf(thrown)
  return answers.some((answer) => answer === name || answer === status)
}

function answerOf(thrown: unknown): Answer {
  const { statusCode: status = null, response } = (thrown ?? {}) as Thrown
  return {
    name: response?.headers?.get('x-ms-error-code') ?? null,
    status,
    retryAfter: response?.headers?.get('retry-after'),
  }
}

function known(thrown: unknown, { name, status }: Answer, call: AzureCall): ErrorCode | undefined {
  if (isLogin(thrown)) {
    const unreachable = (thrown as Thrown).errorResponse?.error === 'network_error'
    return unreachable ? 'storage_unreachable' : 'storage_login_failed'
  }
  const code = name !== null && Object.hasOwn(byName, name) ? byName[name] : undefined
  const late = Math.abs(call.clockAheadMs ?? 0) > mostAheadMs
  // A signature of another day is answered like a wrong one.
  if (code === 'storage_login_failed' && status === 403 && late) return 'storage_clock_differs'
  return code
}

function isLogin(thrown: unknown): boolean {
  return logins.includes(((thrown ?? {}) as Thrown).name ?? '')
}

const roles: Readonly<Record<Action, string>> = {
  read: 'to read blobs: the role Storage Blob Data Reader, or r and l in a SAS',
  write: 'to create blobs: the role Storage Blob Data Contributor, or c in a SAS',
  list: 'to list blobs: the role Storage Blob Data Reader, or l in a SAS',
  delete:
    'to delete blobs: the role Storage Blob Data Contributor, or d in a SAS; immutability and legal holds refuse it, too',
  lock: 'to set the immutability of blobs: the role Storage Blob Data Owner',
}

function hintFor(code: ErrorCode, thrown: unknown, call: AzureCall): string | null {
  switch (code) {
    case 'storage_denied':
      if (isAnswer(thrown, 'AuthorizationFailure'))
        return 'The credential is wrong, or rules for the network of the account keep this machine out.'
      return `The credential needs the right ${roles[call.action]}.`
    case 'storage_login_failed':
      return isLogin(thrown)
        ? 'Set AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or log in with az login.'
        : 'Check the key, or whether the SAS has expired, is of this container and was made with a key that is still the one of the account.'
    case 'storage_bucket_missing':
      return `Make the container ${call.container}, or check address, account and endpoint; Holdfast makes no containers.`
    default:
      return null
  }
}
