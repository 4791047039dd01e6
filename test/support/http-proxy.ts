import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'

/** A request on its way to the server behind a proxy. */
export interface Passing<O extends string> {
  readonly operation: O
  readonly path: string
  /** 1 for the first request of this operation. */
  readonly number: number
}

/**
 * What goes wrong with a request. `answer`: it is not passed on, and the answer is this one. `cut`: it is not passed on, and the connection
 * breaks. `lost`: it is passed on, and the connection breaks in place of the answer. `half`: the connection breaks in the middle of the
 * answer's body. `hang`: it is not passed on, and no answer comes. `stall`: the answer's body stops in the middle.
 */
export type HttpFault =
  | { readonly kind: 'answer'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'cut' | 'lost' | 'half' | 'hang' | 'stall' }

export interface HttpProxy<O extends string> {
  /** Where it listens, in place of the server: `http://127.0.0.1:port`. */
  readonly origin: string
  /** Decides for each request. Null: nothing goes wrong. */
  faults: (passing: Passing<O>) => HttpFault | null
  /** By how much its answers are ahead of the time. */
  clockAheadMs: number
  /** Requests so far, with those that were not passed on. */
  readonly requests: readonly Passing<O>[]
}

/** Passes requests on to the server at `origin`, and ends when the tests of this file have. */
export async function httpProxy<O extends string>(
  origin: string,
  operationOf: (method: string, url: URL) => O,
): Promise<HttpProxy<O>> {
  const requests: Passing<O>[] = []

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/', headers, socket } = incoming
    const body = await collect(incoming)
    const { pathname: path, searchParams } = new URL(url, origin)
    const operation = operationOf(method, new URL(url, origin))
    const number = requests.filter((one) => one.operation === operation).length + 1
    const passing: Passing<O> = { operation, path: searchParams.get('name') ?? path, number }
    requests.push(passing)
    const fault = proxy.faults(passing)
    response.setHeader('date', new Date(Date.now() + proxy.clockAheadMs).toUTCString())
    if (fault?.kind === 'hang') return
    if (fault?.kind === 'cut') {
      socket.resetAndDestroy()
      return
    }
    if (fault?.kind === 'answer') {
      response.writeHead(fault.status, fault.headers)
      response.end()
      return
    }
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request(new URL(url, origin), { method, headers }, resolve).once('error', reject).end(body)
    })
    const told = await collect(answer)
    if (fault?.kind === 'lost') {
      socket.resetAndDestroy()
      return
    }
    const { date: _, connection: __, 'transfer-encoding': ___, ...kept } = answer.headers
    const length = method === 'HEAD' ? {} : { 'content-length': told.length }
    response.writeHead(answer.statusCode ?? 500, { ...kept, ...length })
    if (fault === null || method === 'HEAD') response.end(told)
    else {
      response.write(told.subarray(0, Math.floor(told.length / 2)), () => {
        if (fault.kind === 'half') socket.resetAndDestroy()
      })
    }
  }

  const http = createServer((incoming, response) => {
    handle(incoming, response).catch(() => incoming.socket.destroy())
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  after(() => {
    http.closeAllConnections()
    http.close()
  })
  const proxy: HttpProxy<O> = {
    origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    faults: () => null,
    clockAheadMs: 0,
    requests,
  }
  return proxy
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}
