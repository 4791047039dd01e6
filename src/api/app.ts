import { OpenAPIHono } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'
import { metricsType } from '../alarms/metrics/print.ts'
import type { Claims } from '../catalog/claims.ts'
import { may, permissions } from '../catalog/permissions.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { version } from '../version.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { claimsOfKey } from './keys.ts'
import { problemOf } from './problem.ts'
import { backupRoutes } from './routes/backups.ts'
import { downloadRoutes, sendDownload, type Connection } from './routes/downloads.ts'
import { jobRoutes } from './routes/jobs.ts'
import { repositoryRoutes } from './routes/repositories.ts'
import { scheduleRoutes } from './routes/schedules.ts'
import { sourceRoutes } from './routes/sources.ts'

const bodyBytes = 1024 * 1024

const document = {
  openapi: '3.1.0',
  info: { title: 'Holdfast', version, description: 'The service that backs up and proves.' },
  servers: [{ url: '/api/v1' }],
  security: [{ key: [] }],
}

/** The whole HTTP interface, as one function from request to response: it can be mounted anywhere that takes one. */
export function createApp(o: ApiOptions) {
  const app = new OpenAPIHono<ApiEnv>()
  app.use(secureHeaders({ strictTransportSecurity: false }))
  app.onError((thrown, c) => {
    const { status, body } = problemOf(asError(thrown))
    if (status === 500) o.log(`${c.req.method} ${withoutToken(c.req.path)}: ${textOf(thrown)}`)
    if (status === 401) c.header('www-authenticate', 'Bearer')
    return c.body(JSON.stringify(body), status, { 'content-type': 'application/problem+json' })
  })
  app.notFound((c) => {
    const error = new HoldfastError('not_found', `There is nothing at ${c.req.path}.`)
    return c.body(JSON.stringify(problemOf(error).body), 404, { 'content-type': 'application/problem+json' })
  })

  /** The process answers. */
  app.get('/healthz', (c) => c.json({ status: 'ok', version }))
  /** It can do its work. */
  app.get('/readyz', async (c) => {
    await o.catalog.now()
    return c.json({ status: 'ready' })
  })

  /** They name sources, so only who may see all of them reads them. */
  app.get('/metrics', async (c) => {
    const { role } = await signedIn(o, c.req.header('authorization'))
    if (permissions[role].scope !== 'all' || !may(role, 'read', 'sources'))
      throw new HoldfastError('not_permitted', `The role ${role} may not read metrics.`)
    return c.body(await o.metrics(), 200, { 'content-type': metricsType, 'cache-control': 'no-store' })
  })

  const api = new OpenAPIHono<ApiEnv>()
  api.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' })
  api.get('/openapi.json', (c) => c.json(api.getOpenAPI31Document(document)))
  api.get('/downloads/:token', (c) => {
    const connection: Connection = c.env ?? {}
    return sendDownload(o, { request: c.req.raw, token: c.req.param('token'), connection })
  })
  api.use(async (c, next) => {
    c.set('claims', await signedIn(o, c.req.header('authorization')))
    c.header('cache-control', 'no-store')
    await next()
  })
  api.use(bodyLimit({ maxSize: bodyBytes, onError: () => { throw new HoldfastError('request_invalid', `The body is larger than ${bodyBytes} bytes.`) } })) // prettier-ignore
  for (const routes of [
    repositoryRoutes(o),
    sourceRoutes(o),
    scheduleRoutes(o),
    jobRoutes(o),
    backupRoutes(o),
    downloadRoutes(o),
  ])
    api.route('/', routes)
  app.route('/api/v1', api)
  return { fetch: app.fetch, document: () => api.getOpenAPI31Document(document) }
}

export type App = ReturnType<typeof createApp>

/** Whose key the request carries. Throws `not_signed_in`. */
async function signedIn({ catalog }: ApiOptions, authorization = ''): Promise<Claims> {
  const [scheme, key] = authorization.split(' ')
  const claims =
    scheme?.toLowerCase() === 'bearer' && key !== undefined ? await claimsOfKey(catalog.system, key) : null
  if (claims === null) throw new HoldfastError('not_signed_in', 'The request carries no valid key.')
  return claims
}

/** A path as logs may have it: that of a download is a secret. */
function withoutToken(path: string): string {
  return path.replace(/(\/downloads\/).+/, '$1...')
}

/** What hono itself refuses, such as JSON that is none. */
function asError(thrown: unknown): unknown {
  if (!(thrown instanceof HTTPException) || thrown.status >= 500) return thrown
  return new HoldfastError('request_invalid', thrown.message, { cause: thrown })
}

function textOf(thrown: unknown): string {
  const own =
    thrown instanceof Error && !isHoldfastError(thrown) ? (thrown.stack ?? thrown.message) : messageOf(thrown)
  const cause = thrown instanceof Error && thrown.cause !== undefined ? ` (${messageOf(thrown.cause)})` : ''
  return own + cause
}
