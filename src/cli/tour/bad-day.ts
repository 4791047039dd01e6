import { connect, type Connection, type ServerAddress } from '../../postgres/connect.ts'
import { countObjects } from './shop.ts'

/** The company whose rows are shown. */
export const shownTenant = 4

/** What should not have been run. */
export const accidents = [
  'DROP TABLE shop.orders CASCADE',
  `UPDATE crm.customers SET name='Test', email='test@test'`,
] as const

export interface Damage {
  readonly ordersLost: number
  readonly customersOverwritten: number
  /** What went with the table, by kind. */
  readonly wentWithIt: Awaited<ReturnType<typeof countObjects>>
  readonly seconds: number
}

export async function haveBadDay(o: { address: ServerAddress; signal: AbortSignal }): Promise<Damage> {
  await using connection = await connect(o)
  const before = await countObjects(connection)
  const [orders] = await connection.query<{ n: string }>('SELECT count(*) AS n FROM shop.orders')
  const began = performance.now()
  for (const accident of accidents) await connection.query(accident)
  const seconds = (performance.now() - began) / 1000
  const after = await countObjects(connection)
  const [named] = await connection.query<{ n: string }>(
    `SELECT count(*) AS n FROM crm.customers WHERE name = 'Test' AND email = 'test@test'`,
  )
  return {
    ordersLost: Number(orders?.n),
    customersOverwritten: Number(named?.n),
    wentWithIt: {
      policies: before.policies - after.policies,
      triggers: before.triggers - after.triggers,
      foreignKeys: before.foreignKeys - after.foreignKeys,
      indexes: before.indexes - after.indexes,
      views: before.views - after.views,
      functions: before.functions - after.functions,
      largeObjects: before.largeObjects - after.largeObjects,
    },
    seconds,
  }
}

/** A customer as the application would show it. */
export interface ShownCustomer {
  readonly number: string
  readonly name: string
  readonly email: string
  /** Null where the table is gone. */
  readonly orders: number | null
}

/** The first customers of one tenant that had orders, whatever has become of them. */
export async function lookAtCustomers(o: {
  address: ServerAddress
  signal: AbortSignal
}): Promise<{ tenant: string; customers: ShownCustomer[] }> {
  await using connection = await connect(o)
  const [tenant] = await connection.query<{ name: string }>('SELECT name FROM app.tenants WHERE id = $1', [
    shownTenant,
  ])
  const [there] = await connection.query<{ orders: boolean }>(
    `SELECT to_regclass('shop.orders') IS NOT NULL AS orders`,
  )
  const orders =
    there?.orders === true ? '(SELECT count(*) FROM shop.orders AS o WHERE o.customer_id = c.id)' : 'NULL'
  const customers = await connection.query<{
    number: string
    name: string
    email: string
    orders: string | null
  }>(
    `SELECT c.number, c.name, c.email::text, ${orders} AS orders FROM crm.customers AS c
     WHERE c.tenant_id = $1 AND c.email IS NOT NULL ORDER BY c.id LIMIT 3`,
    [shownTenant],
  )
  return {
    tenant: tenant?.name ?? '',
    customers: customers.map((c) => ({ ...c, orders: c.orders === null ? null : Number(c.orders) })),
  }
}

/** How many customers the application's role sees when it works for one tenant, and how many there are. */
export async function countSeen(o: {
  address: ServerAddress
  signal: AbortSignal
}): Promise<{ seen: number; all: number }> {
  await using connection = await connect(o)
  const all = await count(connection)
  await connection.query('SET row_security = on; SET ROLE bazaar_app')
  await connection.query(`SELECT set_config('bazaar.tenant', $1, false)`, [String(shownTenant)])
  return { seen: await count(connection), all }
}

async function count(connection: Connection): Promise<number> {
  const [row] = await connection.query<{ n: string }>('SELECT count(*) AS n FROM crm.customers')
  return Number(row?.n)
}
