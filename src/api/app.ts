import { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'
import { metricsType } from '../alarms/metrics/print.ts'
import { allows } from '../catalog/claims.ts'
import { permissions } from '../catalog/permissions.ts'
import { steadyClock } from '../lib/clock.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { createDocuments } from '../people/documents.ts'
import { version } from '../version.ts'
import { serveConsole } from './console.ts'
import type { ApiEnv, ApiOptions } from './context.ts'
import { arrivalOf } from './arrival.ts'
import { callerOf, type SignInOptions } from './caller.ts'
import { oidcPages } from './oidc-pages.ts'
import { createPace } from './pace.ts'
import { emptyBodies } from './empty-body.ts'
import { etags } from './etag.ts'
import { idempotency } from './idempotency.ts'
import { originOf } from './origin.ts'
import { problemOf } from './problem.ts'
import { refusalRecorder } from './refused.ts'
import { approvalRoutes } from './routes/approvals.ts'
import { auditRoutes } from './routes/audit.ts'
import { alarmRoutes } from './routes/alarms.ts'
import { backupRoutes } from './routes/backups.ts'
import { destinationRoutes } from './routes/destinations.ts'
import { eventRoutes } from './routes/events.ts'
import { downloadRoutes, sendDownload, type Connection } from './routes/downloads.ts'
import { jobRoutes } from './routes/jobs.ts'
import { keyRoutes } from './routes/keys.ts'
import { meRoutes } from './routes/me.ts'
import { peopleRoutes } from './routes/people.ts'
import { providerRoutes } from './routes/providers.ts'
import { oneBackupRoutes } from './routes/one-backup.ts'
import { repositoryKeyRoutes } from './routes/repository-keys.ts'
import { repositoryRoutes } from './routes/repositories.ts'
import { restoreRoutes } from './routes/restores.ts'
import { scheduleRoutes } from './routes/schedules.ts'
import { sessionRoutes } from './routes/session.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { sourceFactRoutes } from './routes/source-facts.ts'
import { sourceRoutes } from './routes/sources.ts'
import { statisticsRoutes } from './routes/statistics.ts'
import { systemRoutes } from './routes/system.ts'
import { uploadRoutes } from './routes/uploads.ts'

const bodyBytes = 1024 * 1024

const document = {
  openapi: '3.1.0',
  info: { title: 'Holdfast', version, description: 'The service that backs up and proves.' },
  servers: [{ url: '/api/v1' }],
  security: [{ key: [] }, { session: [] }],
}

/** For everything that is served here: nothing is loaded from elsewhere, no script stands in a page, and no page stands in another. */
const policy = {
  defaultSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
}

/** The whole HTTP interface, as one function from request to response: it can be mounted anywhere that takes one. */
export function createApp(given: ApiOptions) {
  const o: SignInOptions = { ...given, documents: createDocuments(() => steadyClock.now().getTime()) }
  const app = new OpenAPIHono<ApiEnv>()
  const pace = createPace()
  app.use(
    secureHeaders({
      strictTransportSecurity: o.publicUrl?.startsWith('https:') === true && 'max-age=31536000',
      contentSecurityPolicy: policy,
      xFrameOptions: 'DENY',
    }),
  )
  const recordRefusal = refusalRecorder(o)
  app.use(async (c, next) => {
    c.set('from', originOf(o, c))
    c.header('x-request-id', c.var.from.request)
    await next()
  })
  app.onError(async (thrown, c) => {
    const { status, body } = problemOf(asError(thrown))
    if (status === 401 || status === 403) {
      const request = `${c.req.method} ${withoutToken(c.req.path)}`
      // Nobody has signed in yet where that is what was refused.
      const { claims = null, from } = c.var as Partial<ApiEnv['Variables']> &
        Pick<ApiEnv['Variables'], 'from'>
      await recordRefusal({ claims, from, request, code: body.code })
    }
    if (status === 500) o.log(`${c.req.method} ${withoutToken(c.req.path)}: ${textOf(thrown)}`)
    if (status === 401) c.header('www-authenticate', 'Bearer')
    const wait = isHoldfastError(thrown) ? thrown.details['retryAfterSeconds'] : undefined
    if (typeof wait === 'number') c.header('retry-after', String(wait))
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
    const { claims } = await callerOf(o, c)
    if (permissions[claims.role].scope !== 'all' || !allows(claims, 'read', 'sources'))
      throw new HoldfastError('not_permitted', `The role ${claims.role} may not read metrics.`)
    return c.body(await o.metrics(), 200, { 'content-type': metricsType, 'cache-control': 'no-store' })
  })

  app.route('/sign-in/oidc', oidcPages(o, pace))

  const api = new OpenAPIHono<ApiEnv>()
  api.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' })
  const cookie = { type: 'apiKey', in: 'cookie', name: '__Host-holdfast' } as const
  api.openAPIRegistry.registerComponent('securitySchemes', 'session', cookie)
  api.get('/openapi.json', (c) => c.json(api.getOpenAPI31Document(document)))
  api.get('/downloads/:token', (c) => {
    // Sound because it is what a server of Node gives; others give nothing.
    const connection = (c.env ?? {}) as Connection
    return sendDownload(o, { request: c.req.raw, token: c.req.param('token'), connection, from: c.var.from })
  })
  api.use(async (c, next) => {
    c.header('cache-control', 'no-store')
    await next()
  })
  api.use(etags)
  const signedIn: MiddlewareHandler<ApiEnv> = async (c, next) => {
    const caller = await callerOf(o, c).catch((error: unknown) => {
      pace.take(`address ${arrivalOf(o, c).address}`)
      throw error
    })
    pace.take(caller.claims.subject)
    c.set('caller', caller)
    c.set('claims', { ...caller.claims, from: c.var.from })
    await next()
  }
  // Before all that reads bodies into memory: its own are files, with a limit of their own.
  api.post('/uploads', signedIn)
  api.route('/', uploadRoutes(o))
  api.use(bodyLimit({ maxSize: bodyBytes, onError: () => { throw new HoldfastError('request_invalid', `The body is larger than ${bodyBytes} bytes.`) } })) // prettier-ignore
  api.use(emptyBodies)
  // Of who is not signed in, by where it comes from: these routes, and what is refused below.
  api.route('/', signInRoutes(o, pace))
  api.use(signedIn)
  api.use(idempotency(o))
  const events = eventRoutes(o, async (c) => (await callerOf(o, c)).claims)
  for (const routes of [
    sessionRoutes(o),
    meRoutes(o),
    peopleRoutes(o),
    keyRoutes(o),
    providerRoutes(o),
    repositoryRoutes(o),
    repositoryKeyRoutes(o),
    sourceFactRoutes(o),
    sourceRoutes(o),
    scheduleRoutes(o),
    jobRoutes(o),
    backupRoutes(o),
    oneBackupRoutes(o),
    auditRoutes(o),
    approvalRoutes(o),
    alarmRoutes(o),
    destinationRoutes(o),
    events.api,
    restoreRoutes(o),
    statisticsRoutes(o),
    downloadRoutes(o),
    systemRoutes(o),
  ])
    api.route('/', routes)
  app.route('/api/v1', api)

  /** Every other address is the console's, which knows its pages itself. */
  const { console: files } = o
  if (files !== undefined)
    app.get('*', async (c, next) => {
      const answer = serveConsole(files, c)
      if (answer === null) return await next()
      return answer
    })
  return {
    fetch: app.fetch,
    document: () => api.getOpenAPI31Document(document),
    /** Ends what would go on for ever: streams of events. */
    stop: () => events.stop(),
  }
}

export type App = ReturnType<typeof createApp>

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
