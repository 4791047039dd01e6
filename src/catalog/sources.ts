import { randomUUID } from 'node:crypto'
import type { Queries } from './database.ts'
import { iso } from './rows.ts'
import type { Seal } from './seal.ts'
import { placeOf, type SourceSecrets } from './secrets.ts'

type Settings = Readonly<Record<string, unknown>>

/** A source, without its password. */
export interface SourceRecord {
  readonly id: string
  readonly name: string
  readonly address: string
  readonly settings: Settings
  readonly repositoryId: string
  readonly createdAt: string
  readonly changedAt: string
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly name: string
  readonly address: string
  readonly settings: Settings
  readonly repository_id: string
  readonly created_at: Date
  readonly changed_at: Date
}

const columns = 'id, name, address, settings, repository_id, created_at, changed_at'

function toRecord(row: Row): SourceRecord {
  const { id, name, address, settings, repository_id: repositoryId } = row
  const times = { createdAt: iso(row.created_at), changedAt: iso(row.changed_at) }
  return { id, name, address, settings, repositoryId, ...times }
}

export async function listSources({ query }: Queries): Promise<SourceRecord[]> {
  return (await query<Row>(`SELECT ${columns} FROM holdfast.sources ORDER BY name`)).map(toRecord)
}

export async function findSource({ query }: Queries, name: string): Promise<SourceRecord | null> {
  const [row] = await query<Row>(`SELECT ${columns} FROM holdfast.sources WHERE name = $1`, [name])
  return row === undefined ? null : toRecord(row)
}

/** Throws `catalog_failed` if the name is taken: `isTaken`. */
export async function addSource(
  { query }: Queries,
  o: {
    seal: Seal
    name: string
    address: string
    settings: Settings
    repositoryId: string
    secrets: SourceSecrets
  },
): Promise<SourceRecord> {
  const id = randomUUID()
  const sealed = o.seal.seal(placeOf.source(id, o.address), { ...o.secrets })
  const [row] = await query<Row>(
    `INSERT INTO holdfast.sources (id, name, address, settings, repository_id, secrets)
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${columns}`,
    [id, o.name, o.address, JSON.stringify(o.settings), o.repositoryId, sealed],
  )
  if (row === undefined) throw new TypeError('INSERT returned no row')
  return toRecord(row)
}

/**
 * Changes what is given. `login`: an address and the secrets that are for it, which the old ones are not. Null: there is none that the
 * caller may change.
 */
export async function changeSource(
  { query }: Queries,
  o: {
    seal: Seal
    id: string
    settings?: Settings | undefined
    login?: { readonly address: string; readonly secrets: SourceSecrets } | undefined
  },
): Promise<SourceRecord | null> {
  const { login } = o
  const sealed =
    login === undefined ? null : o.seal.seal(placeOf.source(o.id, login.address), { ...login.secrets })
  const settings = o.settings === undefined ? null : JSON.stringify(o.settings)
  const [row] = await query<Row>(
    `UPDATE holdfast.sources SET address = coalesce($2, address), settings = coalesce($3, settings),
       ${sealed === null ? '' : 'secrets = $4,'} changed_at = pg_catalog.now() WHERE id = $1 RETURNING ${columns}`,
    [o.id, login?.address ?? null, settings, ...(sealed === null ? [] : [sealed])],
  )
  return row === undefined ? null : toRecord(row)
}

/** As the owner: callers see no secrets. Throws `catalog_key_wrong`. */
export async function readSourceSecrets(
  { query }: Queries,
  o: { seal: Seal; id: string; address: string },
): Promise<SourceSecrets> {
  const [row] = await query<{ secrets: Buffer | null }>(
    'SELECT secrets FROM holdfast.sources WHERE id = $1',
    [o.id],
  )
  return row?.secrets ? o.seal.open(placeOf.source(o.id, o.address), row.secrets) : {}
}

/** False: there is none that the caller may remove. Its backups are left alone. */
export async function removeSource({ query }: Queries, id: string): Promise<boolean> {
  return (await query('DELETE FROM holdfast.sources WHERE id = $1 RETURNING id', [id])).length > 0
}
