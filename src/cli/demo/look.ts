import type { Connection } from '../../postgres/connect.ts'

/** What the shop's page shows of one company. */
export interface Look {
  readonly companies: readonly { readonly id: number; readonly name: string }[]
  readonly company: { readonly id: number; readonly name: string; readonly currency: string }
  readonly customers: readonly {
    readonly number: string
    readonly name: string
    readonly email: string | null
    readonly orders: string
    /** Null: the table is not there. */
    readonly notes: string | null
  }[]
  readonly orders: readonly {
    readonly number: string
    readonly customer: string
    readonly status: string
    readonly total: string
    readonly at: string
  }[]
  readonly figures: { readonly orders: string; readonly customers: string; readonly tests: string }
}

/** Reads it as the page needs it; null: there is no such company. */
export async function lookAt({ query }: Pick<Connection, 'query'>, tenant: number): Promise<Look | null> {
  const companies = await query<{ id: number; name: string }>('SELECT id, name FROM app.tenants ORDER BY id')
  const [company] = await query<{ id: number; name: string; currency: string }>(
    'SELECT id, name, currency FROM app.tenants WHERE id = $1',
    [tenant],
  )
  if (company === undefined) return null
  const [there] = await query<{ notes: boolean }>(`SELECT to_regclass('crm.notes') IS NOT NULL AS notes`)
  const notes =
    there?.notes === true
      ? '(SELECT count(*) FROM crm.notes AS n WHERE n.customer_id = c.id)'
      : 'NULL::bigint'
  const customers = await query<Look['customers'][number] & Record<string, unknown>>(
    `SELECT c.number, c.name, c.email::text, o.n AS orders, ${notes} AS notes FROM crm.customers AS c
     LEFT JOIN LATERAL (SELECT count(*) AS n FROM shop.orders AS o WHERE o.customer_id = c.id) AS o ON true
     WHERE c.tenant_id = $1 ORDER BY o.n DESC, c.id LIMIT 8`,
    [tenant],
  )
  const orders = await query<Look['orders'][number] & Record<string, unknown>>(
    `SELECT o.number, c.name AS customer, o.status::text, o.total::text || ' ' || o.currency AS total, to_char(o.placed_at, 'YYYY-MM-DD HH24:MI') AS at
     FROM shop.orders AS o JOIN crm.customers AS c ON c.id = o.customer_id WHERE o.tenant_id = $1 ORDER BY o.placed_at DESC, o.id DESC LIMIT 10`,
    [tenant],
  )
  const [figures] = await query<Look['figures'] & Record<string, unknown>>(
    `SELECT (SELECT count(*) FROM shop.orders WHERE tenant_id = $1) AS orders, count(*) AS customers,
       count(*) FILTER (WHERE name = 'Test') AS tests FROM crm.customers WHERE tenant_id = $1`,
    [tenant],
  )
  return {
    companies,
    company,
    customers,
    orders,
    figures: figures ?? { orders: '0', customers: '0', tests: '0' },
  }
}
