import type { Queries } from '../../catalog/database.ts'
import type { RestorePlace, RestoreStep } from '../../catalog/restores.ts'
import { placeOf, type RestoreSecrets } from '../../catalog/secrets.ts'
import type { Seal } from '../../catalog/seal.ts'
import { HoldfastError } from '../../lib/errors.ts'

/** What one step of a restore is run with. */
export interface RestoreTask {
  readonly place: RestorePlace
  readonly step: RestoreStep
  readonly restore: string | null
  readonly undoes: string | null
  readonly database: string | null
  readonly digest: string | null
  /** The database that is restored into. Null: what the source is, with the role and password that it has. */
  readonly target: { readonly address: string; readonly password: string | undefined } | null
  /** What opens the repository; null: what that has itself. */
  readonly opens: Pick<RestoreSecrets, 'identity' | 'passphrase'> | null
}

/** Of jobs that are about no restore: null. Throws `preview_outdated` if the source is elsewhere by now, `catalog_key_wrong`. */
export async function readTask(
  { query }: Queries,
  o: { seal: Seal; id: string; sourceAddress: string | null },
): Promise<RestoreTask | null> {
  const [row] = await query<{
    place: RestorePlace
    step: RestoreStep
    target: string
    as_user: string | null
    restore: string | null
    undoes: string | null
    database: string | null
    digest: string | null
    secrets: Buffer | null
  }>(
    `SELECT place, step, target, as_user, restore, undoes, database, digest, secrets FROM holdfast.restores WHERE id = $1`,
    [o.id],
  )
  if (row === undefined) return null
  const { place, step, target, as_user: user, restore, undoes, database, digest } = row
  if (place === 'in place' && target !== o.sourceAddress) {
    const text = `The source was at ${target} when it was asked for, and is at another address now. Nothing was changed.`
    throw new HoldfastError('preview_outdated', text)
  }
  const secrets: RestoreSecrets =
    row.secrets === null ? {} : o.seal.open(placeOf.restore(o.id, target, user), row.secrets)
  const { password, identity, passphrase } = secrets
  const own = place === 'in place' && user === null
  return {
    place,
    step,
    restore,
    undoes,
    database,
    digest,
    target: own ? null : { address: withUser(target, user), password },
    opens: identity === undefined && passphrase === undefined ? null : { identity, passphrase },
  }
}

/** The same database, as another role. Both ways to write an address are those of libpq. */
export function withUser(address: string, user: string | null): string {
  if (user === null) return address
  if (/^postgres(ql)?:\/\//.test(address)) {
    const url = /^(postgres(?:ql)?:\/\/)(?:[^@/?]*@)?(.*)$/s.exec(address)
    return `${url?.[1] ?? ''}${encodeURIComponent(user)}@${url?.[2] ?? ''}`
  }
  const others = address.replace(/(^|\s)user\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s\\]|\\.)*)/gs, '$1')
  return `${others.trim()} user='${user.replaceAll(/['\\]/g, '\\$&')}'`
}
