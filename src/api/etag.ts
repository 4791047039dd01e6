import { createHash } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import type { Queries } from '../catalog/database.ts'
import { ident } from '../postgres/quote.ts'
import { HoldfastError } from '../lib/errors.ts'
import { found, type ApiEnv } from './context.ts'

/** Of an answer's JSON: strong, since what differs in a byte is another. */
function etagOf(json: string): string {
  return `"${createHash('sha256').update(json).digest('base64url')}"`
}

/** Gives what is read an ETag, and nothing to whoever has it already. Files and streams are left as they are. */
export const etags: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next()
  const { res } = c
  const whole =
    res.headers.get('content-type') === 'application/json' && !res.headers.has('content-disposition')
  if (c.req.method !== 'GET' || res.status !== 200 || !whole) return
  const etag = etagOf(await res.clone().text())
  if (!matches(c.req.header('if-none-match'), etag, true)) {
    c.header('etag', etag)
    return
  }
  await res.body?.cancel()
  c.res = new Response(null, { status: 304, headers: res.headers })
  for (const name of ['content-type', 'content-length']) c.res.headers.delete(name)
  c.header('etag', etag)
}

function matches(header: string | undefined, etag: string, weak: boolean): boolean {
  if (header === undefined) return false
  const given = header.split(',').map((one) => one.trim())
  return given.includes('*') || given.some((one) => (weak ? one.replace(/^W\//, '') : one) === etag)
}

/**
 * What is to be changed or removed, as a caller reads it; its row stays as it is until the transaction ends, so that of two who have read
 * the same only one changes it. Throws `not_found`, and `changed_meanwhile` if it is not what If-Match says.
 */
export async function forChange<T>(
  queries: Queries,
  c: Context<ApiEnv>,
  o: {
    readonly table: 'sources' | 'repositories' | 'schedules' | 'people' | 'destinations'
    readonly name: string
    /** What `name` is; default: its name. */
    readonly by?: 'name' | 'id'
    readonly what: string
    readonly find: (queries: Queries, name: string) => Promise<T | null>
  },
): Promise<T> {
  const key = ident(o.by ?? 'name')
  await queries.query(`SELECT FROM holdfast.${ident(o.table)} WHERE ${key} = $1 FOR UPDATE`, [o.name])
  const there = found(await o.find(queries, o.name), `${o.what} ${o.name}`)
  requireMatch(c, there)
  return there
}

/** Throws `changed_meanwhile` if the request says another state than this, which a GET gives. */
export function requireMatch(c: Context<ApiEnv>, there: unknown): void {
  const given = c.req.header('if-match')
  if (given === undefined || matches(given, etagOf(JSON.stringify(there)), false)) return
  throw new HoldfastError('changed_meanwhile', 'It is not what If-Match says any more.')
}
