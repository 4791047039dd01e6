import type { Connection } from '../../postgres/connect.ts'

/** What people may do to the shop, to see it brought back. */

export const damages = ['orders', 'update', 'drop'] as const
export type DamageKind = (typeof damages)[number]

export interface Done {
  readonly kind: DamageKind
  /** What was run, as one would have typed it. */
  readonly statement: string
  /** What is lost, in words. */
  readonly lost: string
  /** What brings it back, for `holdfast restore`. */
  readonly restore: string
  /** The same, as the console has it in the address of its restore. */
  readonly choice: { readonly names: readonly string[]; readonly changed?: 'yes' }
}

/** What each does, in words. */
export const damageWords: Readonly<Record<DamageKind, { readonly title: string; readonly text: string }>> = {
  orders: {
    title: 'Delete one customer’s orders',
    text: 'All orders of one customer of this company, with their lines, payments and invoices.',
  },
  update: {
    title: 'UPDATE without WHERE',
    text: 'Every customer, of every company, is called Test.',
  },
  drop: {
    title: 'Drop a table',
    text: 'DROP TABLE crm.notes: what all companies have written down of their customers.',
  },
}

/** Does it. Null where it is done already, and nothing is left to damage. */
export async function causeDamage(
  connection: Pick<Connection, 'query'>,
  o: { kind: DamageKind; tenant: number },
): Promise<Done | null> {
  return await { orders: deleteOrders, update: updateAll, drop: dropNotes }[o.kind](connection, o.tenant)
}

/** Of one whose invoices are all of this year: older ones are protected by a rule. */
async function deleteOrders({ query }: Pick<Connection, 'query'>, tenant: number): Promise<Done | null> {
  const [victim] = await query<{ id: string; name: string; orders: string }>(
    `SELECT c.id, c.name, count(*) AS orders FROM crm.customers AS c JOIN shop.orders AS o ON o.customer_id = c.id
     WHERE c.tenant_id = $1 AND NOT EXISTS (SELECT FROM shop.orders AS p JOIN shop.invoices AS i ON i.order_id = p.id
       WHERE p.customer_id = c.id AND i.issued_on < '2026-01-01')
     GROUP BY c.id ORDER BY count(*) DESC, c.id LIMIT 1`,
    [tenant],
  )
  if (victim === undefined) return null
  await query(
    `BEGIN;
     CREATE TEMPORARY TABLE gone ON COMMIT DROP AS SELECT id FROM shop.orders WHERE customer_id = ${Number(victim.id)};
     DELETE FROM shop.payments WHERE order_id IN (SELECT id FROM gone);
     DELETE FROM shop.invoices WHERE order_id IN (SELECT id FROM gone);
     DELETE FROM shop.orders WHERE id IN (SELECT id FROM gone);
     COMMIT`,
  )
  return {
    kind: 'orders',
    statement: `DELETE FROM shop.orders WHERE customer_id = ${victim.id}`,
    lost: `${victim.orders} orders of ${victim.name}, with their lines, payments and invoices`,
    restore: '--table shop.orders --table shop.order_items --table shop.payments --table shop.invoices',
    choice: { names: ['shop.orders', 'shop.order_items', 'shop.payments', 'shop.invoices'] },
  }
}

async function updateAll({ query }: Pick<Connection, 'query'>): Promise<Done> {
  const [row] = await query<{ n: string }>(
    `WITH changed AS (UPDATE crm.customers SET name = 'Test' RETURNING 1) SELECT count(*) AS n FROM changed`,
  )
  return {
    kind: 'update',
    statement: `UPDATE crm.customers SET name = 'Test'`,
    lost: `the names of ${row?.n ?? '0'} customers, of all companies`,
    restore: '--table crm.customers --update-changed',
    choice: { names: ['crm.customers'], changed: 'yes' },
  }
}

/** Nothing refers to them, so that whatever the shop does meanwhile is in the way of nothing. */
async function dropNotes({ query }: Pick<Connection, 'query'>): Promise<Done | null> {
  const [there] = await query<{ notes: string | null }>(`SELECT to_regclass('crm.notes') AS notes`)
  if (there?.notes == null) return null
  const [row] = await query<{ n: string }>('SELECT count(*) AS n FROM crm.notes')
  await query('DROP TABLE crm.notes')
  return {
    kind: 'drop',
    statement: 'DROP TABLE crm.notes',
    lost: `the table with its ${row?.n ?? '0'} notes, its key, index and policy`,
    restore: '--table crm.notes',
    choice: { names: ['crm.notes'] },
  }
}
