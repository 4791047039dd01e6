import type { Wire } from '../../postgres/wire.ts'

/** Whether the query finds any row; it needs no columns. */
export async function exists(wire: Wire, query: string): Promise<boolean> {
  const [row] = await wire.query(`SELECT EXISTS (${query})`)
  return row?.[0] === 't'
}
