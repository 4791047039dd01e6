import type { Client } from 'pg'
import { ident, literal } from '../../src/postgres/quote.ts'
import type { Random } from './random.ts'
import { drawRow, insertSql } from './rows.ts'
import type { SchemaModel } from './schema.ts'

/** A transaction's statements that change rows, or now and then tables, of a random database. Any may fail. */
export function drawChanges(model: SchemaModel, r: Random): readonly string[] {
  return draw(model, r).map(model.spell)
}

function draw(model: SchemaModel, r: Random): readonly string[] {
  const t = r.pick(model.tables)
  const [column] = t.columns
  if (column === undefined) return [`INSERT INTO ${t.label} DEFAULT VALUES`]
  const some = `ctid IN (SELECT ctid FROM ${t.label} OFFSET ${r.skewed(50)} LIMIT ${1 + r.skewed(200)})`
  const changed = r.pick(t.columns)
  const kind = r.int(30)
  if (kind < 10) {
    const rows = Array.from(
      { length: 1 + r.skewed(30) },
      () => `(${drawRow(r, t, t.rows + r.int(1e6)).join(', ')})`,
    )
    return [`${insertSql(t, rows)} ON CONFLICT DO NOTHING`]
  }
  if (kind < 18)
    return [`UPDATE ${t.label} SET ${ident(changed.name)} = ${literal(changed.type.value(r))} WHERE ${some}`]
  if (kind < 20) return [`UPDATE ${t.label} SET ${ident(changed.name)} = DEFAULT`]
  if (kind < 25) return [`DELETE FROM ${t.label} WHERE ${some}`]
  if (kind === 25) return [`TRUNCATE ${t.label} CASCADE`]
  if (kind === 26)
    return [`ALTER TABLE ${t.label} ADD COLUMN ${ident(`added ${r.int(1e6)}`)} text DEFAULT 'now'`]
  if (kind === 27 && t.columns.length > t.keyColumns + 1) {
    return [`ALTER TABLE ${t.label} DROP COLUMN ${ident(r.pick(t.columns.slice(t.keyColumns)).name)}`]
  }
  if (kind === 28) {
    const name = ident(`made ${r.int(1e6)}`)
    return [
      `CREATE TABLE ${name} AS SELECT * FROM ${t.label}`,
      ...(r.chance(0.5) ? [`DROP TABLE ${name}`] : []),
    ]
  }
  return [
    `CREATE INDEX ON ${t.label} (md5(${ident(changed.name)}::text))`,
    `ALTER TABLE ${t.label} SET (fillfactor = ${r.between(40, 100)})`,
  ]
}

/** Makes changes one after the other. Resolves to how many were committed. */
export async function change(client: Client, model: SchemaModel, r: Random, count: number): Promise<number> {
  let committed = 0
  for (let left = count; left > 0; left--) {
    try {
      await client.query('BEGIN')
      for (const sql of drawChanges(model, r)) await client.query(sql)
      await client.query('COMMIT')
      committed++
    } catch {
      await client.query('ROLLBACK')
    }
  }
  return committed
}
