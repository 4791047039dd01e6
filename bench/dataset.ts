/**
 * The multi-tenant application that the benchmarks back up: a few large tables, many small ones, `tenant_id` everywhere,
 * tenants of very different sizes (Zipf). Every value is a hash of the row's number, so a size always gives the
 * same rows. `i` is the row's number from 1; `h(i, n)` is a hash of it below 2^31 and `u(i, n)` one in [0, 1).
 */
export interface Dataset {
  readonly tables: readonly DatasetTable[]
  /** Run after all rows are loaded, any order. */
  readonly indexes: readonly string[]
  /** Run after the indexes. */
  readonly foreignKeys: readonly string[]
}

export interface DatasetTable {
  readonly name: string
  readonly rows: number
  /** Column definitions without keys. */
  readonly columns: string
  readonly primaryKey: string
  /** Select list over `i`, in the order of the columns. */
  readonly values: string
}

/** How many rows there are of the things that the others belong to. */
interface Counts {
  readonly tenants: number
  readonly users: number
  readonly customers: number
  readonly products: number
  readonly orders: number
}

/** COPY text bytes of all tables for each order: measured at 100 MB and 1 GB. */
const bytesPerOrder = 1380

/** The data set whose rows take about `bytes` as COPY text. */
export function multiTenant({ bytes }: { bytes: number }): Dataset {
  const orders = Math.max(100, Math.round(bytes / bytesPerOrder))
  const counts: Counts = {
    orders,
    tenants: Math.max(10, Math.round(Math.sqrt(orders) / 3)),
    users: Math.ceil(orders / 20),
    customers: Math.ceil(orders / 8),
    products: Math.ceil(orders / 40),
  }
  return {
    tables: [...small(counts), ...medium(counts), ...large(counts)],
    indexes: [...indexes, ...identities],
    foreignKeys,
  }
}

/** `count` tables of 0 to 50 rows, each with a primary key and an index. */
export function manyTables({ count }: { count: number }): Dataset {
  const names = Array.from({ length: count }, (_, n) => `t${String(n).padStart(5, '0')}`)
  return {
    tables: names.map((name, n) => ({
      name,
      rows: (n * 37) % 51,
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, name text, amount numeric(12,2), created_at timestamptz NOT NULL',
      primaryKey: 'id',
      values: `i, h(i, ${n}) % 20 + 1, 'name ' || h(i, ${n + 1}), h(i, ${n + 2}) / 100.0, at(i, ${n + 3})`,
    })),
    indexes: names.map((name) => `CREATE INDEX ${name}_tenant_idx ON app.${name} (tenant_id, created_at)`),
    foreignKeys: [],
  }
}

/**
 * Functions that the values use, for one session. A tenant is drawn by 1/rank (Zipf with exponent 1); whatever belongs
 * to a customer or user belongs to the tenant of that customer or user.
 */
export function helperFunctions({ dataset }: { dataset: Dataset }): string {
  const rowsOf = (name: string) => dataset.tables.find((table) => table.name === name)?.rows ?? 1
  const define = (signature: string, type: string, body: string) =>
    `CREATE OR REPLACE FUNCTION pg_temp.${signature} RETURNS ${type} LANGUAGE sql IMMUTABLE AS $$ SELECT ${body} $$;`
  return [
    define('h(i bigint, n integer)', 'integer', '(hashint8extended(i, n) & 2147483647)::integer'),
    define('u(i bigint, n integer)', 'float8', '(hashint8extended(i, n) & 1048575) / 1048576.0::float8'),
    define('hex(i bigint, n integer)', 'text', "lpad(to_hex(hashint8extended(i, n)), 16, '0')"),
    define(
      'at(i bigint, n integer)',
      'timestamptz',
      "'2024-01-01 00:00:00+00'::timestamptz + (hashint8extended(i, n) & 67108863) * interval '1 second'",
    ),
    define('tenant(i bigint)', 'integer', `exp(pg_temp.u(i, 1) * ln(${rowsOf('tenants')}))::integer`),
    define('customer(i bigint)', 'bigint', `(pg_temp.h(i, 2) % ${rowsOf('customers')} + 1)::bigint`),
    define('usr(i bigint)', 'bigint', `(pg_temp.h(i, 3) % ${rowsOf('users')} + 1)::bigint`),
    define('product(i bigint)', 'bigint', `(pg_temp.h(i, 4) % ${rowsOf('products')} + 1)::bigint`),
    define(
      'words(i bigint, n integer, most integer)',
      'text',
      `substr('${prose()}', pg_temp.h(i, n) % 3000 + 1, 20 + pg_temp.h(i, n + 1) % most)`,
    ),
  ].join('\n')
}

/** Some 4 KB of English words in an order that does not repeat soon. */
function prose(): string {
  const words = (
    'the customer asked whether delivery could be moved to another address because nobody is at home before evening ' +
    'we agreed on a partial refund after checking the invoice and the original payment reference with accounting team ' +
    'please call back when stock arrives from second warehouse since half of items were damaged during transport last ' +
    'week support promised replacement without extra cost contract renewal discussed annual plan includes twelve seats'
  ).split(' ')
  let state = 7
  let text = ''
  while (text.length < 4000) {
    state = (state * 1103515245 + 12345) % 2147483648
    text += `${words[(state >> 8) % words.length]} `
  }
  return text
}

function small(n: Counts): DatasetTable[] {
  const per = (count: number, most: number) => Math.max(5, Math.min(most, count))
  return [
    {
      name: 'tenants',
      rows: n.tenants,
      primaryKey: 'id',
      columns:
        'id integer NOT NULL, slug text NOT NULL, name text NOT NULL, plan text NOT NULL, region text, settings jsonb, created_at timestamptz NOT NULL',
      values: `i, 'tenant-' || i, initcap(words(i, 5, 20)), (ARRAY['free','team','business','enterprise'])[h(i, 6) % 4 + 1], (ARRAY['eu-west','eu-north','us-east','me-south'])[h(i, 7) % 4 + 1], jsonb_build_object('locale', 'en', 'seats', h(i, 8) % 500, 'beta', h(i, 9) % 2 = 0), at(i, 10)`,
    },
    {
      name: 'plans',
      rows: 12,
      primaryKey: 'id',
      columns: 'id integer NOT NULL, name text NOT NULL, price numeric(10,2) NOT NULL, features text[]',
      values: `i, 'plan ' || i, i * 19.9, ARRAY['sso','audit','export']`,
    },
    {
      name: 'currencies',
      rows: 30,
      primaryKey: 'code',
      columns: 'code text NOT NULL, name text NOT NULL, digits integer NOT NULL',
      values: `'C' || lpad(i::text, 2, '0'), words(i, 11, 10), 2`,
    },
    {
      name: 'teams',
      rows: n.tenants * 4,
      primaryKey: 'id',
      columns: 'id integer NOT NULL, tenant_id integer NOT NULL, name text NOT NULL',
      values: `i, tenant(i), words(i, 12, 15)`,
    },
    {
      name: 'team_members',
      rows: n.users,
      primaryKey: 'user_id, team_id',
      columns:
        'user_id bigint NOT NULL, team_id integer NOT NULL, tenant_id integer NOT NULL, joined_at timestamptz NOT NULL',
      values: `i, h(i, 13) % ${n.tenants * 4} + 1, tenant(i), at(i, 14)`,
    },
    {
      name: 'api_keys',
      rows: n.tenants * 3,
      primaryKey: 'id',
      columns:
        'id uuid NOT NULL, tenant_id integer NOT NULL, key_hash bytea NOT NULL, last_used_at timestamptz',
      values: `md5('key' || i)::uuid, tenant(i), decode(hex(i, 15) || hex(i, 16), 'hex'), CASE WHEN h(i, 17) % 3 > 0 THEN at(i, 18) END`,
    },
    {
      name: 'categories',
      rows: per(n.tenants * 6, 20000),
      primaryKey: 'id',
      columns:
        'id integer NOT NULL, tenant_id integer NOT NULL, name text NOT NULL, position integer NOT NULL',
      values: `i, tenant(i), words(i, 19, 20), h(i, 20) % 100`,
    },
    {
      name: 'warehouses',
      rows: n.tenants,
      primaryKey: 'id',
      columns:
        'id integer NOT NULL, tenant_id integer NOT NULL, city text NOT NULL, lat float8 NOT NULL, lon float8 NOT NULL',
      values: `i, tenant(i), words(i, 21, 10), u(i, 22) * 180 - 90, u(i, 23) * 360 - 180`,
    },
    {
      name: 'coupons',
      rows: n.tenants * 5,
      primaryKey: 'id',
      columns:
        'id integer NOT NULL, tenant_id integer NOT NULL, code text NOT NULL, percent integer NOT NULL, valid daterange NOT NULL',
      values: `i, tenant(i), upper(hex(i, 24)), h(i, 25) % 90 + 5, daterange(at(i, 26)::date, at(i, 26)::date + 30)`,
    },
    {
      name: 'webhooks',
      rows: n.tenants * 2,
      primaryKey: 'id',
      columns:
        'id integer NOT NULL, tenant_id integer NOT NULL, url text NOT NULL, headers jsonb NOT NULL, active boolean NOT NULL',
      values: `i, tenant(i), 'https://hooks.example.com/' || hex(i, 27), jsonb_build_object('X-Token', hex(i, 28)), h(i, 29) % 5 > 0`,
    },
    {
      name: 'tags',
      rows: n.tenants * 10,
      primaryKey: 'id',
      columns: 'id integer NOT NULL, tenant_id integer NOT NULL, name text NOT NULL, colour text NOT NULL',
      values: `i, tenant(i), words(i, 30, 8), '#' || substr(hex(i, 31), 1, 6)`,
    },
  ]
}

function medium(n: Counts): DatasetTable[] {
  return [
    {
      name: 'users',
      rows: n.users,
      primaryKey: 'id',
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, email text NOT NULL, name text NOT NULL, password_hash text NOT NULL, role text NOT NULL, last_seen_at timestamptz, created_at timestamptz NOT NULL',
      values: `i, tenant(i), 'user' || i || '@example' || tenant(i) || '.com', initcap(words(i, 32, 10)), '$2b$12$' || hex(i, 33) || hex(i, 34) || hex(i, 35), (ARRAY['owner','admin','member','member','guest'])[h(i, 36) % 5 + 1], CASE WHEN h(i, 37) % 4 > 0 THEN at(i, 38) END, at(i, 39)`,
    },
    {
      name: 'customers',
      rows: n.customers,
      primaryKey: 'id',
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, name text NOT NULL, email text, phone text, labels text[], created_at timestamptz NOT NULL',
      values: `i, tenant(i), initcap(words(i, 40, 12)), CASE WHEN h(i, 41) % 8 > 0 THEN 'c' || h(i, 42) || '@mail.example' END, '+44' || h(i, 43), ARRAY['vip','b2b'], at(i, 44)`,
    },
    {
      name: 'addresses',
      rows: n.customers,
      primaryKey: 'id',
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, customer_id bigint NOT NULL, line1 text NOT NULL, city text NOT NULL, postcode text NOT NULL, country char(2) NOT NULL',
      values: `i, tenant(i), i, h(i, 45) % 900 || ' ' || words(i, 46, 15), words(i, 47, 8), substr(hex(i, 48), 1, 6), (ARRAY['GB','DE','FR','AE','US'])[h(i, 49) % 5 + 1]`,
    },
    {
      name: 'products',
      rows: n.products,
      primaryKey: 'id',
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, sku text NOT NULL, name text NOT NULL, description text, price numeric(12,2) NOT NULL, attributes jsonb NOT NULL',
      values: `i, tenant(i), upper(hex(i, 50)), words(i, 51, 30), words(i, 52, 300), h(i, 53) % 100000 / 100.0, jsonb_build_object('weight', h(i, 54) % 5000, 'colour', substr(hex(i, 55), 1, 6), 'sizes', jsonb_build_array('s', 'm', 'l'))`,
    },
    {
      name: 'stock',
      rows: n.products * 2,
      primaryKey: 'id',
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, product_id bigint NOT NULL, quantity integer NOT NULL, updated_at timestamptz NOT NULL',
      values: `i, tenant(product(i)), product(i), h(i, 56) % 1000, at(i, 57)`,
    },
    {
      name: 'subscriptions',
      rows: n.customers,
      primaryKey: 'id',
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, customer_id bigint NOT NULL, plan_id integer NOT NULL, period tstzrange NOT NULL, status text NOT NULL',
      values: `i, tenant(i), i, h(i, 58) % 12 + 1, tstzrange(at(i, 59), at(i, 59) + interval '1 month'), (ARRAY['active','past_due','cancelled'])[h(i, 60) % 3 + 1]`,
    },
    {
      name: 'refunds',
      rows: Math.ceil(n.orders / 25),
      primaryKey: 'id',
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, order_id bigint NOT NULL, amount numeric(12,2) NOT NULL, reason text',
      values: `i, tenant(customer(i * 25 % ${n.orders} + 1)), i * 25 % ${n.orders} + 1, h(i, 61) % 10000 / 100.0, words(i, 62, 60)`,
    },
    {
      name: 'invoices',
      rows: Math.ceil(n.orders / 4),
      primaryKey: 'id',
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, order_id bigint NOT NULL, number text NOT NULL, total numeric(12,2) NOT NULL, issued_on date NOT NULL, lines json',
      values: `i, tenant(customer(i * 4 % ${n.orders} + 1)), i * 4 % ${n.orders} + 1, 'INV-' || lpad(i::text, 9, '0'), h(i, 63) % 1000000 / 100.0, at(i, 64)::date, json_build_array(json_build_object('sku', hex(i, 65), 'qty', h(i, 66) % 9))`,
    },
    {
      name: 'order_tags',
      rows: Math.ceil(n.orders / 3),
      primaryKey: 'order_id, tag_id',
      columns: 'order_id bigint NOT NULL, tag_id integer NOT NULL, tenant_id integer NOT NULL',
      values: `i * 3 % ${n.orders} + 1, i % ${n.tenants * 10} + 1, tenant(customer(i * 3 % ${n.orders} + 1))`,
    },
    {
      name: 'attachments',
      rows: Math.ceil(n.orders / 100),
      primaryKey: 'id',
      columns: 'id uuid NOT NULL, tenant_id integer NOT NULL, name text NOT NULL, content bytea NOT NULL',
      values: `md5('file' || i)::uuid, tenant(i), hex(i, 67) || '.bin', decode((SELECT string_agg(hex(i * 64 + part, 68), '') FROM generate_series(1, 20 + h(i, 69) % 60) part), 'hex')`,
    },
  ]
}

function large(n: Counts): DatasetTable[] {
  const itemOrder = `((i - 1) * 2 / 5 % ${n.orders} + 1)`
  return [
    {
      name: 'orders',
      rows: n.orders,
      primaryKey: 'id',
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, customer_id bigint NOT NULL, reference uuid NOT NULL, status text NOT NULL, currency char(3) NOT NULL, total numeric(12,2) NOT NULL, placed_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, comment text',
      values: `i, tenant(customer(i)), customer(i), md5('order' || i)::uuid, (ARRAY['new','paid','paid','shipped','shipped','delivered','delivered','delivered','returned'])[h(i, 70) % 9 + 1], 'EUR', h(i, 71) % 1000000 / 100.0, at(i, 72), at(i, 72) + h(i, 73) % 900000 * interval '1 second', CASE WHEN h(i, 74) % 6 = 0 THEN words(i, 75, 80) END`,
    },
    {
      name: 'order_items',
      rows: Math.round(n.orders * 2.5),
      primaryKey: 'id',
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, order_id bigint NOT NULL, product_id bigint NOT NULL, quantity integer NOT NULL, unit_price numeric(12,2) NOT NULL, discount numeric(5,2), sku text NOT NULL',
      values: `i, tenant(customer(${itemOrder})), ${itemOrder}, product(i), h(i, 76) % 9 + 1, h(i, 77) % 100000 / 100.0, CASE WHEN h(i, 78) % 5 = 0 THEN h(i, 79) % 50 END, upper(hex(product(i), 50))`,
    },
    {
      name: 'payments',
      rows: n.orders,
      primaryKey: 'id',
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, order_id bigint NOT NULL, provider text NOT NULL, provider_ref text NOT NULL, amount numeric(12,2) NOT NULL, fee numeric(8,4), state text NOT NULL, paid_at timestamptz',
      values: `i, tenant(customer(i)), i, (ARRAY['stripe','adyen','paypal'])[h(i, 80) % 3 + 1], 'pi_' || hex(i, 81) || hex(i, 82), h(i, 71) % 1000000 / 100.0, h(i, 83) % 40000 / 10000.0, (ARRAY['captured','captured','captured','failed','refunded'])[h(i, 84) % 5 + 1], at(i, 72)`,
    },
    {
      name: 'events',
      rows: n.orders * 3,
      primaryKey: 'id',
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, user_id bigint NOT NULL, kind text NOT NULL, subject text NOT NULL, payload jsonb NOT NULL, ip inet, happened_at timestamptz NOT NULL',
      values: `i, tenant(usr(i)), usr(i), (ARRAY['order.created','order.updated','order.paid','user.login','user.logout','item.added','export.run'])[h(i, 85) % 7 + 1], 'order/' || h(i, 86) % ${n.orders}, jsonb_build_object('request_id', hex(i, 87), 'path', '/api/v1/orders/' || h(i, 86) % ${n.orders}, 'status', 200 + h(i, 88) % 5, 'ms', h(i, 89) % 900, 'agent', 'Mozilla/5.0 (X11; Linux x86_64) Version/' || h(i, 90) % 140, 'changed', jsonb_build_array('status', 'total')), '10.0.0.0'::inet + h(i, 91) % 16777216, '2024-01-01 00:00:00+00'::timestamptz + i * interval '17 seconds'`,
    },
    {
      name: 'notes',
      rows: Math.ceil(n.orders * 0.3),
      primaryKey: 'id',
      columns:
        'id bigint NOT NULL, tenant_id integer NOT NULL, order_id bigint NOT NULL, user_id bigint NOT NULL, body text NOT NULL, created_at timestamptz NOT NULL',
      values: `i, tenant(customer(i * 3 % ${n.orders} + 1)), i * 3 % ${n.orders} + 1, usr(i), words(i, 92, 400) || E'\\n' || words(i, 94, 300) || E'\\n' || words(i, 96, 200) || ' ' || hex(i, 98), at(i, 99)`,
    },
  ]
}

const indexes = [
  'CREATE UNIQUE INDEX tenants_slug_key ON app.tenants (slug)',
  'CREATE UNIQUE INDEX users_email_key ON app.users (tenant_id, email)',
  'CREATE INDEX customers_tenant_idx ON app.customers (tenant_id, created_at)',
  'CREATE INDEX products_tenant_sku_idx ON app.products (tenant_id, sku)',
  'CREATE INDEX orders_tenant_placed_idx ON app.orders (tenant_id, placed_at)',
  'CREATE INDEX orders_customer_idx ON app.orders (customer_id)',
  'CREATE UNIQUE INDEX orders_reference_key ON app.orders (reference)',
  'CREATE INDEX order_items_order_idx ON app.order_items (order_id)',
  'CREATE INDEX order_items_tenant_product_idx ON app.order_items (tenant_id, product_id)',
  'CREATE INDEX payments_order_idx ON app.payments (order_id)',
  'CREATE INDEX events_tenant_happened_idx ON app.events (tenant_id, happened_at)',
  "CREATE INDEX events_subject_idx ON app.events (subject) WHERE kind = 'order.paid'",
  'CREATE INDEX notes_order_idx ON app.notes (order_id)',
]

const identities = ['orders', 'order_items', 'payments', 'events', 'notes'].map(
  (name) => `ALTER TABLE app.${name} ALTER id ADD GENERATED BY DEFAULT AS IDENTITY`,
)

const references: readonly (readonly [table: string, column: string, parent: string])[] = [
  ...[
    'users',
    'teams',
    'team_members',
    'api_keys',
    'categories',
    'warehouses',
    'coupons',
    'webhooks',
    'tags',
    'customers',
    'products',
    'orders',
    'attachments',
  ].map((table) => [table, 'tenant_id', 'tenants'] as const),
  ['team_members', 'user_id', 'users'],
  ['team_members', 'team_id', 'teams'],
  ['addresses', 'customer_id', 'customers'],
  ['stock', 'product_id', 'products'],
  ['subscriptions', 'customer_id', 'customers'],
  ['subscriptions', 'plan_id', 'plans'],
  ['orders', 'customer_id', 'customers'],
  ['order_items', 'order_id', 'orders'],
  ['order_items', 'product_id', 'products'],
  ['payments', 'order_id', 'orders'],
  ['refunds', 'order_id', 'orders'],
  ['invoices', 'order_id', 'orders'],
  ['order_tags', 'order_id', 'orders'],
  ['order_tags', 'tag_id', 'tags'],
  ['notes', 'order_id', 'orders'],
  ['events', 'user_id', 'users'],
]

const foreignKeys = references.map(
  ([table, column, parent]) =>
    `ALTER TABLE app.${table} ADD CONSTRAINT ${table}_${column}_fkey FOREIGN KEY (${column}) REFERENCES app.${parent} (id)`,
)
