import type { Catalog } from '../../catalog/catalog.ts'
import type { Queries } from '../../catalog/database.ts'
import type { Clock } from '../../lib/clock.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../../lib/errors.ts'
import { joinAddress } from '../destination-kinds.ts'
import { events } from '../events.ts'
import { fanOut } from '../fan-out.ts'
import { lockAlarms, record } from '../record.ts'
import type { Change, Subject } from '../types.ts'
import { placeOfDestination } from '../destinations.ts'
import { plainText } from '../words.ts'
import type { Lookup, Reach } from './reach.ts'
import { send, type Outgoing } from './send.ts'

export interface OutboxOptions {
  readonly catalog: Pick<Catalog, 'system' | 'seal'>
  readonly clock: Clock
  /** 0 up to 1: so that many processes do not try again at the same moment. */
  readonly random: () => number
  readonly lookup: Lookup
  readonly signal: AbortSignal | undefined
}

export const outboxRules = {
  /** Sent at once, each to another destination. */
  width: 4,
  /** Longer than any way of sending takes: after it, whoever was sending is taken for dead. */
  leaseMs: 120_000,
  /** Half a minute, then twice as long each time, four hours at most: about a day in all. */
  firstPauseMs: 30_000,
  longestPauseMs: 4 * 3_600_000,
  attempts: 15,
  /** From that attempt on it is an alarm that nothing arrives; at once if the destination refuses for good. */
  deadAfter: 3,
  /** After that nothing more is begun in one go, so that judging does not wait for destinations that don't answer. */
  mostMs: 20_000,
} as const

interface Claimed extends Record<string, unknown> {
  readonly id: string
  readonly attempt: number
  readonly message: Outgoing
  readonly destination_id: string
  readonly name: string
  readonly kind: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly secrets: Buffer
  readonly reach: Reach
}

/**
 * Sends what is due, oldest first, one at a time to each destination. An attempt is counted before it is made and told after it, so that
 * whoever dies in between sends again: at least once, and never for ever. Any number of processes may do this at once.
 */
export async function deliverDue(o: OutboxOptions): Promise<void> {
  const until = o.clock.now().getTime() + outboxRules.mostMs
  while (o.signal?.aborted !== true && o.clock.now().getTime() < until) {
    const claimed = await claim(o)
    if (claimed.length === 0) return
    const settled = await Promise.allSettled(claimed.map((delivery) => deliver(o, delivery)))
    for (const one of settled) if (one.status === 'rejected') throw one.reason
  }
}

async function claim({ catalog, clock }: OutboxOptions): Promise<Claimed[]> {
  const now = clock.now()
  return await catalog.system.query<Claimed>(
    `WITH next AS (
       SELECT DISTINCT ON (o.destination_id) o.id, o.lease_until FROM holdfast.deliveries AS o
       JOIN holdfast.destinations AS d ON d.id = o.destination_id
       WHERE o.status = 'pending' AND o.not_before <= $1 AND d.enabled
       ORDER BY o.destination_id, o.number
     ), mine AS (
       SELECT o.id FROM holdfast.deliveries AS o JOIN next AS n ON n.id = o.id
       WHERE o.status = 'pending' AND o.not_before <= $1 AND (o.lease_until IS NULL OR o.lease_until < $1)
       ORDER BY o.number LIMIT $3 FOR UPDATE OF o SKIP LOCKED
     )
     UPDATE holdfast.deliveries AS o SET attempt = o.attempt + 1, lease_until = $2
     FROM mine, holdfast.destinations AS d WHERE o.id = mine.id AND d.id = o.destination_id
     RETURNING o.id, o.attempt, o.message, d.id AS destination_id, d.name, d.kind, d.settings, d.secrets, d.reach`,
    [now, new Date(now.getTime() + outboxRules.leaseMs), outboxRules.width],
  )
}

async function deliver(o: OutboxOptions, claimed: Claimed): Promise<void> {
  const { catalog, clock, lookup } = o
  const { destination_id: id, kind, settings, reach } = claimed
  let failure: HoldfastError | null = null
  try {
    if (claimed.attempt > outboxRules.attempts)
      throw new HoldfastError('destination_failed', 'Whoever sent it has died each time.')
    const secrets = catalog.seal.open(placeOfDestination(id), claimed.secrets)
    const address = joinAddress({ kind, settings, secrets, reach })
    await send({ address, reach, delivery: claimed.id, outgoing: claimed.message, clock, lookup })
  } catch (error) {
    failure = isHoldfastError(error)
      ? error
      : new HoldfastError('internal', messageOf(error), { cause: error })
  }
  await catalog.system.transaction(async (queries) => {
    await lockAlarms(queries)
    const now = clock.now()
    const change =
      failure === null
        ? await taken(queries, claimed, now)
        : await refused(queries, claimed, { ...o, failure, now })
    if (change !== null) await fanOut(queries, await record(queries, [change], now), now)
  })
}

async function taken({ query }: Queries, claimed: Claimed, now: Date): Promise<Change | null> {
  const ended = await query(
    `UPDATE holdfast.deliveries SET status = 'sent', ended_at = $3, lease_until = NULL, error = NULL
     WHERE id = $1 AND attempt = $2 AND status = 'pending' RETURNING id`,
    [claimed.id, claimed.attempt, now],
  )
  // Somebody else has taken it for dead and sends it again, and will tell.
  if (ended.length === 0) return null
  await query('UPDATE holdfast.destinations SET sent = sent + 1 WHERE id = $1', [claimed.destination_id])
  const text = 'The destination has taken a message.'
  return { do: 'close', event: 'destination_dead', subject: subjectOf(claimed), text }
}

async function refused(
  { query }: Queries,
  claimed: Claimed,
  o: { failure: HoldfastError; now: Date; random: () => number },
): Promise<Change | null> {
  const { failure, now } = o
  const last = claimed.attempt >= outboxRules.attempts
  const error = `${plainText(failure.message, 400)} (${failure.code})`
  const pauseMs = Math.max(
    pauseAfter(claimed.attempt, o.random),
    Number(failure.details['retryAfterMs'] ?? 0),
  )
  const ended = await query(
    `UPDATE holdfast.deliveries SET lease_until = NULL, error = $3, not_before = $4, status = $5, ended_at = $6
     WHERE id = $1 AND attempt = $2 AND status = 'pending' RETURNING id`,
    [
      claimed.id,
      claimed.attempt,
      error,
      new Date(now.getTime() + pauseMs),
      last ? 'given_up' : 'pending',
      last ? now : null,
    ],
  )
  if (ended.length === 0) return null
  await query('UPDATE holdfast.destinations SET failures = failures + 1 WHERE id = $1', [
    claimed.destination_id,
  ])
  const settled = failure.details['settled'] === true || failure.code !== 'destination_failed'
  if (!last && !settled && claimed.attempt < outboxRules.deadAfter) return null
  const event = 'destination_dead'
  const kept = last
    ? `A message was given up after ${claimed.attempt} attempts`
    : 'What waits is sent when it does'
  return {
    do: 'raise',
    event,
    subject: subjectOf(claimed),
    severity: events[event].severity,
    text: `The ${claimed.kind} destination ${claimed.name} takes no message: ${error}. ${kept}.`,
    facts: { code: failure.code, attempt: claimed.attempt },
    keys: last ? ['dead', 'given up'] : ['dead'],
    counts: true,
  }
}

/** How long to wait after so many attempts, a fifth less or more. */
export function pauseAfter(attempt: number, random: () => number): number {
  const pause = Math.min(outboxRules.firstPauseMs * 2 ** (attempt - 1), outboxRules.longestPauseMs)
  return Math.round(pause * (0.8 + 0.4 * random()))
}

function subjectOf({ destination_id: id, name }: Claimed): Subject {
  return { kind: 'destination', id, name, sourceId: null, repositoryId: null }
}
