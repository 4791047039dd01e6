import type { HttpBindings } from '@hono/node-server'
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { allows, type Claims } from '../../catalog/claims.ts'
import { findSource } from '../../catalog/sources.ts'
import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import { found, newApi, problems, withCaller, type Api, type ApiEnv, type ApiOptions } from '../context.ts'
import { Event, EventHeaders, eventKinds, EventQuery } from '../contract/events.ts'
import { createHub } from '../events/hub.ts'
import { usualTimes } from '../events/looking.ts'
import { parsePosition } from '../events/position.ts'

const summary = 'Follow what changes, as server-sent events'
const stream = createRoute({
  method: 'get',
  path: '/events',
  tags: ['events'],
  summary,
  security: [{ key: [] }],
  request: { query: EventQuery, headers: EventHeaders },
  responses: {
    200: { description: summary, content: { 'text/event-stream': { schema: z.string() } } },
    default: problems,
  },
})

const resourceOf = { job: 'jobs', alarm: 'alarms', backup: 'backups' } as const

/** `authenticate`: whose request it is; asked again while a stream runs. */
export function eventRoutes(
  o: ApiOptions,
  authenticate: (c: Context<ApiEnv>) => Promise<Claims>,
): { readonly api: Api; stop(): Promise<void> } {
  const api = newApi()
  const hub = createHub({ catalog: o.catalog, times: { ...usualTimes, ...o.eventTimes }, log: o.log })
  api.openAPIRegistry.register('Event', Event)

  api.openapi(stream, async (c) => {
    const { kind, source, job = null } = c.req.valid('query')
    const { 'last-event-id': id } = c.req.valid('header')
    const { claims } = c.var
    const asked = job !== null ? ['job'] : (kind?.split(',') ?? eventKinds)
    const kinds = eventKinds.filter((one) => asked.includes(one) && allows(claims, 'read', resourceOf[one]))
    if (kinds.length === 0)
      throw new HoldfastError(
        'not_permitted',
        `The role ${claims.role} may read none of ${asked.join(', ')}.`,
      )
    const sourceId =
      source === undefined
        ? null
        : await withCaller(o, claims, ['read', 'sources'], async (q) => {
            return found(await findSource(q, source), `source ${source}`).id
          })
    const { headers } = c.req.raw
    // Of a server of Node's own: there a stream that nobody reads is ended with its connection.
    const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>
    const events = await hub.open({
      claims,
      recheck: () => claimsNow(() => authenticate(c)),
      credentials: JSON.stringify([headers.get('authorization'), headers.get('cookie')]),
      filter: { kinds, sourceId, jobId: job },
      after: id === undefined ? null : parsePosition(id),
      cut: outgoing === undefined ? null : () => outgoing.destroy(),
    })
    // A proxy that gathered answers would hold events back.
    return c.body(events, 200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
  })

  return { api, stop: () => hub.stop() }
}

async function claimsNow(authenticate: () => Promise<Claims>): Promise<Claims | null> {
  try {
    return await authenticate()
  } catch (error) {
    if (isHoldfastError(error, 'not_signed_in')) return null
    throw error
  }
}
