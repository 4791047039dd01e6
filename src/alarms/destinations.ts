import { randomBytes, randomUUID } from 'node:crypto'
import type { Catalog } from '../catalog/catalog.ts'
import type { Queries } from '../catalog/database.ts'
import type { Seal } from '../catalog/seal.ts'
import type { Clock } from '../lib/clock.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { Lookup, Reach } from './deliver/reach.ts'
import { send } from './deliver/send.ts'
import { joinAddress, readAddress, splitAddress, type DestinationAddress } from './destination-kinds.ts'
import { eventNames, type EventName, type Severity } from './events.ts'
import { testMessage } from './message.ts'

/** What the sealed secrets of a destination are bound to. */
export function placeOfDestination(id: string): string {
  return `destinations/${id}`
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

export interface NewSubscription {
  readonly destinationId: string
  /** Null: of all, and of what belongs to no source. */
  readonly sourceId: string | null
  /** Null: all events. */
  readonly events: readonly string[] | null
  readonly minSeverity: Severity
  readonly mode: 'each' | 'daily' | 'weekly'
  /** IANA name of the time zone in which a summary comes at `hour`. */
  readonly zone: string
  readonly hour: number
}

/** Subscribes a destination. Throws `destination_wrong`, `catalog_failed`. */
export async function subscribe({ query }: Queries, o: NewSubscription): Promise<{ id: string }> {
  const unknown = (o.events ?? []).filter((event) => !eventNames.includes(event as EventName))
  if (unknown.length > 0)
    throw new HoldfastError('destination_wrong', `There is no event of this name. There are ${eventNames.join(', ')}.`) // prettier-ignore
  if (!isZone(o.zone)) throw new HoldfastError('destination_wrong', 'There is no time zone of this name.')
  const id = randomUUID()
  await query(
    `INSERT INTO holdfast.subscriptions (id, destination_id, source_id, events, min_severity, mode, zone, hour)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [id, o.destinationId, o.sourceId, o.events, o.minSeverity, o.mode, o.zone, o.hour],
  )
  return { id }
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
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
