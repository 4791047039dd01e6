import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Context } from 'hono'
import { arrivalOf } from '../../src/api/arrival.ts'
import type { ApiEnv } from '../../src/api/context.ts'

interface Case {
  readonly publicUrl: string | null
  readonly url: string
  /** Undefined: the app is mounted in something that does not tell. */
  readonly peer: string | undefined
  readonly forwarded?: string
}

function arrive({ publicUrl, url, peer, forwarded }: Case): readonly [string, boolean, boolean] {
  const headers = new Headers(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded })
  const env = peer === undefined ? {} : { incoming: { socket: { remoteAddress: peer } } }
  const c = new Context<ApiEnv>(new Request(url, { headers }), { env })
  const { address, encrypted, confidential } = arrivalOf({ publicUrl }, c)
  return [address, encrypted, confidential]
}

test('it is told where a request comes from and who can read it, and a proxy is believed only where there is one', () => {
  const [here, there] = ['http://127.0.0.1:7380/', 'http://backups.example.com/']
  const [tls, plain] = ['https://backups.example.com', 'http://backups.example.com']
  const cases: readonly (readonly [Case, readonly [string, boolean, boolean]])[] = [
    [{ publicUrl: null, url: here, peer: '127.0.0.1' }, ['127.0.0.1', false, true]],
    [{ publicUrl: null, url: here, peer: '::1' }, ['::1', false, true]],
    [{ publicUrl: null, url: there, peer: '192.0.2.1' }, ['192.0.2.1', false, false]],
    [{ publicUrl: null, url: there, peer: '::ffff:192.0.2.1' }, ['192.0.2.1', false, false]],
    [{ publicUrl: null, url: here, peer: '192.0.2.1' }, ['192.0.2.1', false, false]],
    [{ publicUrl: null, url: there, peer: '10.0.0.1', forwarded: '192.0.2.9' }, ['10.0.0.1', false, false]],
    [{ publicUrl: plain, url: there, peer: '192.0.2.1' }, ['192.0.2.1', false, true]],
    [{ publicUrl: tls, url: there, peer: '192.0.2.1', forwarded: '192.0.2.9' }, ['192.0.2.1', true, true]],
    [{ publicUrl: tls, url: there, peer: '10.0.0.1', forwarded: 'x, 192.0.2.9' }, ['192.0.2.9', true, true]],
    [{ publicUrl: tls, url: there, peer: '127.0.0.1', forwarded: 'nonsense' }, ['127.0.0.1', true, true]],
    [{ publicUrl: null, url: there, peer: undefined, forwarded: '192.0.2.9' }, ['unknown', false, false]],
    [{ publicUrl: null, url: 'http://localhost:3000/', peer: undefined }, ['unknown', false, true]],
    [{ publicUrl: null, url: `${tls}/`, peer: undefined }, ['unknown', true, true]],
    [{ publicUrl: tls, url: there, peer: undefined, forwarded: '2001:db8::1' }, ['2001:db8::1', true, true]],
  ]
  for (const [given, expected] of cases) assert.deepEqual(arrive(given), expected, JSON.stringify(given))
})
