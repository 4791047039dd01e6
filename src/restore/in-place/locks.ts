import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { qualified } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { after, before, changesOf, imagesDiffer, liveOf, of, sameKey, storedOf } from './names.ts'
import type { LiveTable } from './live.ts'
import type { Unit } from './types.ts'

/**
 * Locks the tables against everybody else's writing until the transaction ends; reading goes on. Waits for as long as
 * it may, and throws `lock_timeout`, naming the tables.
 */
export async function lockTables(wire: Wire, tables: readonly LiveTable[], timeoutMs: number): Promise<void> {
  if (tables.length === 0) return
  const names = tables.map((t) => `${t.partitioned ? '' : 'ONLY '}${qualified(t.schema, t.name)}`)
  await wire.query(`SET LOCAL lock_timeout = ${timeoutMs}`)
  const what = tables.length === 1 ? (names[0] ?? '') : 'one of the tables'
  await wire.query(`LOCK TABLE ${names.join(', ')} IN SHARE ROW EXCLUSIVE MODE`).catch((error: unknown) => {
    throw lockedOut(error, what, timeoutMs)
  })
}

/** A lock that came too late, in words that name `what` was waited for; any other error as it is. */
export function lockedOut(error: unknown, what: string, timeoutMs: number): unknown {
  if (!isHoldfastError(error, 'lock_timeout')) return error
  return new HoldfastError(
    'lock_timeout',
    `Somebody else has been using ${what} for longer than ${timeoutMs / 1000} s; nothing was changed.`,
    { cause: error },
  )
}

/**
 * Locks the rows that are to go, or to get another value that rows may refer to: nobody can refer to them anew while it is
 * found out who refers to them, and foreign keys that act would change those, too.
 */
export async function lockDoomed(wire: Wire, unit: Unit, timeoutMs: number): Promise<void> {
  const same =
    unit.key === null
      ? 'l.tableoid = c.part AND l.ctid = c.place'
      : sameKey(unit.key, of('l'), (k) => `c.${before(unit, k)}`)
  const own = new Set(unit.key?.map((k) => k.name))
  const stored = new Set(storedOf(unit))
  const others = unit.live.keys
    .flatMap((k) => k.columns.map((c) => c.name))
    .filter((c) => !own.has(c) && stored.has(c))
  const side = (s: typeof before): string[] => others.map((c) => `c.${s(unit, c)}`)
  const moves = others.length === 0 ? '' : ` OR c.action = 'u' AND ${imagesDiffer(side(before), side(after))}`
  await wire
    .query(
      `SELECT count(*) FROM (SELECT FROM ${liveOf(unit.live)} l JOIN ${changesOf(unit)} c ON ${same} WHERE c.action = 'd'${moves} FOR UPDATE OF l) s`,
    )
    .catch((error: unknown) => {
      throw lockedOut(error, `rows of ${tableLabel(unit.live)}`, timeoutMs)
    })
}
