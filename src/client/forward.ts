import type { ClientOptions } from './request.ts'

/** Of an answer, what is about the connection that it came by. */
const dropped = ['connection', 'keep-alive', 'transfer-encoding', 'content-encoding', 'content-length']
const kept = [
  'accept',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'last-event-id',
  'holdfast-approval',
]

/**
 * For an application that lets its users reach the service under its own address: passes a request on, with the key of the application in
 * place of what the user is known by there, and the answer back, a stream of events too. `path`: what follows `/api/v1`, such as `/jobs`.
 * Whoever calls this has checked before that this user may do it: for the service it is the application that asks.
 */
export async function forward(
  o: Pick<ClientOptions, 'url' | 'key' | 'fetch'>,
  request: Request,
  path: string,
): Promise<Response> {
  const base = new URL(`${o.url.replace(/\/+$/, '')}/api/v1/`)
  const url = new URL(`.${path.startsWith('/') ? path : `/${path}`}`, base)
  // "/../../metrics" is no route of the API.
  if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname))
    return new Response(null, { status: 404 })
  url.search = new URL(request.url).search
  const headers = new Headers()
  for (const name of kept) {
    const value = request.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  if (o.key !== undefined) headers.set('authorization', `Bearer ${o.key}`)
  const { method, signal } = request
  const body = method === 'GET' || method === 'HEAD' ? null : await request.arrayBuffer()
  let answer: Response
  try {
    answer = await (o.fetch ?? fetch)(new Request(url, { method, headers, body, signal }))
  } catch {
    return new Response(null, { status: 502 })
  }
  const given = new Headers(answer.headers)
  for (const name of dropped) given.delete(name)
  return new Response(answer.body, { status: answer.status, headers: given })
}
