import { HoldfastError } from '../../lib/errors.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { SafetyTarget } from '../../repository/format/restore-contents.ts'

/** What tells the target's database from every other, and the open transaction from every other of it. */
export interface TargetFacts {
  readonly target: Omit<SafetyTarget, 'address' | 'database'>
  readonly encoding: string
  /** Decimal xid8. */
  readonly transaction: string
}

/** Reads them inside the transaction, to which this gives an id. */
export async function readTargetFacts(wire: Wire): Promise<TargetFacts> {
  const [row] = await wire.query(
    `SELECT d.oid, pg_catalog.getdatabaseencoding(), pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000,
       pg_catalog.pg_current_xact_id(), pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
         AND pg_catalog.has_function_privilege('pg_catalog.pg_control_checkpoint()', 'EXECUTE')
     FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`,
  )
  if (row === undefined) throw new HoldfastError('internal', 'The target does not know its own database.')
  const [oid, encoding, major, transaction, permitted] = row
  // Asked only where it is allowed: a right that is lacking fails the whole query.
  const [control] =
    permitted === 't'
      ? await wire.query(
          `SELECT s.system_identifier, c.timeline_id FROM pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c`,
        )
      : []
  return {
    target: {
      databaseOid: Number(oid),
      systemIdentifier: control?.[0] ?? null,
      timeline: control?.[1] === undefined || control[1] === null ? null : Number(control[1]),
      major: Number(major),
      encoding: encoding ?? '',
    },
    encoding: encoding ?? '',
    transaction: transaction ?? '',
  }
}

/** Of the cluster, as decimal text; null where the role may not ask. */
export async function readSystemIdentifier(wire: Wire): Promise<string | null> {
  const [permitted] = await wire.query(
    "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')",
  )
  if (permitted?.[0] !== 't') return null
  const [control] = await wire.query('SELECT system_identifier FROM pg_catalog.pg_control_system()')
  return control?.[0] ?? null
}
