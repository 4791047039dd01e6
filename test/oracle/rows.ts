import type { Client } from 'pg'
import { ident, literal } from '../../src/postgres/quote.ts'
import type { Random } from './random.ts'
import type { SchemaModel, TableModel } from './schema.ts'

/** What was asked of the source, and what it refused: a generator whose statements all fail tests nothing. */
export interface Filled {
  statements: number
  refused: { sql: string; why: string }[]
}

/** Makes the database on a fresh connection: DDL, rows, and what follows the rows. */
export async function fill(client: Client, model: SchemaModel, r: Random): Promise<Filled> {
  const filled: Filled = { statements: 0, refused: [] }
  const attempt = async (sql: string): Promise<boolean> => {
    filled.statements++
    try {
      await client.query(model.spell(sql))
      return true
    } catch (error) {
      filled.refused.push({ sql, why: String(error) })
      return false
    }
  }
  for (const sql of model.beforeRows) await attempt(sql)
  for (const table of model.tables) await fillTable(table, r.fork(table.label), attempt)
  for (const sql of model.afterRows) await attempt(sql)
  return filled
}

const batch = 200

type Attempt = (sql: string) => Promise<boolean>

async function fillTable(t: TableModel, r: Random, attempt: Attempt): Promise<void> {
  if (t.columns.length === 0) return
  const rows = Array.from({ length: t.rows }, (_, at) => `(${drawRow(r, t, at).join(', ')})`)
  for (let from = 0; from < rows.length; from += batch) {
    const part = rows.slice(from, from + batch)
    if (await attempt(insertSql(t, part))) continue
    // One of them is refused: others may be good.
    for (const row of part.slice(0, 5)) await attempt(insertSql(t, [row]))
  }
  if (t.big) await raggedGrowth(t, attempt)
}

export function insertSql(t: TableModel, rows: readonly string[]): string {
  return `INSERT INTO ${t.label} (${t.columns.map((c) => ident(c.name)).join(', ')}) VALUES ${rows.join(', ')}`
}

/** The values of row `at` as SQL. */
export function drawRow(r: Random, t: TableModel, at: number): string[] {
  const referred = new Map<string, string>()
  for (const { columns, target } of t.references) {
    const key =
      r.chance(0.2) && columns.every((c) => !c.notNull)
        ? undefined
        : target.keys[r.skewed(target.keys.length - 1)]
    columns.forEach((c, index) =>
      referred.set(c.name, key?.[index] === undefined ? 'NULL' : literal(key[index])),
    )
  }
  return t.columns.map((c, index) => {
    const key = index < t.keyColumns ? t.keys[at]?.[index] : undefined
    if (key !== undefined) return literal(key)
    const reference = referred.get(c.name)
    if (reference !== undefined) return reference
    return !c.notNull && r.chance(0.15) ? 'NULL' : literal(c.type.value(r))
  })
}

/** Widens the rows of a table to some megabytes and leaves dead rows and free pages behind, in no even pattern. */
async function raggedGrowth(t: TableModel, attempt: Attempt): Promise<void> {
  await attempt(`ALTER TABLE ${t.label} ADD COLUMN wide text`)
  await attempt(`UPDATE ${t.label} SET wide = repeat(md5(ctid::text), 1 + (hashtext(ctid::text) & 31))`)
  await attempt(`DELETE FROM ${t.label} WHERE hashtext(ctid::text) % 7 = 0`)
  await attempt(`UPDATE ${t.label} SET wide = 'short' WHERE hashtext(ctid::text) % 5 = 0`)
}
