import type { Wire } from '../../postgres/wire.ts'
import { refers } from './keys.ts'
import type { LiveForeignKey } from './live.ts'
import { after, before, changesOf, imagesDiffer, of, stageOf } from './names.ts'
import { quietly } from './quiet.ts'
import type { Unit } from './types.ts'

/*
 * Where a table refers to itself, rows hang on rows in chains of any length. Settled link by link, each link would cost a look at
 * all rows; so chains are followed here, in one statement for all of them.
 */

const lackingTable = 'pg_temp.holdfast_lacking'
const linksTable = 'pg_temp.holdfast_links'
const endsTable = 'pg_temp.holdfast_ends'
const reachedTable = 'pg_temp.holdfast_reached'

/** Whether the key leads from rows of the unit's table to rows of the same. */
export function isChain(unit: Unit, key: LiveForeignKey): boolean {
  return unit.live.oid === key.child && key.child === key.parent
}

/**
 * The changes that refer to nothing, `missing`, and those that would hang on them: a condition on `r`. Null where it can't be told so, but
 * only round by round: where what is referred to is not what tells rows apart, another row may have the value.
 */
export async function hanging(
  wire: Wire,
  unit: Unit,
  key: LiveForeignKey,
  missing: string,
): Promise<string | null> {
  const own = unit.key?.map((k) => k.name).join('\0')
  if (!isChain(unit, key) || key.parentColumns.join('\0') !== own) return null
  const side = (s: typeof before): string[] => key.childColumns.map((c) => `c.${s(unit, c)}`)
  const on = refers(
    key,
    (c) => `p.${after(unit, c)}`,
    (n) => side(after)[n] ?? '',
  )
  await follow(wire, {
    ends: `SELECT m.id FROM (${missing}) m`,
    links: `SELECT p.id AS one, c.id AS next FROM ${changesOf(unit)} p JOIN ${changesOf(unit)} c ON ${on}
      WHERE p.action = 'c' AND (c.action = 'c' OR c.action = 'u' AND ${imagesDiffer(side(before), side(after))})`,
  })
  return `r.id IN (SELECT e.id FROM ${reachedTable} e)`
}

/**
 * The staged rows that `missing` asks for, and those that these need: a condition on `s`. Only rows for which `lacks` holds, a condition on
 * `s` as well.
 */
export async function needed(
  wire: Wire,
  unit: Unit,
  key: LiveForeignKey,
  o: { missing: string; lacks: string },
): Promise<string> {
  const numbered = (columns: readonly string[], letter: string): string[] =>
    columns.map((c, n) => `${of('s')(c)} AS ${letter}${n + 1}`)
  const columns = [...numbered(key.parentColumns, 'p'), ...numbered(key.childColumns, 'c')]
  // Counted, and not guessed: they are joined with each other.
  await wire.query(
    quietly(
      `${make(lackingTable, `SELECT ${['s.ctid AS place', ...columns].join(', ')} FROM ${stageOf(unit)} s WHERE ${o.lacks}`)}; ANALYZE ${lackingTable}`,
    ),
  )
  const parent = (alias: string) => (column: string) => `${alias}.p${key.parentColumns.indexOf(column) + 1}`
  await follow(wire, {
    ends: `SELECT l.place AS id FROM ${lackingTable} l JOIN (${o.missing}) m ON ${refers(key, parent('l'), (n) => `m.k${n + 1}`)}`,
    links: `SELECT c.place AS one, p.place AS next FROM ${lackingTable} c JOIN ${lackingTable} p ON ${refers(key, parent('p'), (n) => `c.c${n + 1}`)}`,
  })
  return `s.ctid IN (SELECT e.id FROM ${reachedTable} e)`
}

/** Fills a table with the `ends`, by `id`, and with whatever `links` lead to from there, from `one` to the `next`. */
async function follow(wire: Wire, { ends, links }: { ends: string; links: string }): Promise<void> {
  await wire.query(
    quietly(
      `${make(endsTable, ends)}; ${make(linksTable, links)}; CREATE INDEX ON ${linksTable} (one); ANALYZE ${linksTable}`,
    ),
  )
  // How far it goes nobody can estimate: any other join would read all links for each step.
  await wire.query(
    quietly(
      `SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
       ${make(
         reachedTable,
         `WITH RECURSIVE reached (id) AS (SELECT e.id FROM ${endsTable} e
            UNION SELECT l.next FROM reached r JOIN ${linksTable} l ON l.one = r.id)
          SELECT id FROM reached`,
       )};
       RESET enable_hashjoin; RESET enable_mergejoin; ANALYZE ${reachedTable}`,
    ),
  )
}

function make(table: string, sql: string): string {
  return `DROP TABLE IF EXISTS ${table}; CREATE TEMPORARY TABLE ${table.replace('pg_temp.', '')} AS ${sql}`
}
