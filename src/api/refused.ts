import { record } from '../audit/record.ts'
import type { Claims } from '../catalog/claims.ts'
import { messageOf } from '../lib/errors.ts'
import type { ErrorCode } from '../lib/error-codes.ts'
import type { ApiOptions } from './context.ts'
import type { Origin } from './origin.ts'

/** How many refusals this process records in one minute: who sends millions must not fill the disk with them. */
const mostInAMinute = 120

export interface Refusal {
  readonly claims: Claims | null
  readonly from: Origin
  /** Method and path. */
  readonly request: string
  readonly code: ErrorCode
}

/** Records requests that were refused because of who sent them. What is too much for one minute is counted, and told with the next. */
export function refusalRecorder({ catalog, log }: Pick<ApiOptions, 'catalog' | 'log'>) {
  let minute = 0
  let recorded = 0
  let left = 0
  return async ({ claims, from, request, code }: Refusal): Promise<void> => {
    try {
      const now = Math.floor(performance.now() / 60_000)
      if (now !== minute) [minute, recorded] = [now, 0]
      recorded += 1
      if (recorded > mostInAMinute) {
        left += 1
        return
      }
      const facts = left === 0 ? {} : { facts: { notRecorded: left } }
      left = 0
      const event = {
        claims,
        from,
        action: 'requests.refuse',
        about: request,
        result: 'refused',
        code,
      } as const
      await record(catalog.system, { ...event, ...facts })
    } catch (error) {
      log(`A refusal could not be recorded: ${messageOf(error)}`)
    }
  }
}
