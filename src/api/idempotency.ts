import { createHash } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { StatusCode } from 'hono/utils/http-status'
import { beginAnswer, endAnswer } from '../catalog/answers.ts'
import { HoldfastError, messageOf } from '../lib/errors.ts'
import type { ApiEnv, ApiOptions } from './context.ts'

const header = 'idempotency-key'
/** What of an answer is given again besides its body. */
const kept = ['content-type', 'location'] as const

/**
 * A POST with an idempotency key is done once: the same request with the same key gets the same answer for a day, and does nothing.
 * Only what was done is kept; after an error the request may be sent again. Throws `idempotency_mismatch`, `idempotency_busy`,
 * `idempotency_unknown`, `request_invalid`.
 */
export function idempotency(o: ApiOptions): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const key = c.req.header(header)
    if (c.req.method !== 'POST' || key === undefined) return await next()
    if (!/^[\x21-\x7e]{1,200}$/.test(key))
      throw new HoldfastError('request_invalid', `${header}: 1 to 200 visible characters of ASCII`)
    const { system, seal } = o.catalog
    const { subject } = c.var.claims
    const url = new URL(c.req.url)
    const request = createHash('sha256')
      .update(JSON.stringify([url.pathname, url.search, await c.req.text()]))
      .digest('hex')
    const begun = await beginAnswer(system, { seal, subject, key, request })
    if (begun.state === 'done') {
      const { status, headers, body } = begun.answer
      for (const [name, value] of Object.entries(headers)) c.header(name, value)
      c.header('idempotency-replayed', 'true')
      // Sound because it was the status of an answer.
      return c.newResponse(body, status as StatusCode)
    }
    if (begun.state !== 'new') {
      const code = ({ other: 'idempotency_mismatch', busy: 'idempotency_busy', unknown: 'idempotency_unknown' } as const)[begun.state] // prettier-ignore
      throw new HoldfastError(code, `The key ${key} was sent before.`)
    }
    await next()
    const { res } = c
    const headers = Object.fromEntries(kept.flatMap((name) => (res.headers.has(name) ? [[name, res.headers.get(name) ?? '']] : []))) // prettier-ignore
    const answer = res.ok ? { status: res.status, headers, body: await res.clone().text() } : null
    // Of an error of ours nobody knows whether it came before or after the deed: then the key is used up.
    if (answer === null && res.status >= 500) return
    await endAnswer(system, { seal, subject, key, answer }).catch((error: unknown) =>
      o.log(`An answer could not be kept: ${messageOf(error)}`),
    )
  }
}
