import { codes, type ErrorCode } from './error-codes.ts'

/**
 * The only error type that Holdfast throws on purpose. `code` is stable and is what callers branch on;
 * `message` says what is wrong and where; `hint` says what to do next.
 */
export class HoldfastError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  /** Facts for machines (`--json`): names and numbers, never a secret. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; hint?: string; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'HoldfastError'
    this.code = code
    this.hint = options.hint ?? codes[code].hint
    this.details = options.details ?? {}
  }

  /** The process exit status that belongs to the code. */
  get exitCode(): number {
    return codes[this.code].exit
  }
}

/** True if `error` is a HoldfastError, with this code if one is given. */
export function isHoldfastError(error: unknown, code?: ErrorCode): error is HoldfastError {
  return error instanceof HoldfastError && (code === undefined || error.code === code)
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
