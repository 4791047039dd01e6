import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { helperFunctions, manyTables, multiTenant, type Dataset, type DatasetTable } from './dataset.ts'

/** Loads first, indexes later, over `connections` connections; each table's rows in the order of their numbers. */
export async function generate({
  url,
  dataset,
  connections = 2,
}: {
  url: string
  dataset: Dataset
  connections?: number
}): Promise<void> {
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query(
        "SET maintenance_work_mem = '256MB'; SET synchronous_commit = off; SET client_min_messages = warning",
      )
      await client.query(helperFunctions({ dataset }))
      return client
    }),
  )
  try {
    await first(clients).query('CREATE SCHEMA app')
    const byRows = dataset.tables.toSorted((a, b) => b.rows - a.rows)
    await spread(clients, batches(byRows.map(tableSql)))
    await spread(clients, batches(dataset.indexes))
    // Foreign keys lock both tables, so one connection: two could wait for each other.
    for (const sql of dataset.foreignKeys) await first(clients).query(sql)
    // Hint bits and statistics: what a database that has been in use for a while has.
    await first(clients).query('VACUUM (ANALYZE)')
    await first(clients).query('CHECKPOINT')
  } finally {
    await Promise.all(clients.map((client) => client.end()))
  }
}

/** `512MB`, `1GB`, `1.5g` or a number of bytes; decimal units. */
export function parseSize(text: string): number {
  const match = /^([0-9.]+)\s*([kmg]?)b?$/i.exec(text)
  const value = Number(match?.[1])
  if (match === null || !(value > 0)) throw new Error(`not a size: ${text}`)
  const factor = { '': 1, k: 1e3, m: 1e6, g: 1e9 }[(match[2] ?? '').toLowerCase()] ?? 1
  return Math.round(value * factor)
}

function tableSql(table: DatasetTable): string {
  const values = table.values.replaceAll(/\b(h|u|hex|at|tenant|customer|usr|product|words)\(/g, 'pg_temp.$1(')
  return [
    `CREATE TABLE app.${table.name} (${table.columns})`,
    `INSERT INTO app.${table.name} SELECT ${values} FROM generate_series(1, ${table.rows}::bigint) i`,
    `ALTER TABLE app.${table.name} ADD PRIMARY KEY (${table.primaryKey})`,
  ].join(';\n')
}

/** Many small statements are sent some at a time: a round trip and a commit each would be most of the work. */
function batches(statements: readonly string[]): string[] {
  if (statements.length < 200) return [...statements]
  const groups = Map.groupBy(statements, (_, n) => Math.floor(n / 50))
  return [...groups.values()].map((group) => group.join(';\n'))
}

async function spread(clients: readonly Client[], statements: readonly string[]): Promise<void> {
  const queue = [...statements]
  await Promise.all(
    clients.map(async (client) => {
      for (let sql = queue.shift(); sql !== undefined; sql = queue.shift()) await client.query(sql)
    }),
  )
}

function first(clients: readonly Client[]): Client {
  const client = clients[0]
  if (client === undefined) throw new Error('no connection')
  return client
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { to: { type: 'string' }, size: { type: 'string' }, tables: { type: 'string' } },
  })
  if (values.to === undefined || (values.size === undefined) === (values.tables === undefined)) {
    process.stderr.write('usage: node bench/generate.ts --to postgres://... (--size 1GB | --tables 2000)\n')
    process.exit(2)
  }
  const dataset =
    values.size === undefined
      ? manyTables({ count: Number(values.tables) })
      : multiTenant({ bytes: parseSize(values.size) })
  const started = performance.now()
  await generate({ url: values.to, dataset })
  process.stderr.write(
    `${dataset.tables.length} tables in ${((performance.now() - started) / 1000).toFixed(1)} s\n`,
  )
}
