import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { HoldfastError, messageOf } from '../lib/errors.ts'
import type { App } from './app.ts'

/** A server that listens. */
export interface ApiServer {
  /** `http://127.0.0.1:7380` */
  readonly url: string
  /** Takes no more requests; those under way get so long to end. */
  close(graceMs: number): Promise<void>
}

/** How long a request may take to arrive, but for uploads: these may take hours, and are watched for standstill. */
const requestMs = 60_000

function isUpload(url = ''): boolean {
  return /^\/api\/v1\/uploads(\?|$)/.test(url)
}

/** Serves the API. Throws `listen_failed`. */
export async function listen(o: { app: App; host: string; port: number }): Promise<ApiServer> {
  const server = createAdaptorServer({ fetch: o.app.fetch }) as Server
  // Slow senders hold nothing for long.
  server.headersTimeout = 10_000
  server.requestTimeout = 0
  server.on('request', (request) => {
    if (isUpload(request.url)) return
    const timer = setTimeout(() => {
      if (!request.complete) request.destroy()
    }, requestMs).unref()
    request.once('close', () => clearTimeout(timer))
  })
  server.listen(o.port, o.host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new HoldfastError(
      'listen_failed',
      `${o.host}:${o.port} can't be listened on: ${messageOf(cause)}`,
      { cause },
    )
  }
  const { port } = server.address() as AddressInfo
  const host = o.host.includes(':') ? `[${o.host}]` : o.host
  return {
    url: `http://${host}:${port}`,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearTimeout(timer)
    },
  }
}
