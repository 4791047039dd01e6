import { isHoldfastError, messageOf } from '../lib/errors.ts'
import { connect } from '../postgres/connect.ts'
import { tableLabel } from '../postgres/introspect/tables.ts'
import { ident, qualified } from '../postgres/quote.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { CheckContext } from './checks.ts'
import { overConnections } from './connections.ts'
import { entryText } from './schema.ts'
import { checkOf, type DrillCheck, type Finding } from './types.ts'

/** A foreign key of the restored database, as its catalog describes it. */
interface ForeignKey extends Record<string, unknown> {
  readonly name: string
  readonly schema: string
  readonly table: string
  readonly partitioned: boolean
  readonly foreignSchema: string
  readonly foreignTable: string
  readonly foreignPartitioned: boolean
  /** `f`: either all columns are null, or none. */
  readonly match: string
  readonly validated: boolean
  readonly enforced: boolean
  /** The last column is a period, which periods of the other table cover together. */
  readonly period: boolean
  readonly columns: readonly string[]
  readonly foreignColumns: readonly string[]
  /** SQL for each pair of columns: the operator between the other table's and this one's, what casts them, and the collation. */
  readonly operators: readonly string[]
  readonly foreignCasts: readonly string[]
  readonly casts: readonly string[]
  readonly collations: readonly string[]
}

/**
 * Counts, for each foreign key, the rows that break it, by a query of its own: a constraint that is there proves nothing of rows
 * that came while triggers were off. A key that restored rows break was made by the restore for new rows only, so what counts
 * is whether the source called it valid.
 */
export async function checkForeignKeys(o: CheckContext): Promise<DrillCheck> {
  const failures: Finding[] = []
  const notVerified: Finding[] = o.part === undefined ? [] : cutKeys(o)
  const toCheck: ForeignKey[] = []
  for (const key of await readKeys(o)) {
    const why = whyOpen(key, o)
    if (why === null) toCheck.push(key)
    else notVerified.push({ what: labelOf(key), why })
  }
  let checked = 0
  await overConnections(o, toCheck, async (connection, key) => {
    try {
      const [row] = await connection.query<{ broken: string }>(brokenRowsSql(key))
      checked++
      const broken = Number(row?.broken)
      const other = `${key.foreignSchema}.${key.foreignTable}`
      const rows = broken === 1 ? '1 row has' : `${broken} rows have`
      if (broken > 0) failures.push({ what: labelOf(key), why: `${rows} no match in ${other}` })
    } catch (error) {
      // Its operator may be code of the database.
      if (!isHoldfastError(error, 'query_failed')) throw error
      notVerified.push({ what: labelOf(key), why: messageOf(error) })
    }
    o.onDone(1)
  })
  return checkOf('foreign keys', { checked, failures, notVerified })
}

function labelOf(key: ForeignKey): string {
  return `${key.schema}.${key.table} ${key.name}`
}

/** Keys of chosen tables that lead to or come from tables that were not. */
function cutKeys({ contents, plan }: CheckContext): Finding[] {
  const kept = new Set(plan.entries.map((e) => e.id))
  return contents.schema.entries
    .filter((e) => e.type === 'FK CONSTRAINT' && !kept.has(e.id) && e.dependsOn.some((id) => kept.has(id)))
    .map((e) => ({
      what: `${e.schema}.${e.name}`,
      why: 'only one of its tables is in this part of the backup',
    }))
}

/** Why a key can't or need not hold, if so. */
function whyOpen(key: ForeignKey, o: CheckContext): string | null {
  if (!key.enforced) return 'it is not enforced'
  if (!key.validated && entryOf(key, o).some((e) => / NOT VALID;\s*$/.test(entryText(o.schemaText, e)))) {
    return 'the source had not validated it'
  }
  const sides = [`${key.schema}.${key.table}`, `${key.foreignSchema}.${key.foreignTable}`]
  const empty = o.contents.tables.find(
    (t) =>
      (t.data !== 'held' || t.condition !== null) &&
      [t, ...t.parents].some((one) => sides.includes(tableLabel(one))),
  )
  if (empty !== undefined) return `the backup does not hold all rows of ${tableLabel(empty)}`
  const erased = o.report.heldBack.find((held) =>
    [held, ...held.parents].some((one) => tableLabel(one) === sides[1]),
  )
  return erased === undefined
    ? null
    : `rows of ${tableLabel(erased)} were erased, and others may refer to them`
}

function entryOf(key: ForeignKey, { plan }: CheckContext): SchemaEntry[] {
  const name = `${key.table} ${key.name}`
  return plan.entries.filter((e) => e.type === 'FK CONSTRAINT' && e.schema === key.schema && e.name === name)
}

/** Partitions' own copies of a key of their parent are part of it. */
async function readKeys({ address, signal }: CheckContext): Promise<ForeignKey[]> {
  await using connection = await connect({ address, signal })
  const each = (expression: string): string =>
    `ARRAY(SELECT ${expression} FROM ROWS FROM (pg_catalog.unnest(c.conkey), pg_catalog.unnest(c.confkey), pg_catalog.unnest(c.conpfeqop))
         WITH ORDINALITY AS k (own, other, op, n)
       JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.own
       JOIN pg_catalog.pg_attribute AS f ON f.attrelid = c.confrelid AND f.attnum = k.other
       JOIN pg_catalog.pg_operator AS o ON o.oid = k.op ORDER BY k.n)`
  // An operator of other types than the columns' is found by casts; of a type that stands for many, without.
  const cast = (column: string, type: string): string =>
    `CASE WHEN ${column}.atttypid <> ${type} AND (SELECT typtype FROM pg_catalog.pg_type WHERE oid = ${type}) <> 'p'
       THEN '::' || pg_catalog.format_type(${type}, NULL) ELSE '' END`
  return await connection.query<ForeignKey>(
    `SELECT c.conname::text AS name, n.nspname::text AS schema, r.relname::text AS table, r.relkind = 'p' AS partitioned,
       fn.nspname::text AS "foreignSchema", fr.relname::text AS "foreignTable", fr.relkind = 'p' AS "foreignPartitioned",
       c.confmatchtype::text AS match, c.convalidated AS validated, c.conenforced AS enforced, c.conperiod AS period,
       ${each('a.attname::text')} AS columns, ${each('f.attname::text')} AS "foreignColumns",
       ${each(`pg_catalog.format('OPERATOR(%s.%s)', o.oprnamespace::pg_catalog.regnamespace, o.oprname)`)} AS operators,
       ${each(cast('f', 'o.oprleft'))} AS "foreignCasts", ${each(cast('a', 'o.oprright'))} AS casts,
       ${each(`CASE WHEN f.attcollation NOT IN (0, a.attcollation) THEN ' COLLATE ' || f.attcollation::pg_catalog.regcollation ELSE '' END`)} AS collations
     FROM pg_catalog.pg_constraint AS c
     JOIN pg_catalog.pg_class AS r ON r.oid = c.conrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
     JOIN pg_catalog.pg_class AS fr ON fr.oid = c.confrelid JOIN pg_catalog.pg_namespace AS fn ON fn.oid = fr.relnamespace
     WHERE c.contype = 'f' AND c.conparentid = 0 ORDER BY n.nspname, r.relname, c.conname`,
  )
}

/** As the server's own triggers ask, but for all rows at once. */
function brokenRowsSql(key: ForeignKey): string {
  const own = key.columns.map((column) => `t.${ident(column)}`)
  const pairs = own.map((column, i) => {
    const other = `p.${ident(key.foreignColumns[i] ?? '')}${key.foreignCasts[i]}`
    return `${other} ${key.operators[i]} ${column}${key.casts[i]}${key.collations[i]}`
  })
  const from = `${key.foreignPartitioned ? '' : 'ONLY '}${qualified(key.foreignSchema, key.foreignTable)} AS p`
  const where = pairs.join(' AND ')
  const last = ident(key.foreignColumns.at(-1) ?? '')
  const found = key.period
    ? `SELECT FROM ${from} WHERE ${where} HAVING ${own.at(-1)} OPERATOR(pg_catalog.<@) pg_catalog.range_agg(p.${last})`
    : `SELECT FROM ${from} WHERE ${where}`
  const whole = own.map((column) => `${column} IS NOT NULL`).join(' AND ')
  const some = own.map((column) => `${column} IS NOT NULL`).join(' OR ')
  const missing = `(${whole} AND NOT EXISTS (${found}))`
  const broken = key.match === 'f' ? `${missing} OR ((${some}) AND NOT (${whole}))` : missing
  return `SELECT count(*) AS broken FROM ${key.partitioned ? '' : 'ONLY '}${qualified(key.schema, key.table)} AS t WHERE ${broken}`
}
