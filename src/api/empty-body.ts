import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from './context.ts'

/** Many clients call all that they send JSON, also where they send nothing: that is a request without a body, and no broken JSON. */
export const emptyBodies: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const { raw } = c.req
  const isJson = c.req.header('content-type')?.includes('json') === true
  if (raw.method !== 'GET' && isJson && (await c.req.text()) === '') {
    const headers = new Headers(raw.headers)
    headers.delete('content-type')
    c.req.raw = new Request(raw.url, { method: raw.method, headers, signal: raw.signal })
  }
  await next()
}
