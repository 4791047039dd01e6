import type { Queries } from '../catalog/database.ts'
import { placeOf, type RepositorySecrets } from '../catalog/secrets.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { ApiOptions } from './context.ts'

/** For what opens a backup. Throws `identity_not_held`. */
export async function requireIdentity(
  { catalog }: ApiOptions,
  { query }: Queries,
  id: string,
): Promise<void> {
  const [row] = await query<{ name: string; secrets: Buffer | null }>(
    'SELECT name, secrets FROM holdfast.repositories WHERE id = $1',
    [id],
  )
  const sealed = row?.secrets ?? null
  const secrets: RepositorySecrets = sealed === null ? {} : catalog.seal.open(placeOf.repository(id), sealed)
  if (secrets.identity !== undefined || secrets.passphrase !== undefined) return
  throw new HoldfastError(
    'identity_not_held',
    `There is no identity of the repository ${row?.name ?? id} here.`,
  )
}
