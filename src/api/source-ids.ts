import type { Queries } from '../catalog/database.ts'
import { HoldfastError } from '../lib/errors.ts'

/** The ids of sources of these names. Throws `not_found` if one is not there. */
export async function sourceIds({ query }: Queries, names: readonly string[]): Promise<string[]> {
  const rows = await query<{ id: string; name: string }>(
    'SELECT id, name FROM holdfast.sources WHERE name = ANY ($1)',
    [names],
  )
  const missing = names.find((name) => !rows.some((row) => row.name === name))
  if (missing !== undefined) throw new HoldfastError('not_found', `There is no source ${missing}.`)
  return rows.map(({ id }) => id)
}
