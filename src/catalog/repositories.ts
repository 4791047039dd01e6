import { randomUUID } from 'node:crypto'
import type { Queries } from './database.ts'
import { iso } from './rows.ts'
import type { Seal } from './seal.ts'
import { placeOf, type RepositorySecrets } from './secrets.ts'

/** A repository, without its secrets. */
export interface RepositoryRecord {
  readonly id: string
  readonly name: string
  readonly address: string
  /** Addresses of its other copies. */
  readonly copies: readonly string[]
  /** Jobs that may use its storage at once. */
  readonly maxJobs: number
  /** `upload`: an archive that was sent, a file of the service's own. */
  readonly kind: 'ordinary' | 'upload'
  /** Of an upload: whose the archive says it is. */
  readonly ownerKey: string | null
  readonly createdAt: string
  readonly changedAt: string
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly name: string
  readonly address: string
  readonly copies: readonly string[]
  readonly max_jobs: number
  readonly kind: 'ordinary' | 'upload'
  readonly owner_key: string | null
  readonly created_at: Date
  readonly changed_at: Date
}

const columns = 'id, name, address, copies, max_jobs, kind, owner_key, created_at, changed_at'

function toRecord({
  created_at,
  changed_at,
  id,
  name,
  address,
  copies,
  max_jobs: maxJobs,
  kind,
  owner_key: ownerKey,
}: Row): RepositoryRecord {
  return {
    id,
    name,
    address,
    copies,
    maxJobs,
    kind,
    ownerKey,
    createdAt: iso(created_at),
    changedAt: iso(changed_at),
  }
}

export async function listRepositories({ query }: Queries): Promise<RepositoryRecord[]> {
  const rows = await query<Row>(`SELECT ${columns} FROM holdfast.repositories ORDER BY name`)
  return rows.map(toRecord)
}

export async function findRepository({ query }: Queries, name: string): Promise<RepositoryRecord | null> {
  const [row] = await query<Row>(`SELECT ${columns} FROM holdfast.repositories WHERE name = $1`, [name])
  return row === undefined ? null : toRecord(row)
}

/** Throws `catalog_failed` if the name is taken: `isTaken`. */
export async function addRepository(
  { query }: Queries,
  o: {
    seal: Seal
    name: string
    address: string
    copies?: readonly string[] | undefined
    maxJobs?: number | undefined
    secrets: RepositorySecrets
    /** If it is an upload, whose it says it is. */
    upload?: { readonly ownerKey: string }
  },
): Promise<RepositoryRecord> {
  const id = randomUUID()
  const [row] = await query<Row>(
    `INSERT INTO holdfast.repositories (id, name, address, secrets, copies, max_jobs, kind, owner_key)
     VALUES ($1, $2, $3, $4, $5, coalesce($6, 2), $7, $8) RETURNING ${columns}`,
    [
      id,
      o.name,
      o.address,
      o.seal.seal(placeOf.repository(id), { ...o.secrets }),
      o.copies ?? [],
      o.maxJobs ?? null,
      o.upload === undefined ? 'ordinary' : 'upload',
      o.upload?.ownerKey ?? null,
    ],
  )
  if (row === undefined) throw new TypeError('INSERT returned no row')
  return toRecord(row)
}

/** Changes what is given; `secrets` are all that it has from then on. Null: there is none of this name that the caller may change. */
export async function changeRepository(
  { query }: Queries,
  o: {
    seal: Seal
    id: string
    address?: string | undefined
    copies?: readonly string[] | undefined
    maxJobs?: number | undefined
    secrets?: RepositorySecrets | undefined
  },
): Promise<RepositoryRecord | null> {
  const sealed = o.secrets === undefined ? null : o.seal.seal(placeOf.repository(o.id), { ...o.secrets })
  const [row] = await query<Row>(
    `UPDATE holdfast.repositories SET address = coalesce($2, address), copies = coalesce($3, copies),
       max_jobs = coalesce($4, max_jobs), ${sealed === null ? '' : 'secrets = $5,'}
       changed_at = pg_catalog.now() WHERE id = $1 RETURNING ${columns}`,
    [o.id, o.address ?? null, o.copies ?? null, o.maxJobs ?? null, ...(sealed === null ? [] : [sealed])],
  )
  return row === undefined ? null : toRecord(row)
}

/** False: there is none that the caller may remove. What is stored in it is left alone. */
export async function removeRepository({ query }: Queries, id: string): Promise<boolean> {
  return (await query('DELETE FROM holdfast.repositories WHERE id = $1 RETURNING id', [id])).length > 0
}
