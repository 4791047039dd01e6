import { lookup as systemLookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { HoldfastError, messageOf } from '../../lib/errors.ts'

/**
 * Where a destination may lead. Whoever may add one makes the service open connections, so without further ado only public addresses are
 * reached; an administrator allows `private` ones (also of this machine), or `any`: link-local ones, where clouds answer everybody who
 * asks with credentials, and those that name no machine.
 */
export const reaches = ['public', 'private', 'any'] as const
export type Reach = (typeof reaches)[number]

export interface FoundAddress {
  readonly address: string
  readonly family: number
}

/** Finds all addresses of a name. */
export type Lookup = (host: string) => Promise<readonly FoundAddress[]>

export const dnsLookup: Lookup = (host) => systemLookup(host, { all: true })

function blockList(...networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/')
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}

/** IANA's special-purpose registries, and two addresses at which clouds keep credentials outside of the link-local ones. */
const onlyAny = blockList(
  '0.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200/32',
  '192.0.0.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fe80::/10',
  'fd00:ec2::254/128',
  'ff00::/8',
  // IPv4 in other clothes, which translate to who knows where: 6to4, Teredo, local NAT64, and what is deprecated.
  '2002::/16',
  '2001::/32',
  '64:ff9b:1::/48',
  '::/96',
)
const onlyPrivate = blockList(
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  'fc00::/7',
  'fec0::/10',
  '2001:db8::/32',
)

/** The least reach with which an address may be reached. Throws TypeError if it is none. */
export function reachOf(address: string): Reach {
  const family = isIP(address)
  if (family === 0) throw new TypeError('That is no address.')
  const groups = family === 4 ? null : groupsOf(address)
  const v4 = groups === null ? null : embedded(groups)
  if (v4 !== null) return reachOf(v4)
  // Its own machine, before what else begins with zeros.
  if (groups?.every((group, at) => group === (at === 7 ? 1 : 0)) === true) return 'private'
  const type = family === 4 ? 'ipv4' : 'ipv6'
  if (onlyAny.check(address, type)) return 'any'
  return onlyPrivate.check(address, type) ? 'private' : 'public'
}

/** The IPv4 address that an IPv6 one leads to: mapped, or by the well-known prefix of NAT64. Null: none. */
function embedded(groups: readonly number[]): string | null {
  const begins = (...first: readonly number[]): boolean => first.every((group, at) => groups[at] === group)
  if (!begins(0, 0, 0, 0, 0, 0xffff) && !begins(0x64, 0xff9b, 0, 0, 0, 0)) return null
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.')
}

/** The eight groups of an IPv6 address in any of its spellings. */
function groupsOf(address: string): number[] {
  // WHATWG URLs write it in its shortest form, without dots and zone.
  const plain = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const [left = [], right] = plain.split('::').map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = right === undefined ? 0 : 8 - left.length - right.length
  return [...left, ...Array<string>(zeros).fill('0'), ...(right ?? [])].map((group) =>
    Number.parseInt(group, 16),
  )
}

/**
 * The addresses of a host, if all of them may be reached; connect to these and ask nobody again, or the answer may be another one by then.
 * Throws `destination_refused`, `destination_failed`.
 */
export async function reachable(o: { host: string; reach: Reach; lookup: Lookup }): Promise<FoundAddress[]> {
  const host = o.host.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(host)
  const found = family !== 0 ? [{ address: host, family }] : await find(host, o.lookup)
  for (const { address } of found) {
    const needed = reachOf(address)
    if (reaches.indexOf(needed) > reaches.indexOf(o.reach)) {
      throw new HoldfastError('destination_refused', `${host} leads to ${needed === 'any' ? 'a link-local or special' : 'a private'} address, which this destination may not reach.`) // prettier-ignore
    }
  }
  return found
}

async function find(host: string, lookup: Lookup): Promise<FoundAddress[]> {
  const found = await lookup(host).catch((cause: unknown) => {
    throw new HoldfastError('destination_failed', `${host} was not found: ${messageOf(cause)}`, { cause })
  })
  if (found.length > 0) return [...found]
  throw new HoldfastError('destination_failed', `${host} has no address.`)
}
