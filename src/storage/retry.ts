import type { Clock } from '../lib/clock.ts'
import type { ErrorCode } from '../lib/error-codes.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { aroundLocks } from './locks.ts'
import { pause, type Pause } from './pause.ts'
import type { CallOptions, Storage } from './storage.ts'

/** Does work that may be done again, until it succeeds, fails for good, or too much time has gone. */
export type Retry = <T>(work: () => Promise<T>, call?: CallOptions) => Promise<T>

export interface RetryOptions {
  /** One that is never set back. */
  readonly clock: Clock
  /** A number from 0 up to 1. */
  readonly random: () => number
  /** How long after its beginning a call may still be tried again. */
  readonly budgetMs?: number
  readonly pause?: Pause
}

const usualBudgetMs = 120_000
const shortestMs = 200
const longestMs = 20_000
/** For a storage that has never answered: its address is more likely wrong than its network broken. */
const firstAttempts = 3

/** What may be otherwise the next time. Everything else is a decision of the server's, or of ours. */
const passing: readonly ErrorCode[] = ['storage_busy', 'storage_timeout', 'storage_unreachable']

/**
 * Waits before each further attempt a random part of a time that doubles, so that many who failed together do not come back
 * together, or as long as the server asks for. When the next wait would go beyond the budget, the last failure is thrown.
 */
export function createRetry(options: RetryOptions): Retry {
  const { clock, random, budgetMs = usualBudgetMs } = options
  const wait = options.pause ?? pause
  let answered = false

  return async (work, call) => {
    const began = clock.now().getTime()
    for (let attempt = 1; ; attempt += 1) {
      try {
        const result = await work()
        answered = true
        return result
      } catch (error) {
        if (isHoldfastError(error, 'storage_busy')) answered = true
        if (!isHoldfastError(error) || !passing.includes(error.code)) throw error
        const most = Math.min(longestMs, shortestMs * 2 ** attempt)
        const ms = Math.max(random() * most, askedFor(error))
        const gone = clock.now().getTime() - began
        if (gone + ms > budgetMs || (!answered && attempt >= firstAttempts))
          throw afterAttempts(error, attempt)
        await wait(ms, call?.signal)
      }
    }
  }
}

/**
 * `inner`, whose calls are tried again: all of them may be, by the contract. A list is not, because nobody could tell which of its
 * objects were given out already: a driver that lists in pages tries each page again itself.
 */
export function retryingStorage(inner: Storage, retry: Retry): Storage {
  return {
    address: inner.address,
    put: (key, data, call) => retry(() => inner.put(key, data, call), call),
    get: (key, call) => retry(() => inner.get(key, call), call),
    head: (key, call) => retry(() => inner.head(key, call), call),
    delete: (key, call) => retry(() => inner.delete(key, call), call),
    list: (prefix, call) => inner.list(prefix, call),
    ...aroundLocks(inner.locks, retry),
  }
}

function askedFor({ details }: HoldfastError): number {
  const seconds = details['retryAfterSeconds']
  return typeof seconds === 'number' ? seconds * 1000 : 0
}

function afterAttempts(error: HoldfastError, attempts: number): HoldfastError {
  if (attempts === 1) return error
  const message = `${error.message.replace(/\.$/, '')}, after ${attempts} attempts.`
  return new HoldfastError(error.code, message, {
    cause: error,
    hint: error.hint,
    details: { ...error.details, attempts },
  })
}
