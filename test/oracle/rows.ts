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
  for (const sql of model.beforeRows) await attempt(client, sql, filled)
  for (const table of model.tables) await fillTable(client, table, r.fork(table.label), filled)
  for (const sql of model.afterRows) await attempt(client, sql, filled)
  return filled
}

async function attempt(client: Client, sql: string, filled: Filled): Promise<boolean> {
  filled.statements++
  try {
    await client.query(sql)
    return true
  } catch (error) {
    filled.refused.push({ sql, why: String(error) })
    return false
  }
}

const batch = 200

async function fillTable(client: Client, t: TableModel, r: Random, filled: Filled): Promise<void> {
  if (t.columns.length === 0) return
  const rows = Array.from({ length: t.rows }, (_, at) => `(${drawRow(r, t, at).join(', ')})`)
  for (let from = 0; from < rows.length; from += batch) {
    const part = rows.slice(from, from + batch)
    if (await attempt(client, insertSql(t, part), filled)) continue
    // One of them is refused (a value that the encoding lacks, say): the others are still good.
    for (const row of part.slice(0, 20)) await client.query(insertSql(t, [row])).catch(() => undefined)
  }
  if (t.big) await raggedGrowth(client, t, filled)
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
async function raggedGrowth(client: Client, t: TableModel, filled: Filled): Promise<void> {
  await attempt(client, `ALTER TABLE ${t.label} ADD COLUMN wide text`, filled)
  await attempt(
    client,
    `UPDATE ${t.label} SET wide = repeat(md5(ctid::text), 1 + (hashtext(ctid::text) & 31))`,
    filled,
  )
  await attempt(client, `DELETE FROM ${t.label} WHERE hashtext(ctid::text) % 7 = 0`, filled)
  await attempt(client, `UPDATE ${t.label} SET wide = 'short' WHERE hashtext(ctid::text) % 5 = 0`, filled)
}
