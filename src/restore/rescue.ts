import type { Sentence } from '../lib/sentence.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { tableLabel } from '../postgres/introspect/tables.ts'
import { ident, literal, qualified } from '../postgres/quote.ts'
import type { Wire } from '../postgres/wire.ts'
import { sentence } from './sentences.ts'

/** A CHECK constraint that was taken off so that rows could be loaded. */
interface Check {
  readonly schema: string
  readonly table: string
  readonly name: string
  /** As pg_get_constraintdef() gives it. */
  readonly definition: string
  readonly comment: string | null
}

/** SQLSTATEs of names that were not found: function, table, type, schema. */
const unknownName: ReadonlySet<string> = new Set(['42883', '42P01', '42704', '3F000'])

/** True if the server's error may come from a function that relies on its search path, which a restore has emptied. */
export function reliesOnPath(error: unknown): boolean {
  if (!(error instanceof HoldfastError)) return false
  return unknownName.has(String(error.details['sqlstate']))
}

/** Does `work` with a search path as the author of an object in this schema is likely to have had it. */
export async function withPath<T>(wire: Wire, schema: string, work: () => Promise<T>): Promise<T> {
  await wire.query(`SET search_path = ${ident(schema)}, public`)
  try {
    return await work()
  } finally {
    await wire.query("SELECT pg_catalog.set_config('search_path', '', false)").catch(() => undefined)
  }
}

/**
 * Helps rows in that were good when they were written and are refused now: by CHECK constraints that read other tables, the
 * clock or the search path. Postgres lets one make these, and its own dump does not bring them back.
 */
export interface Rescue {
  /** Loads again what has failed with `first`, under another search path or without the table's CHECK constraints; throws `first` if neither helps. */
  load<T>(o: {
    wire: Wire
    table: { readonly schema: string; readonly name: string }
    first: unknown
    load: () => Promise<T>
  }): Promise<T>
  /** Puts the constraints back, once all rows and what else they may read are there. Those that rows break are made NOT VALID and told. */
  restoreChecks(wire: Wire): Promise<void>
}

/** `onWarning` is told of every constraint that is not restored as it was. */
export function createRescue(o: { onWarning: (said: Sentence) => void }): Rescue {
  const dropped: Check[] = []
  let last: Promise<void> = Promise.resolve()
  /** One after the other: partitions of one table share what is dropped. */
  const drop = (wire: Wire, table: { schema: string; name: string }): Promise<void> => {
    const own = last.then(async () => {
      dropped.push(...(await dropChecks(wire, table)))
    })
    last = own.catch(() => undefined)
    return own
  }
  return {
    async load({ wire, table, first, load }) {
      if (!isHoldfastError(first, 'restore_failed')) throw first
      await wire.query('ROLLBACK')
      if (reliesOnPath(first)) {
        try {
          return await withPath(wire, table.schema, load)
        } catch (again) {
          if (!isHoldfastError(again, 'restore_failed')) throw again
          await wire.query('ROLLBACK')
        }
      }
      await drop(wire, table)
      if (dropped.length === 0) throw first
      return await load()
    },
    async restoreChecks(wire) {
      // Parents were taken off first, so they are put back last: then children keep what is their own.
      for (const check of dropped.splice(0).reverse()) await addCheck(wire, check, o.onWarning)
    },
  }
}

/**
 * The table's own constraints and those it has from above, which can only be dropped there, topmost first. Dropping one from a parent
 * drops it from all children that have it from the parent alone.
 */
async function dropChecks(wire: Wire, table: { schema: string; name: string }): Promise<Check[]> {
  const rows = await wire.query(
    `WITH RECURSIVE up AS (
       SELECT ${literal(qualified(table.schema, table.name))}::pg_catalog.regclass::pg_catalog.oid AS id, 0 AS level
       UNION ALL SELECT i.inhparent, u.level + 1 FROM up u JOIN pg_catalog.pg_inherits i ON i.inhrelid = u.id
     )
     SELECT n.nspname, r.relname, c.conname, pg_catalog.pg_get_constraintdef(c.oid), pg_catalog.obj_description(c.oid, 'pg_constraint')
     FROM up u JOIN pg_catalog.pg_constraint c ON c.conrelid = u.id AND c.contype = 'c' AND c.conislocal
     JOIN pg_catalog.pg_class r ON r.oid = c.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
     GROUP BY c.oid, 1, 2, 3 ORDER BY max(u.level) DESC, 1, 2, 3`,
  )
  const checks = rows.map(([schema, name, constraint, definition, comment]) => ({
    schema: schema ?? '',
    table: name ?? '',
    name: constraint ?? '',
    definition: definition ?? '',
    comment: comment ?? null,
  }))
  for (const check of checks) {
    await wire.query(
      `ALTER TABLE ${qualified(check.schema, check.table)} DROP CONSTRAINT IF EXISTS ${ident(check.name)}`,
    )
  }
  return checks
}

async function addCheck(wire: Wire, check: Check, onWarning: (said: Sentence) => void): Promise<void> {
  const add = `ALTER TABLE ${qualified(check.schema, check.table)} ADD CONSTRAINT ${ident(check.name)} ${check.definition}`
  const table = tableLabel({ schema: check.schema, name: check.table })
  try {
    await addUnderSomePath(wire, check.schema, add)
  } catch (error) {
    if (!isHoldfastError(error, 'query_failed')) throw error
    await wire.query(`${add} NOT VALID`)
    const why = messageOf(error)
    onWarning(
      sentence(
        'check_not_valid',
        { key: check.name, table, why },
        `The constraint ${check.name} of ${table} is NOT VALID: it holds for new rows only, because restored ones do not pass it now. ${why}`,
      ),
    )
  }
  if (check.comment === null) return
  await wire.query(
    `COMMENT ON CONSTRAINT ${ident(check.name)} ON ${qualified(check.schema, check.table)} IS ${literal(check.comment)}`,
  )
}

async function addUnderSomePath(wire: Wire, schema: string, add: string): Promise<void> {
  try {
    await wire.query(add)
  } catch (error) {
    if (!reliesOnPath(error)) throw error
    await withPath(wire, schema, () => wire.query(add))
  }
}
