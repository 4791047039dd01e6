import { listDeliveries } from '../../alarms/deliveries.ts'
import {
  addDestination,
  listDestinations,
  readdress,
  removeDestination,
  switchDestination,
  type DestinationRecord,
  type NewDestination,
} from '../../alarms/destinations.ts'
import { changeSubscription, listSubscriptions, subscribe, unsubscribe } from '../../alarms/subscriptions.ts'
import type { Queries } from '../../catalog/database.ts'
import { findSchedule } from '../../catalog/schedules.ts'
import { findSource } from '../../catalog/sources.ts'
import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import { body, emptyRoute, found, newApi, optionalBody, parseCursor, printCursor, route, uuids, withCaller, type Api, type ApiOptions } from '../context.ts' // prettier-ignore
import { Confirmation, Deliveries, DeliveryQuery, Destination, DestinationChange, DestinationInput, Destinations, DestinationTest, DestinationWithKey, idParams, nameParams, Subscription, SubscriptionChange, SubscriptionInput, SubscriptionQuery, Subscriptions } from '../contract.ts' // prettier-ignore
import { destructive } from '../destructive.ts'
import { forChange, requireMatch } from '../etag.ts'
import { refusingTaken } from '../refusals.ts'

const tags: [string] = ['alarms']
const path = '/destinations'
const one = '/destinations/{name}'
const subscription = '/subscriptions/{id}'

const list = route({ method: 'get', path, tags, summary: 'List destinations of messages', request: {}, status: 200, gives: Destinations }) // prettier-ignore
const get = route({ method: 'get', path: one, tags, summary: 'Get a destination, without its secrets', request: { params: nameParams }, status: 200, gives: Destination }) // prettier-ignore
const add = route({ method: 'post', path, tags, summary: 'Add a destination', request: { body: body(DestinationInput) }, status: 201, gives: DestinationWithKey }) // prettier-ignore
const change = route({ method: 'patch', path: one, tags, summary: 'Change a destination', request: { params: nameParams, body: body(DestinationChange) }, status: 200, gives: DestinationWithKey }) // prettier-ignore
const remove = emptyRoute({ method: 'delete', path: one, tags, summary: 'Remove a destination, its subscriptions and what waits for it', request: { params: nameParams, body: optionalBody(Confirmation) } }) // prettier-ignore
const test = route({ method: 'post', path: '/destinations/{name}/test', tags, summary: 'Send a test message now', request: { params: nameParams }, status: 200, gives: DestinationTest }) // prettier-ignore
const listSubs = route({ method: 'get', path: '/subscriptions', tags, summary: 'List subscriptions', request: { query: SubscriptionQuery }, status: 200, gives: Subscriptions }) // prettier-ignore
const addSub = route({ method: 'post', path: '/subscriptions', tags, summary: 'Subscribe a destination', request: { body: body(SubscriptionInput) }, status: 201, gives: Subscription }) // prettier-ignore
const putSub = route({ method: 'put', path: subscription, tags, summary: 'Change a subscription', request: { params: idParams, body: body(SubscriptionChange) }, status: 200, gives: Subscription }) // prettier-ignore
const removeSub = emptyRoute({ method: 'delete', path: subscription, tags, summary: 'Remove a subscription', request: { params: idParams } }) // prettier-ignore
const deliveries = route({ method: 'get', path: '/deliveries', tags, summary: 'List messages on their way, and those that were, newest first', request: { query: DeliveryQuery }, status: 200, gives: Deliveries }) // prettier-ignore

export function destinationRoutes(o: ApiOptions): Api {
  const { seal } = o.catalog
  const api = newApi()

  api.openapi(list, async (c) => {
    const items = await withCaller(o, c.var.claims, ['read', 'destinations'], (q) => listDestinations(q))
    return c.json({ items }, 200)
  })

  api.openapi(get, async (c) => {
    const { name } = c.req.valid('param')
    return c.json(
      await withCaller(o, c.var.claims, ['read', 'destinations'], (q) => destination(q, name)),
      200,
    )
  })

  api.openapi(add, async (c) => {
    const { follows, ...wanted } = c.req.valid('json')
    const made = await refusingTaken(`A destination ${wanted.name}`, () =>
      withCaller(o, c.var.claims, ['create', 'destinations'], async (q) => {
        const followed = follows === null ? null : await followedBy(q, follows)
        const { key } = await addDestination(q, seal, { ...wanted, follows: followed })
        return { ...(await destination(q, wanted.name)), key }
      }),
    )
    return c.json(made, 201)
  })

  api.openapi(change, async (c) => {
    const { name } = c.req.valid('param')
    const { address, reach, enabled } = c.req.valid('json')
    // What an address may lead to was judged when it was given, and is sealed since.
    if (reach !== undefined && address === undefined)
      throw new HoldfastError('request_invalid', 'reach is given together with an address.')
    const changed = await withCaller(o, c.var.claims, ['change', 'destinations'], async (q) => {
      const { id, reach: before } = await forChange(q, c, { ...locked, name })
      const given = address === undefined ? null : { id, address, reach: reach ?? before }
      const { key } = given === null ? { key: null } : await readdress(q, seal, given)
      if (enabled !== undefined) await switchDestination(q, { id, enabled })
      return { ...(await destination(q, name)), key }
    })
    return c.json(changed, 200)
  })

  api.openapi(remove, async (c) => {
    const { name } = c.req.valid('param')
    const { claims } = c.var
    const there = await withCaller(o, claims, ['remove', 'destinations'], (q) => destination(q, name))
    requireMatch(c, there)
    await destructive(o, c, { what: 'remove a destination', about: there.id, confirm: name, given: c.req.valid('json') }) // prettier-ignore
    await withCaller(o, claims, ['remove', 'destinations'], async (q) => {
      await forChange(q, c, { ...locked, name })
      await removeDestination(q, there.id)
    })
    return c.body(null, 204)
  })

  api.openapi(test, async (c) => {
    const { name } = c.req.valid('param')
    // Sending is past row level security: whoever may change the destination may.
    const { id } = await withCaller(o, c.var.claims, ['change', 'destinations'], (q) => destination(q, name))
    try {
      await o.testDestination(id)
      return c.json({ taken: true, error: null }, 200)
    } catch (error) {
      if (!isHoldfastError(error) || !error.code.startsWith('destination_')) throw error
      const { code, message, hint } = error
      return c.json({ taken: false, error: { code, message, hint } }, 200)
    }
  })

  api.openapi(listSubs, async (c) => {
    const { destination: name } = c.req.valid('query')
    const items = await withCaller(o, c.var.claims, ['read', 'subscriptions'], async (q) =>
      listSubscriptions(q, name === undefined ? {} : { destinationId: (await destination(q, name)).id }),
    )
    return c.json({ items }, 200)
  })

  api.openapi(addSub, async (c) => {
    const { destination: name, source, enabled, ...rest } = c.req.valid('json')
    const made = await withCaller(o, c.var.claims, ['create', 'subscriptions'], async (q) => {
      const { id: destinationId, kind } = await destination(q, name)
      if (kind === 'ping')
        throw new HoldfastError('destination_wrong', 'A ping follows jobs, and takes no messages.')
      const sourceId = await sourceOf(q, source)
      const { id } = await subscribe(q, { ...rest, destinationId, sourceId })
      if (!enabled) await changeSubscription(q, { ...rest, id, sourceId, enabled })
      return await subscriptionOf(q, id)
    })
    return c.json(made, 201)
  })

  api.openapi(putSub, async (c) => {
    const { id } = c.req.valid('param')
    const { source, ...rest } = c.req.valid('json')
    const changed = await withCaller(o, c.var.claims, ['change', 'subscriptions'], async (q) => {
      await changeSubscription(q, { ...rest, id, sourceId: await sourceOf(q, source) })
      return await subscriptionOf(q, id)
    })
    return c.json(changed, 200)
  })

  api.openapi(removeSub, async (c) => {
    const { id } = c.req.valid('param')
    const removed = await withCaller(o, c.var.claims, ['remove', 'subscriptions'], (q) => unsubscribe(q, id))
    found(removed ? true : null, `subscription ${id}`)
    return c.body(null, 204)
  })

  api.openapi(deliveries, async (c) => {
    const { limit, after, destination: name, status = null } = c.req.valid('query')
    const page = { limit, after: parseCursor(after, uuids) }
    const { items, next } = await withCaller(o, c.var.claims, ['read', 'deliveries'], async (q) => {
      const destinationId = name === undefined ? null : (await destination(q, name)).id
      return await listDeliveries(q, { destinationId, status }, page)
    })
    return c.json({ items: [...items], next: printCursor(next) }, 200)
  })

  return api
}

async function destination(queries: Queries, name: string): Promise<DestinationRecord> {
  const [found] = await listDestinations(queries, name)
  if (found !== undefined) return found
  throw new HoldfastError('destination_not_found', `There is no destination ${name}.`)
}

const locked = { table: 'destinations', what: 'destination', find: destination } as const

async function sourceOf(queries: Queries, name: string | null): Promise<string | null> {
  return name === null ? null : found(await findSource(queries, name), `source ${name}`).id
}

async function followedBy(
  queries: Queries,
  follows: { source: string; kind: string } | { schedule: string },
): Promise<NewDestination['follows']> {
  if ('schedule' in follows) {
    const { schedule } = follows
    return { scheduleId: found(await findSchedule(queries, schedule), `schedule ${schedule}`).id }
  }
  const { source, kind } = follows
  return { sourceId: found(await findSource(queries, source), `source ${source}`).id, kind }
}

async function subscriptionOf(queries: Queries, id: string) {
  const [one] = await listSubscriptions(queries, { id })
  return found(one ?? null, `subscription ${id}`)
}
