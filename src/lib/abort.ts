import { HoldfastError } from './errors.ts'

/** Throws `cancelled` if the signal has fired. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw new HoldfastError('cancelled', 'The operation was cancelled.', { cause: signal.reason })
}
