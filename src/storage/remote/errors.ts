import type { ErrorCode } from '../../lib/error-codes.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../../lib/errors.ts'

export type Action = 'read' | 'write' | 'list' | 'delete' | 'lock'

/** What was asked of an object storage when it failed. */
export interface RemoteCall {
  readonly action: Action
  /** Address of the object, or of the storage. */
  readonly place: string
  /** By how much the server's clock is ahead of this machine's, in milliseconds; null if it did not say. */
  readonly clockAheadMs: number | null
  readonly signal?: AbortSignal | undefined
}

/** What the server answered. */
export interface Answer {
  /** Its name for the failure; null if it gave none. */
  readonly name: string | null
  /** Null: there was no answer. */
  readonly status: number | null
  readonly retryAfter?: string | undefined
}

const longestText = 500
const byStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'storage_login_failed',
  403: 'storage_denied',
  404: 'storage_not_found',
  408: 'storage_timeout',
  429: 'storage_busy',
  507: 'storage_full',
}

/**
 * A failure of a client of object storage as what it means, and what to do. `known`: what the server's own name for it means; where
 * there is none, the status of the answer tells, or Node's code if there was no answer.
 */
export function remoteError(
  thrown: unknown,
  call: RemoteCall,
  o: {
    readonly answer: Answer
    readonly known: ErrorCode | undefined
    /** Null: that of the code. */
    readonly hint: (code: ErrorCode) => string | null
  },
): HoldfastError {
  if (isHoldfastError(thrown)) return thrown
  if (call.signal?.aborted === true) {
    return new HoldfastError('cancelled', 'The operation was cancelled.', { cause: thrown })
  }
  const { name, status, retryAfter = '' } = o.answer
  const found = o.known ?? (status === null ? networkCode(thrown) : (byStatus[status] ?? serverCode(status)))
  // Only who reads asks for one object that may not be there.
  const code = found === 'storage_not_found' && call.action !== 'read' ? 'storage_failed' : found
  const said = [name, status].filter((one) => one !== null).join(' ')
  const text = messageOf(thrown).replace(/\.$/, '')
  const told = plain(said === '' ? text : `${text} (${said})`)
  const hint = o.hint(code)
  const clock = code === 'storage_clock_differs' ? ` ${clockText(call.clockAheadMs)}` : ''
  return new HoldfastError(code, `Cannot ${call.action} ${call.place}: ${told}.${clock}`, {
    cause: thrown,
    ...(hint === null ? {} : { hint }),
    details: {
      path: call.place,
      ...(status === null ? {} : { status }),
      // A moment in the place of seconds is not heeded: it would have to be compared with another clock.
      ...(/^\d{1,6}$/.test(retryAfter) ? { retryAfterSeconds: Number(retryAfter) } : {}),
    },
  })
}

/** What a server says may be long, and hold what drives a terminal. */
function plain(text: string): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
  return clean.length > longestText ? `${clean.slice(0, longestText)}...` : clean
}

function serverCode(status: number): ErrorCode {
  return status >= 500 && status !== 501 ? 'storage_busy' : 'storage_failed'
}

/** What Node's codes mean, of TLS and of connections; `storage_failed` for everything else. */
export function networkCode(thrown: unknown): ErrorCode {
  const { code } = (thrown ?? {}) as { readonly code?: unknown }
  if (typeof code !== 'string') return 'storage_failed'
  if (/CERT|ISSUER|^UNABLE_TO_VERIFY|^ERR_TLS_/.test(code)) return 'storage_certificate'
  if (code === 'ETIMEDOUT') return 'storage_timeout'
  const broken = /^(E(CONN|HOST|NET|PIPE|AI_AGAIN|NOTFOUND|PROTO|ADDR)|ERR_(STREAM|SSL|SOCKET))/
  return broken.test(code) ? 'storage_unreachable' : 'storage_failed'
}

function clockText(aheadMs: number | null): string {
  if (aheadMs === null) return 'The clocks differ.'
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  const far = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
  return `This machine's clock is ${far} ${aheadMs > 0 ? 'behind' : 'ahead of'} the storage's.`
}
