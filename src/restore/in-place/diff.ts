import { ident } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { changesOf, imagesDiffer, liveOf, sameKey, stageOf, storedOf } from './names.ts'
import { quietly } from './quiet.ts'
import type { Actions, Unit } from './types.ts'

/** What decides about rows that differ. */
export interface DiffOptions {
  readonly actions: Actions
  readonly keepNewer: string | null
  readonly where: string | null
  /** The live rows that are compared, of the alias `o`, to stand behind FROM. */
  readonly live: string
}

/**
 * Compares the staged rows with the live ones, and keeps the difference in the unit's table of changes. Reads both
 * sides once. A row differs if its binary image and its text do: types like numeric or citext call values equal that a
 * restore must tell apart, and one value may have more than one image. Of a table that is pulled in the changes are
 * empty at first.
 */
export async function findChanges(wire: Wire, unit: Unit, options: DiffOptions): Promise<void> {
  const table = changesOf(unit)
  await wire.query(
    quietly(
      `DROP TABLE IF EXISTS ${table};
       CREATE TEMPORARY TABLE ${table.replace('pg_temp.', '')} AS ${changesSql(unit, options)}${unit.pulledIn ? ' WITH NO DATA' : ''};
       ANALYZE ${table}`,
    ),
  )
}

function changesSql(unit: Unit, { actions, keepNewer, where, ...o }: DiffOptions): string {
  const stored = storedOf(unit)
  const number = (name: string): number => stored.indexOf(name) + 1
  const shared = new Set(unit.shared)
  const keyless = unit.key === null
  const text = `ROW(${unit.shared.map(ident).join(', ')})::pg_catalog.text`
  const twins = `${text} AS x, pg_catalog.row_number() OVER (PARTITION BY ${text}) AS n`
  const side = (columns: readonly string[], more: readonly string[], from: string): string =>
    `SELECT ${['true AS t', ...columns.map((c) => `${ident(c)} AS c${number(c)}`), ...more].join(', ')} FROM ${from}`
  // A row is meant if it meets the condition now, or did in the backup: with a key it is the same row. Without one each side goes by itself.
  const met = where === null ? 'true' : `(${where}\n) IS TRUE`
  const live = side(
    stored,
    keyless ? [twins, 'tableoid AS part', 'ctid AS place', 'true AS met'] : [`${met} AS met`],
    `${o.live}${keyless ? ` WHERE ${met}` : ''}`,
  )
  const staged = side(
    unit.shared,
    keyless ? [twins, 'true AS met'] : [`${met} AS met`],
    `${stageOf(unit)}${keyless ? ` WHERE ${met}` : ''}`,
  )
  const on =
    unit.key === null
      ? 'l.x = s.x AND l.n = s.n'
      : sameKey(
          unit.key,
          (c) => `l.c${number(c)}`,
          (c) => `s.c${number(c)}`,
        )
  const newer = keepNewer !== null && shared.has(keepNewer) ? number(keepNewer) : null
  const action = `CASE WHEN l.t IS NULL THEN '${actions.create ? 'c' : 'C'}'
      WHEN s.t IS NULL THEN '${actions.delete ? 'd' : 'D'}'
      ${newer === null ? '' : `WHEN l.c${newer} > s.c${newer} THEN 'k'`}
      ELSE '${actions.update ? 'u' : 'U'}' END`
  const carried = [
    ...stored.map((c) => `l.c${number(c)} AS l${number(c)}`),
    ...unit.shared.map((c) => `s.c${number(c)} AS s${number(c)}`),
    ...(keyless ? ['l.part', 'l.place'] : ['NULL::pg_catalog.oid AS part', 'NULL::pg_catalog.tid AS place']),
  ]
  const columns = [
    'pg_catalog.row_number() OVER () AS id',
    'd.action',
    'NULL::pg_catalog.text AS why',
    'd.part',
    'd.place',
    ...stored.map((c) => `CASE WHEN d.action IN ('u', 'd', 'k') THEN d.l${number(c)} END AS b${number(c)}`),
    // A column that the backup does not have keeps its value; in a row that is made again its default fills it in.
    ...stored.map((c) =>
      shared.has(c)
        ? `CASE WHEN d.action IN ('c', 'u', 'k') THEN d.s${number(c)} END AS a${number(c)}`
        : `CASE WHEN d.action = 'u' THEN d.l${number(c)} END AS a${number(c)}`,
    ),
  ]
  return `SELECT ${columns.join(', ')}
    FROM (SELECT ${[`(${action})::pg_catalog."char" AS action`, ...carried].join(', ')}
      FROM (${live}) l FULL JOIN (${staged}) s ON ${on}
      WHERE (l.met OR s.met) AND (l.t IS NULL OR s.t IS NULL OR (${differs(unit, number)}))) d`
}

function differs(unit: Unit, number: (column: string) => number): string {
  if (unit.key === null) return 'false'
  // The key as well: one that its type calls equal may be another text.
  const side = (alias: string): string[] => unit.shared.map((c) => `${alias}.c${number(c)}`)
  const text = (alias: string): string => `ROW(${side(alias).join(', ')})::pg_catalog.text`
  return `s.t AND ${imagesDiffer(side('l'), side('s'))} AND ${text('l')} <> ${text('s')}`
}

/** How many of the staged rows are meant: those that meet the condition in the backup, or in the target by now. */
export async function countMeant(wire: Wire, unit: Unit, where: string | null): Promise<number> {
  const met = `(${where ?? 'true'}\n) IS TRUE`
  const { key } = unit
  const now =
    key === null || where === null
      ? ''
      : ` OR EXISTS (SELECT FROM (SELECT ${key.map((k, n) => `${ident(k.name)} AS k${n + 1}`).join(', ')}
          FROM ${liveOf(unit.live)} WHERE ${met}) l WHERE ${key.map((k, n) => `l.k${n + 1} ${k.equals} s.${ident(k.name)}`).join(' AND ')})`
  const [row] = await wire.query(`SELECT count(*) FROM ${stageOf(unit)} s WHERE ${met}${now}`)
  return Number(row?.[0])
}
