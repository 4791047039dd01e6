import type { Wire } from '../../postgres/wire.ts'

/**
 * Whether the query finds any row; it needs no columns. Materialized, and so planned for all rows: planned for the first one it would compare
 * each row with each.
 */
export async function exists(wire: Wire, query: string): Promise<boolean> {
  const [row] = await wire.query(`WITH m AS MATERIALIZED (${query}) SELECT EXISTS (SELECT FROM m)`)
  return row?.[0] === 't'
}
