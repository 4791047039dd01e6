import type { OnProgress } from '../../lib/progress.ts'
import { localFiles, parseAddress } from '../../postgres/address.ts'
import { connect, connectWire, type Connection, type ServerAddress } from '../../postgres/connect.ts'
import { ident, qualified } from '../../postgres/quote.ts'
import { startServer, type EmbeddedServer, type ServerMajor } from '../../postgres/server/server.ts'
import { createSample, sampleName } from '../../sample/sample.ts'

/** A server with the sample in it. */
export interface Shop {
  readonly server: EmbeddedServer
  /** The sample's database. */
  readonly address: ServerAddress
  /** Another database of the server. */
  beside(database: string): ServerAddress
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts the server; the sample's database is still empty. */
export async function openShop(o: { major: ServerMajor; signal: AbortSignal }): Promise<Shop> {
  const server = await startServer({
    major: o.major,
    durable: false,
    settings: { max_wal_size: '2GB' },
    signal: o.signal,
  })
  const beside = (database: string) => parseAddress(server.url(database), {}, localFiles)
  try {
    await using connection = await connect({ address: beside('postgres'), signal: o.signal })
    await connection.query(`CREATE DATABASE ${ident(sampleName)} TEMPLATE template0 ENCODING 'UTF8'`)
  } catch (error) {
    await server.stop('immediate')
    throw error
  }
  // Nothing in it is worth a checkpoint.
  const stop = () => server.stop('immediate')
  return { server, address: beside(sampleName), beside, [Symbol.asyncDispose]: stop }
}

export async function fillShop(o: {
  shop: Shop
  signal: AbortSignal
  onProgress: OnProgress
}): Promise<ShopFigures> {
  {
    await using wire = await connectWire({ address: o.shop.address, signal: o.signal })
    await createSample({ wire, onProgress: o.onProgress })
  }
  await using connection = await connect({ address: o.shop.address, signal: o.signal })
  return await measure(connection)
}

/** What the sample is, in figures. */
export interface ShopFigures {
  readonly tenants: number
  readonly tables: number
  readonly rows: number
  /** On the server's disk. */
  readonly bytes: number
  readonly policies: number
  readonly triggers: number
  readonly foreignKeys: number
  readonly indexes: number
  readonly views: number
  readonly functions: number
  readonly largeObjects: number
}

const ours = `relnamespace::regnamespace::text !~ '^(pg_|information_schema)'`

async function measure(connection: Connection): Promise<ShopFigures> {
  const tables = await connection.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
  )
  const counts = tables.map((t) => `(SELECT count(*) FROM ONLY ${qualified(t.schema, t.name)})`)
  const [row] = await connection.query<Record<string, string>>(
    `SELECT (SELECT count(*) FROM app.tenants) AS tenants, ${counts.join(' + ')} AS rows,
       pg_database_size(current_database()) AS bytes`,
  )
  const figure = (name: string): number => Number(row?.[name])
  return {
    tenants: figure('tenants'),
    tables: tables.length,
    rows: figure('rows'),
    bytes: figure('bytes'),
    ...(await countObjects(connection)),
  }
}

/** What hangs on the tables, and can go with them. */
export async function countObjects(
  connection: Connection,
): Promise<Omit<ShopFigures, 'tenants' | 'tables' | 'rows' | 'bytes'>> {
  const [row] = await connection.query<Record<string, string>>(
    `SELECT (SELECT count(*) FROM pg_policy) AS policies,
       (SELECT count(*) FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE NOT tgisinternal AND ${ours}) AS triggers,
       (SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conparentid = 0) AS foreign_keys,
       (SELECT count(*) FROM pg_class WHERE relkind = 'i' AND ${ours}) AS indexes,
       (SELECT count(*) FROM pg_class WHERE relkind IN ('v', 'm') AND ${ours}) AS views,
       (SELECT count(*) FROM pg_proc WHERE pronamespace::regnamespace::text IN ('app', 'crm', 'shop', 'support', 'audit')) AS functions,
       (SELECT count(*) FROM pg_largeobject_metadata) AS large_objects`,
  )
  const figure = (name: string): number => Number(row?.[name])
  return {
    policies: figure('policies'),
    triggers: figure('triggers'),
    foreignKeys: figure('foreign_keys'),
    indexes: figure('indexes'),
    views: figure('views'),
    functions: figure('functions'),
    largeObjects: figure('large_objects'),
  }
}

/** Some ordinary business: a few orders come in, and the reports are made anew. Returns how many. */
export async function doBusiness(o: { address: ServerAddress; signal: AbortSignal }): Promise<number> {
  await using connection = await connect(o)
  const orders = await connection.query(
    `INSERT INTO shop.orders (tenant_id, customer_id, number, status, currency, total, placed_at)
     SELECT c.tenant_id, c.id, 'B' || c.id, 'placed', t.currency, 10 + c.id, '2026-11-01 09:00:00+00'
     FROM crm.customers AS c JOIN app.tenants AS t ON t.id = c.tenant_id WHERE c.id <= 12 RETURNING id`,
  )
  await connection.query(
    `INSERT INTO shop.order_items (order_id, line, tenant_id, product_id, quantity, unit_price)
     SELECT o.id, 1, o.tenant_id, o.tenant_id * 100, 1, o.total FROM shop.orders AS o WHERE o.number LIKE 'B%'`,
  )
  await connection.query('REFRESH MATERIALIZED VIEW shop.sales_by_month')
  await connection.query('REFRESH MATERIALIZED VIEW shop.best_month')
  return orders.length
}
