import { BlockList, isIP } from 'node:net'
import type { Context } from 'hono'
import { HoldfastError } from '../lib/errors.ts'
import type { ApiEnv, ApiOptions } from './context.ts'

/** Where a request comes from, and who could read it on its way. */
export interface Arrival {
  /** Network address of the browser or program; `unknown` where the app is mounted in something that does not tell. */
  readonly address: string
  /** What it calls itself. */
  readonly agent: string
  /** It came by https. */
  readonly encrypted: boolean
  /** By https, or from this machine, or by http because who runs the service has said that it is so. */
  readonly confidential: boolean
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')
const nearby = new BlockList()
for (const [net, bits] of [['10.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16]] as const) nearby.addSubnet(net, bits, 'ipv4') // prettier-ignore
nearby.addSubnet('fc00::', 7, 'ipv6')

function isIn(list: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/**
 * A public URL says that a proxy stands before the service: whether a request came by https is then what it begins with, and what the
 * last proxy says of where it came from is believed if that proxy is near, or is the one of what the app is mounted in. Without one nothing that a request says of its way is believed.
 */
export function arrivalOf(o: Pick<ApiOptions, 'publicUrl'>, c: Context<ApiEnv>): Arrival {
  const publicUrl = o.publicUrl ?? null
  const own = new URL(c.req.url)
  const env: Partial<ApiEnv['Bindings']> | undefined = c.env
  const peer = env?.incoming?.socket.remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/, '')
  const encrypted = (publicUrl ?? own.protocol).startsWith('https:')
  const fromHere =
    peer === undefined ? /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(own.hostname) : isIn(loopback, peer)
  const told = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? ''
  const behindProxy = publicUrl !== null && (peer === undefined || fromHere || isIn(nearby, peer))
  return {
    address: behindProxy && isIP(told) !== 0 ? told : (peer ?? 'unknown'),
    agent: (c.req.header('user-agent') ?? '').replaceAll(/\p{Cc}/gu, ' ').slice(0, 500),
    encrypted,
    confidential: encrypted || publicUrl !== null || fromHere,
  }
}

/** Throws `sign_in_insecure`: neither a password nor a session goes where others can read it. */
export function requireConfidential({ confidential }: Arrival): void {
  if (!confidential)
    throw new HoldfastError('sign_in_insecure', 'The request came over http from another machine.')
}
