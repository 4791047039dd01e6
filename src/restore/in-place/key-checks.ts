import type { Sentence } from '../../lib/sentence.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import type { Wire } from '../../postgres/wire.ts'
import { sentence } from '../sentences.ts'
import type { Applied } from './apply.ts'
import { exists } from './exists.ts'
import { childEnd, isGiven, isOf, isStored, parentEnd, refers, shares } from './keys.ts'
import { readForeignKeys, type LiveForeignKey } from './live.ts'
import { lockedOut } from './locks.ts'
import { after, before, changesOf, imagesDiffer, liveOf, of, sameKey, storedOf } from './names.ts'
import type { Unit } from './types.ts'
import { clashing } from './unique.ts'

/*
 * What the server checks by triggers of its own, checked by SQL: these are off with all others where a restore has to set
 * session_replication_role. Foreign keys, and unique keys that may be deferred; all others it checks by their index.
 *
 * Called when all rows are written, in the transaction that wrote them and holds the locks of its tables. What is found holds until the
 * commit: rows that are referred to are locked as the server would lock them, in the same statement that finds them, and
 * whoever has referred to a row that went had locked it, and was waited for. docs/CONSISTENCY.md says it at length.
 */

export interface KeyCheck {
  readonly what: Sentence
  readonly result: Sentence
}

/** Throws `restore_failed` if a key does not hold, and `lock_timeout` if a row that is referred to is in use for too long. */
export async function checkKeys(o: {
  wire: Wire
  /** What was written. */
  planned: ReadonlyMap<Unit, Applied>
  lockTimeoutMs: number
}): Promise<KeyCheck[]> {
  const checks: KeyCheck[] = []
  // As they are now: nobody can make one on a table that is locked, and those of tables that the restore has made are there.
  for (const key of await readForeignKeys(o.wire)) {
    const queries = [...o.planned].flatMap(([unit, { created, updated, deleted }]) => [
      ...(created + updated > 0 ? writtenSql(unit, key) : []),
      ...(updated + deleted > 0 ? goneSql(unit, key) : []),
    ])
    if (queries.length === 0) continue
    for (const query of queries) {
      const [row] = await o.wire.query(query).catch((error: unknown) => {
        throw lockedOut(error, `rows of ${tableLabel(key.parentTable)}`, o.lockTimeoutMs)
      })
      if (row?.[0] !== '0') throw broken(key, row?.[0] ?? '')
    }
    checks.push({
      what: sentence(
        'check_foreign_key',
        { key: key.name, table: tableLabel(key.childTable) },
        `foreign key ${key.name} of ${tableLabel(key.childTable)}`,
      ),
      result: sentence(
        'found_by_queries',
        {},
        'looked up before the commit, for all rows that were written, and that refer to what went: holds',
      ),
    })
  }
  for (const unit of o.planned.keys()) checks.push(...(await checkDeferrable(o.wire, unit)))
  return checks
}

function broken(key: LiveForeignKey, count: string): HoldfastError {
  const rows = count === '1' ? '1 row' : `${count} rows`
  return new HoldfastError(
    'restore_failed',
    `The changes can not be made: ${rows} of ${tableLabel(key.childTable)} would have none in ${tableLabel(key.parentTable)} to refer to (foreign key ${key.name}).`,
  )
}

/** Rows that were written, whose key the unit's table holds. */
function writtenSql(unit: Unit, key: LiveForeignKey): string[] {
  if (!shares(unit, key.child)) return []
  if (!isStored(unit, key.childColumns)) return [everyRowSql(key)]
  const a = key.childColumns.map((c) => `r.${after(unit, c)}`)
  const b = key.childColumns.map((c) => `r.${before(unit, c)}`)
  // A key that is not valid leaves alone what does not change.
  const judged = key.validated ? 'true' : `(r.action = 'c' OR ${imagesDiffer(b, a)})`
  return [
    checkSql(
      key,
      `SELECT ${a.map((v, n) => `${v} AS k${n + 1}`).join(', ')} FROM ${changesOf(unit)} r
       WHERE r.action IN ('c', 'u') AND ${judged} AND ${isGiven(key, a)} AND ${isOf(unit, childEnd(key), 'r', after)}`,
    ),
  ]
}

/** Rows that refer to a value which a row of the unit's table has no more. */
function goneSql(unit: Unit, key: LiveForeignKey): string[] {
  if (!shares(unit, key.parent)) return []
  if (!isStored(unit, key.parentColumns)) return [everyRowSql(key)]
  const b = key.parentColumns.map((c) => `r.${before(unit, c)}`)
  const a = key.parentColumns.map((c) => `r.${after(unit, c)}`)
  const went = `(r.action = 'd' OR r.action = 'u' AND ${imagesDiffer(b, a)})`
  const gone = `SELECT ${b.map((v, n) => `${v} AS g${n + 1}`).join(', ')} FROM ${changesOf(unit)} r WHERE ${went} AND ${isOf(unit, parentEnd(key), 'r', before)}`
  return [
    checkSql(
      key,
      `SELECT ${childValues(key)} FROM ${liveOf(key.childTable)} h
       WHERE EXISTS (SELECT FROM (${gone}) g WHERE ${refers(
         key,
         (_, n) => `g.g${n + 1}`,
         (n) => of('h')(key.childColumns[n] ?? ''),
       )})`,
    ),
  ]
}

/** Where the changes do not hold the value, since the server computes it: all rows that refer to anything. */
function everyRowSql(key: LiveForeignKey): string {
  const given = isGiven(key, key.childColumns.map(of('h')))
  return checkSql(key, `SELECT ${childValues(key)} FROM ${liveOf(key.childTable)} h WHERE ${given}`)
}

const childValues = (key: LiveForeignKey): string =>
  key.childColumns.map((c, n) => `${of('h')(c)} AS k${n + 1}`).join(', ')

/**
 * How many of the rows with the values `k1` ... refer to nothing. One statement, so that a row which was found is one that was
 * locked: between two, one could come and go.
 */
function checkSql(key: LiveForeignKey, rows: string): string {
  const child = (n: number): string => `m.k${n + 1}`
  const columns = key.parentColumns.map((c, n) => `${of('p')(c)} AS p${n + 1}`).join(', ')
  return `WITH m AS MATERIALIZED (${rows}),
     held AS MATERIALIZED (SELECT ${columns} FROM ${liveOf(key.parentTable)} p
       WHERE EXISTS (SELECT FROM m WHERE ${refers(key, of('p'), child)}) FOR KEY SHARE OF p)
     SELECT count(*) FROM m WHERE NOT EXISTS (SELECT FROM held p WHERE ${refers(key, (_, n) => `p.p${n + 1}`, child)})`
}

/** Unique keys and exclusion constraints that a row may break for a while. */
async function checkDeferrable(wire: Wire, unit: Unit): Promise<KeyCheck[]> {
  const checks: KeyCheck[] = []
  for (const unique of unit.live.uniques.filter((u) => !u.immediate)) {
    const { key } = unit
    const stored = new Set(storedOf(unit))
    const written = key !== null && unique.columns.every((c) => stored.has(c))
    // A row is not the same as another one: by its key, or by its place, which the changes do not know of a new row.
    const sql = written
      ? `SELECT FROM ${clashing(unit, unique)}
         WHERE r.action IN ('c', 'u') AND NOT (${sameKey(key, (c) => `r.${after(unit, c)}`, of('h'))})`
      : `SELECT FROM ${clashing(unit, unique, { rows: liveOf(unit.live), column: of('r') })}
         WHERE (r.tableoid <> h.tableoid OR r.ctid <> h.ctid)`
    if (await exists(wire, sql)) {
      throw new HoldfastError(
        'restore_failed',
        `The changes can not be made: rows of ${tableLabel(unit.live)} would have the same ${unique.columns.join(', ')} (unique ${unique.name}).`,
      )
    }
    checks.push({
      what: sentence(
        'check_unique_key',
        { key: unique.name, table: tableLabel(unit.live) },
        `unique key ${unique.name} of ${tableLabel(unit.live)}`,
      ),
      result: sentence(
        'found_for_written',
        {},
        'looked up before the commit, for all rows that were written: holds',
      ),
    })
  }
  return checks
}
