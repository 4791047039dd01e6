import type { Sentence } from '../../lib/sentence.ts'
import type { Wire } from '../../postgres/wire.ts'
import { sentence } from '../sentences.ts'
import { changesOf, imagesDiffer, liveOf, of, sameKey, storedOf, withoutDomain } from './names.ts'
import { quietly } from './quiet.ts'
import { reasonSql } from './settled.ts'
import type { Unit } from './types.ts'

/** What a restore has changed: `action`, and both sides of each row. */
export const recordOf = (unit: Unit): string => `pg_temp.holdfast_record_${unit.index}`

/**
 * Fills the unit's table of changes with what puts the rows back. A row that is not what the restore made of it any more
 * was changed by somebody since: it is a conflict, unless `overwrite`. One that is already as it was needs nothing. Resolves to how many rows the
 * comparison means, but for those that go.
 */
export async function findUndoing(wire: Wire, unit: Unit, overwrite: boolean): Promise<number> {
  const table = changesOf(unit)
  const sql = unit.key === null ? keylessSql(unit, overwrite) : keyedSql(unit, overwrite)
  await wire.query(
    quietly(
      `DROP TABLE IF EXISTS ${table}; CREATE TEMPORARY TABLE ${table.replace('pg_temp.', '')} AS ${sql}; ANALYZE ${table}`,
    ),
  )
  // Rows that are to go, or that nothing can be done about, are not among those that were there before.
  const [row] = await wire.query(
    `SELECT (SELECT count(*) FROM ${recordOf(unit)}) -
       (SELECT count(*) FROM ${table} WHERE action = 'd' OR action = 'x' AND ${withoutAfter(unit)})`,
  )
  return Number(row?.[0])
}

function withoutAfter(unit: Unit): string {
  const afters = storedOf(unit).map((_, n) => `a${n + 1}`)
  return afters.length === 0 ? 'true' : `ROW(${afters.join(', ')}) IS NULL`
}

function keyedSql(unit: Unit, overwrite: boolean): string {
  const stored = storedOf(unit)
  const number = (name: string): number => stored.indexOf(name) + 1
  const key = unit.key ?? []
  const same = sameKey(
    key,
    of('l'),
    (c) => `CASE WHEN r.action = 'd' THEN r.b${number(c)} ELSE r.a${number(c)} END`,
  )
  const live = unit.shared.map((c) => withoutDomain(of('l')(c)))
  const side = (s: 'b' | 'a'): string[] => unit.shared.map((c) => `r.${s}${number(c)}`)
  const is = (s: 'b' | 'a'): string => `NOT (${imagesDiffer(live, side(s))})`
  const reason = (why: Sentence): string => (overwrite ? 'NULL' : reasonSql(why))
  const changed = reason(sentence('why_changed', {}, 'it was changed since the restore'))
  const removed = reason(sentence('why_deleted', {}, 'it was deleted since the restore'))
  const made = reason(sentence('why_made_again', {}, 'it was made again since the restore'))
  // The row as the restore left it is put back; as it was before, it needs nothing; else somebody was here.
  const decided = `CASE
      WHEN r.action = 'c' THEN CASE WHEN l.ctid IS NULL THEN NULL WHEN ${is('a')} THEN ARRAY['d', NULL] ELSE ARRAY['d', ${changed}] END
      WHEN r.action = 'u' THEN CASE WHEN l.ctid IS NULL THEN ARRAY['c', ${removed}] WHEN ${is('a')} THEN ARRAY['u', NULL]
        WHEN ${is('b')} THEN NULL ELSE ARRAY['u', ${changed}] END
      ELSE CASE WHEN l.ctid IS NULL THEN ARRAY['c', NULL] WHEN ${is('b')} THEN NULL ELSE ARRAY['u', ${made}] END END`
  const columns = [
    'pg_catalog.row_number() OVER () AS id',
    `(CASE WHEN d.decided[2] IS NULL THEN d.decided[1] ELSE 'x' END)::pg_catalog."char" AS action`,
    'd.decided[2]::pg_catalog.text AS why',
    'NULL::pg_catalog.int8 AS becomes',
    'NULL::pg_catalog.oid AS part',
    'NULL::pg_catalog.tid AS place',
    ...stored.map((c) => `CASE WHEN d.decided[1] <> 'c' THEN d.l${number(c)} END AS b${number(c)}`),
    ...stored.map((c) => {
      const known = unit.shared.includes(c)
      const back = known ? `d.b${number(c)}` : `CASE WHEN d.decided[1] = 'u' THEN d.l${number(c)} END`
      return `CASE WHEN d.decided[1] <> 'd' THEN ${back} END AS a${number(c)}`
    }),
  ]
  const carried = [
    ...stored.map((c) => `${of('l')(c)} AS l${number(c)}`),
    ...unit.shared.map((c) => `r.b${number(c)}`),
  ]
  return `SELECT ${columns.join(', ')}
    FROM (SELECT ${[`${decided} AS decided`, ...carried].join(', ')}
      FROM ${recordOf(unit)} r LEFT JOIN ${liveOf(unit.live)} l ON ${same}) d
    WHERE d.decided IS NOT NULL`
}

/**
 * Equal rows are as good as each other: as many as were made go again, and those deleted come back. Where there are not as many any
 * more, somebody has changed or deleted them: a conflict, unless `overwrite`.
 */
function keylessSql(unit: Unit, overwrite: boolean): string {
  const stored = storedOf(unit)
  const number = (name: string): number => stored.indexOf(name) + 1
  const text = (list: readonly string[]): string => `ROW(${list.join(', ')})::pg_catalog.text`
  const recorded = text(unit.shared.map((c) => `r.a${number(c)}`))
  const live = text(unit.shared.map(of('l')))
  const why = sentence('why_changed_or_deleted', {}, 'it was changed or deleted since the restore')
  // Of the column's type, which nothing else may tell where the column is new.
  const nulls = (side: 'b' | 'a', type: (c: string) => string = () => 'NULL'): string[] =>
    stored.map((c) => `${type(c)} AS ${side}${number(c)}`)
  const gone = [
    `SELECT (CASE WHEN l.place IS NULL THEN 'x' ELSE 'd' END)::pg_catalog."char" AS action`,
    `CASE WHEN l.place IS NULL THEN ${reasonSql(why)} END AS why`,
    'l.part, l.place',
    ...stored.map(
      (c) => `CASE WHEN l.place IS NULL THEN s.c${number(c)} ELSE l.c${number(c)} END AS b${number(c)}`,
    ),
    ...nulls('a', (c) => `CASE WHEN false THEN l.c${number(c)} END`),
  ]
  const recordedColumns = stored.map((c) => `r.a${number(c)} AS c${number(c)}`)
  const liveColumns = stored.map((c) => `${of('l')(c)} AS c${number(c)}`)
  const back = [
    `SELECT 'c', NULL, NULL, NULL`,
    ...nulls('b'),
    ...stored.map((c) => (unit.shared.includes(c) ? `r.b${number(c)}` : 'NULL')),
  ]
  // Of a table without columns there is no other.
  const columns = [
    'pg_catalog.row_number() OVER () AS id',
    'd.action, d.why, NULL::pg_catalog.int8 AS becomes, d.part, d.place',
    ...['b', 'a'].flatMap((side) => stored.map((_, n) => `d.${side}${n + 1}`)),
  ]
  return `SELECT ${columns.join(', ')}
    FROM (${gone.join(', ')}
      FROM (SELECT ${[...recordedColumns, `${recorded} AS x`, `pg_catalog.row_number() OVER (PARTITION BY ${recorded}) AS n`].join(', ')}
        FROM ${recordOf(unit)} r WHERE r.action = 'c') s
      ${overwrite ? '' : 'LEFT '}JOIN (SELECT ${[...liveColumns, `l.tableoid AS part`, 'l.ctid AS place', `${live} AS x`, `pg_catalog.row_number() OVER (PARTITION BY ${live}) AS n`].join(', ')}
        FROM ${liveOf(unit.live)} l) l ON l.x = s.x AND l.n = s.n
      UNION ALL ${back.join(', ')} FROM ${recordOf(unit)} r WHERE r.action = 'd') d`
}
