import { HoldfastError } from '../../lib/errors.ts'
import type { Wire } from '../../postgres/wire.ts'

/** Who restores. */
export interface Role {
  readonly name: string
  /** It may set session_replication_role: a superuser, or who was granted that. */
  readonly mayReplicate: boolean
}

export async function readRole(wire: Wire): Promise<Role> {
  const [row] = await wire.query(
    `SELECT current_user, pg_catalog.has_parameter_privilege('session_replication_role', 'SET')`,
  )
  if (row === undefined) throw new HoldfastError('internal', 'The target does not know its own user.')
  return { name: row[0] ?? '', mayReplicate: row[1] === 't' }
}
