import type { Connection } from '../../postgres/connect.ts'

/** What a shop does all day, as statements. Whom it happens to follows from `seed`, so that a day is the same each time. */

/** Orders of customers of all companies, one product each, spread over `minutes` that end at `until`. */
export async function placeOrders(
  { query }: Pick<Connection, 'query'>,
  o: { seed: number; orders: number; until: Date; minutes: number },
): Promise<void> {
  await query(
    `WITH chosen AS (
       SELECT c.tenant_id, c.id AS customer_id, t.currency, p.id AS product_id, p.price, 1 + (h.b % 3)::integer AS quantity,
         'D' || $1::text || '-' || n AS number,
         $3::timestamptz - (n::float / $2::integer) * $4::integer * interval '1 minute' AS at
       FROM generate_series(1, $2::integer) AS n
       CROSS JOIN LATERAL (SELECT hashint8extended(n, $1::bigint) & 2147483647 AS a, hashint8extended(n, $1::bigint + 1) & 2147483647 AS b) AS h
       JOIN crm.customers AS c ON c.id = 1 + h.a % 8000 JOIN app.tenants AS t ON t.id = c.tenant_id
       JOIN shop.products AS p ON p.id = (c.tenant_id - 1) * 100 + 1 + h.b % 100
     ), placed AS (
       INSERT INTO shop.orders (tenant_id, customer_id, number, status, currency, total, placed_at, updated_at)
       SELECT tenant_id, customer_id, number, 'placed', currency, quantity * price::numeric, at, at FROM chosen
       ON CONFLICT DO NOTHING RETURNING id, number
     )
     INSERT INTO shop.order_items (order_id, line, tenant_id, product_id, quantity, unit_price)
     SELECT o.id, 1, c.tenant_id, c.product_id, c.quantity, c.price FROM placed AS o JOIN chosen AS c USING (number)`,
    [String(o.seed), o.orders, o.until.toISOString(), o.minutes],
  )
}

/** What was ordered is paid for, sent and delivered in its time; a few are called off. */
export async function sendOrders(
  { query }: Pick<Connection, 'query'>,
  { now }: { now: Date },
): Promise<void> {
  await query(
    `UPDATE shop.orders SET status = CASE WHEN id % 29 = 0 THEN 'cancelled' WHEN placed_at < $1::timestamptz - interval '3 days' THEN 'delivered'
       WHEN placed_at < $1::timestamptz - interval '1 day' THEN 'shipped' ELSE 'paid' END::shop.order_status
     WHERE number LIKE 'D%' AND status IN ('placed', 'paid', 'shipped') AND placed_at < $1::timestamptz - interval '10 minutes'`,
    [now.toISOString()],
  )
}

/** One day: orders, customers who are new, notes, a few prices. */
export async function liveDay(
  connection: Pick<Connection, 'query'>,
  o: { day: number; until: Date },
): Promise<void> {
  const at = o.until.toISOString()
  await placeOrders(connection, {
    seed: o.day,
    orders: 60 + ((o.day * 37) % 45),
    until: o.until,
    minutes: 1400,
  })
  await sendOrders(connection, { now: o.until })
  await connection.query(
    `INSERT INTO crm.customers (tenant_id, number, name, email, created_at, updated_at)
     SELECT 1 + (n + $1::integer) % 20, 'NEW-' || $1::integer || '-' || n, c.name, 'new' || $1::integer || '.' || n || '@mail.example', $2, $2
     FROM generate_series(1, 4) AS n JOIN crm.customers AS c ON c.id = 100 + (n + $1::integer) * 97`,
    [o.day, at],
  )
  await connection.query(
    `INSERT INTO crm.notes (tenant_id, customer_id, author_id, body, created_at)
     SELECT n.tenant_id, n.customer_id, n.author_id, n.body, $2 FROM crm.notes AS n WHERE n.id % 900 = $1::integer`,
    [o.day, at],
  )
  await connection.query(
    'UPDATE shop.products SET price = round(price::numeric * 1.03, 2) WHERE id % 150 = $1::integer',
    [o.day],
  )
}

/** What somebody took for a clean-up of old reviews: most of the table. Nobody has noticed yet. */
export async function loseReviews({ query }: Pick<Connection, 'query'>): Promise<void> {
  await query(`DELETE FROM shop.reviews WHERE created_at < '2026-10-01'`)
}
