import { serverError } from '../failures.ts'
import { queryMessage } from '../wire-messages.ts'
import type { Wire } from '../wire.ts'
import { firstError } from './server-error.ts'

/**
 * Runs SQL that is in the connection's client encoding, byte for byte: several statements are one transaction unless
 * one is open. Throws the first error the server reports.
 */
export async function runSql({
  wire,
  sql,
}: {
  wire: Pick<Wire, 'exchange'>
  sql: Uint8Array
}): Promise<void> {
  const failure = firstError(await wire.exchange(queryMessage(sql)))
  if (failure !== null) throw serverError(failure)
}
