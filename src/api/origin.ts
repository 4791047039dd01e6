import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { Claims } from '../catalog/claims.ts'
import { arrivalOf } from './arrival.ts'
import type { ApiEnv, ApiOptions } from './context.ts'

export type Origin = NonNullable<Claims['from']>

/** Where a request came from, as the audit trail tells it. */
export function originOf(o: Pick<ApiOptions, 'publicUrl'>, c: Context<ApiEnv>): Origin {
  const { address, agent } = arrivalOf(o, c)
  return {
    address: address === 'unknown' ? null : address,
    agent: agent === '' ? null : agent,
    request: randomUUID(),
  }
}
