import { randomBytes, randomUUID } from 'node:crypto'
import type { Catalog } from '../catalog/catalog.ts'
import type { Queries } from '../catalog/database.ts'
import { iso } from '../catalog/rows.ts'
import type { Seal } from '../catalog/seal.ts'
import type { Clock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { Lookup, Reach } from './deliver/reach.ts'
import { send } from './deliver/send.ts'
import {
  joinAddress,
  readAddress,
  splitAddress,
  type DestinationAddress,
  type DestinationKind,
} from './destination-kinds.ts'
import { testMessage } from './message.ts'

/** What the sealed secrets of a destination are bound to. */
export function placeOfDestination(id: string): string {
  return `destinations/${id}`
}

/** A destination without its secrets. */
export interface DestinationRecord {
  readonly id: string
  readonly name: string
  readonly kind: DestinationKind
  /** Of its address, what is no secret: of a URL, the host. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly reach: Reach
  readonly enabled: boolean
  /** Of a ping: whose jobs it follows, and of which kind. */
  readonly sourceId: string | null
  readonly scheduleId: string | null
  readonly jobKind: string | null
  /** Messages that it took, and attempts that failed, of all times. */
  readonly sent: number
  readonly failures: number
  readonly createdAt: string
  readonly changedAt: string
}

interface Row extends Record<string, unknown> {
  readonly id: string
  readonly name: string
  readonly kind: DestinationKind
  readonly settings: Readonly<Record<string, unknown>>
  readonly reach: Reach
  readonly enabled: boolean
  readonly source_id: string | null
  readonly schedule_id: string | null
  readonly job_kind: string
  readonly sent: string
  readonly failures: string
  readonly created_at: Date
  readonly changed_at: Date
}

/** By name; `name`: only that one. */
export async function listDestinations({ query }: Queries, name?: string): Promise<DestinationRecord[]> {
  const rows = await query<Row>(
    `SELECT id, name, kind, settings, reach, enabled, source_id, schedule_id, job_kind, sent, failures, created_at, changed_at
     FROM holdfast.destinations WHERE $1::text IS NULL OR name = $1 ORDER BY name`,
    [name ?? null],
  )
  return rows.map((row) => {
    const { id, kind, settings, reach, enabled } = row
    return {
      id,
      name: row.name,
      kind,
      settings,
      reach,
      enabled,
      sourceId: row.source_id,
      scheduleId: row.schedule_id,
      jobKind: kind === 'ping' ? row.job_kind : null,
      sent: Number(row.sent),
      failures: Number(row.failures),
      createdAt: iso(row.created_at),
      changedAt: iso(row.changed_at),
    }
  })
}

export interface NewDestination {
  readonly name: string
  /** Of a webhook without a key one is made. Anything may be in it: it is read strictly. */
  readonly address: unknown
  readonly reach: Reach
  /** Of a ping: whose jobs it follows. Null otherwise. */
  readonly follows:
    { readonly sourceId: string; readonly kind: string } | { readonly scheduleId: string } | null
}

/**
 * Adds a destination. `queries` are the caller's, whose claims decide whether they may. `key`: what a webhook's messages are signed
 * with, which is shown this once. Throws `destination_wrong`, `destination_refused`, `catalog_failed`.
 */
export async function addDestination(
  { query }: Queries,
  seal: Seal,
  destination: NewDestination,
): Promise<{ id: string; key: string | null }> {
  const { name, reach, follows } = destination
  const address = readAddress(withKey(destination.address), reach)
  if ((address.kind === 'ping') !== (follows !== null))
    throw new HoldfastError(
      'destination_wrong',
      'A ping follows a source or a schedule, and nothing else does.',
    )
  const id = randomUUID()
  const { settings, secrets } = splitAddress(address)
  const ofSource = follows !== null && 'sourceId' in follows ? follows : null
  await query(
    `INSERT INTO holdfast.destinations (id, name, kind, settings, secrets, reach, source_id, schedule_id, job_kind)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      id,
      name,
      address.kind,
      JSON.stringify(settings),
      seal.seal(placeOfDestination(id), secrets),
      reach,
      ofSource?.sourceId ?? null,
      follows !== null && 'scheduleId' in follows ? follows.scheduleId : null,
      ofSource?.kind ?? 'backup',
    ],
  )
  return { id, key: keyOf(address) }
}

/** Gives a destination another address, with all of its secrets; the kind stays. Throws as `addDestination`, and `destination_not_found`. */
export async function readdress(
  { query }: Queries,
  seal: Seal,
  o: { id: string; address: unknown; reach: Reach },
): Promise<{ key: string | null }> {
  const address = readAddress(withKey(o.address), o.reach)
  const { settings, secrets } = splitAddress(address)
  const changed = await query(
    `UPDATE holdfast.destinations SET settings = $3, secrets = $4, reach = $5, changed_at = pg_catalog.now()
     WHERE id = $1 AND kind = $2 RETURNING id`,
    [o.id, address.kind, JSON.stringify(settings), seal.seal(placeOfDestination(o.id), secrets), o.reach],
  )
  if (changed.length === 0) throw notFound(o.id, ` of kind ${address.kind}`)
  return { key: keyOf(address) }
}

/** Nothing is sent to one that is switched off; what is due waits. False: there is none that the caller may change. */
export async function switchDestination(
  { query }: Queries,
  o: { id: string; enabled: boolean },
): Promise<boolean> {
  const changed = await query(
    'UPDATE holdfast.destinations SET enabled = $2, changed_at = pg_catalog.now() WHERE id = $1 RETURNING id',
    [o.id, o.enabled],
  )
  return changed.length > 0
}

/** Removes it with its subscriptions, and what it has not been sent yet. False: there is none that the caller may remove. */
export async function removeDestination({ query }: Queries, id: string): Promise<boolean> {
  return (await query('DELETE FROM holdfast.destinations WHERE id = $1 RETURNING id', [id])).length > 0
}

/**
 * Sends a test message now, past the outbox, and resolves when it was taken: what a test button shows. The caller's right to read the
 * destination was checked before: this reads its secrets. Throws `destination_not_found`, `destination_failed`, `destination_refused`,
 * `destination_wrong`, `catalog_key_wrong`.
 */
export async function testDestination(o: {
  catalog: Pick<Catalog, 'system' | 'seal'>
  id: string
  clock: Clock
  lookup: Lookup
}): Promise<void> {
  const { catalog, id, clock, lookup } = o
  const [row] = await catalog.system.query<{
    name: string
    kind: string
    settings: Record<string, unknown>
    secrets: Buffer
    reach: Reach
  }>('SELECT name, kind, settings, secrets, reach FROM holdfast.destinations WHERE id = $1', [id])
  if (row === undefined) throw notFound(id)
  const { name, kind, settings, reach } = row
  const secrets = catalog.seal.open(placeOfDestination(id), row.secrets)
  const address = joinAddress({ kind, settings, secrets, reach })
  const outgoing = kind === 'ping' ? ({ ping: 'success' } as const) : testMessage(name, clock.now())
  await send({ address, reach, delivery: randomUUID(), outgoing, clock, lookup })
}

function withKey(address: unknown): unknown {
  const made = { key: randomBytes(32).toString('base64url') }
  const webhook =
    typeof address === 'object' && address !== null && 'kind' in address && address.kind === 'webhook'
  return webhook ? { ...made, ...address } : address
}

function keyOf(address: DestinationAddress): string | null {
  return address.kind === 'webhook' ? address.key : null
}

function notFound(id: string, of = ''): HoldfastError {
  return new HoldfastError('destination_not_found', `There is no destination ${id}${of}.`)
}
