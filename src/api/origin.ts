import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { Claims } from '../catalog/claims.ts'

export type Origin = NonNullable<Claims['from']>

const loopback = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/

/**
 * Where a request came from, as its connection tells. What a client says of itself is taken from a proxy on this machine only, and told
 * as the proxy's word: whoever is here already can say what they like.
 */
export function originOf(c: Context): Origin {
  // As @hono/node-server passes it; there is none where the app is mounted somewhere else.
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } }
  const peer = incoming?.socket?.remoteAddress ?? null
  const behind = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? ''
  const proxied = peer !== null && loopback.test(peer) && /^[\da-fA-F.:]{2,45}$/.test(behind)
  return {
    address: proxied ? `${behind} by ${peer}` : peer,
    agent: c.req.header('user-agent') ?? null,
    request: randomUUID(),
  }
}
