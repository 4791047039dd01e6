import { HoldfastError } from '../lib/errors.ts'
import type { CallOptions } from './storage.ts'

/** Throws `cancelled` if the call's signal has fired. */
export function throwIfCancelled(options: CallOptions | undefined): void {
  if (options?.signal?.aborted !== true) return
  throw new HoldfastError('cancelled', 'The operation was cancelled.', { cause: options.signal.reason })
}
