import { createRoute, OpenAPIHono, type RouteConfig, type z } from '@hono/zod-openapi'
import type { Catalog } from '../catalog/catalog.ts'
import { isReference } from '../catalog/database.ts'
import { allows, asCaller, type CallerQueries, type Claims } from '../catalog/claims.ts'
import { keyScopes, type Action, type Resource } from '../catalog/permissions.ts'
import type { Cursor } from '../catalog/rows.ts'
import { HoldfastError } from '../lib/errors.ts'
import type { CommandLine } from '../jobs/command.ts'
import type { Downloads } from '../jobs/downloads.ts'
import type { Queue } from '../jobs/queue.ts'
import type { Uploads } from '../jobs/uploads.ts'
import type { Caller } from './caller.ts'
import type { ConsoleFiles } from './console.ts'
import { Problem } from './contract.ts'
import type { Origin } from './origin.ts'
import type { EventTimes } from './events/looking.ts'

/** What routes work with. */
export interface ApiOptions {
  /** Of its databases, routes use only the one of the API's role: `asCaller`. */
  readonly catalog: Catalog
  readonly queue: Queue
  /** A number from 0 up to 1. */
  readonly random: () => number
  /** What short questions are asked with that are no jobs. Left out: they are refused. */
  readonly commandLine?: CommandLine
  /** Called when there may be a job to take. */
  readonly wake: () => void
  /** Sends a test message to the destination of this id; throws why it was not taken. */
  readonly testDestination: (id: string) => Promise<void>
  /** The web console; without it only the API is served. */
  readonly console?: ConsoleFiles
  /** Without it no link to a download leads anywhere. */
  readonly downloads?: Downloads
  /** Without it none are taken. */
  readonly uploads?: Uploads
  /** What Prometheus reads. */
  readonly metrics: () => Promise<string>
  /** Default: the usual. */
  readonly eventTimes?: Partial<EventTimes>
  /** For what went wrong and is not the caller's to know. */
  readonly log: (text: string) => void
  /** Where people reach the service, which says that a proxy stands before it: `https://backups.example.com`. Default: none does. */
  readonly publicUrl?: string | null
}

export interface ApiEnv {
  /** `caller` is the same with what it came by: only for what is about the caller itself. */
  readonly Variables: { readonly claims: Claims; readonly caller: Caller; readonly from: Origin }
  /** Of a server of Node, if it is served by one. */
  readonly Bindings: {
    readonly incoming?: { readonly socket: { readonly remoteAddress?: string | undefined } }
  }
}

export type Api = OpenAPIHono<ApiEnv>

/** An empty set of routes, whose requests are checked against the contract. */
export function newApi(): Api {
  return new OpenAPIHono<ApiEnv>({
    defaultHook(result) {
      if (result.success) return
      const problems = result.error.issues.map(({ path, message }) => ({
        path: path.join('.'),
        what: message,
      }))
      const text = problems
        .map(({ path, what }) => `${path === '' ? result.target : path}: ${what}`)
        .join('; ')
      throw new HoldfastError('request_invalid', text, { details: { problems } })
    },
  })
}

/** What a route says of itself, for people and for the contract. */
export interface RouteTexts {
  readonly summary: string
  readonly tags: [string]
  /** For who is not signed in. */
  readonly open?: true
}

const security = ({ open }: RouteTexts) => (open === true ? [] : [{ key: [] }, { session: [] }])

/** Declares a route that gives JSON, with the errors that every route may give. */
export function route<
  P extends string,
  M extends RouteConfig['method'],
  R extends NonNullable<RouteConfig['request']>,
  S extends z.ZodType,
  N extends 200 | 201 | 202,
>(o: RouteTexts & { method: M; path: P; request: R; status: N; gives: S }) {
  const { method, path, request, summary, tags, gives, status } = o
  const content = { 'application/json': { schema: gives } }
  return createRoute({
    method,
    path,
    request,
    summary,
    tags,
    security: security(o),
    responses: { [status]: { description: summary, content }, default: problems } as {
      [K in N]: { description: string; content: typeof content }
    } & { default: typeof problems },
  })
}

/** Declares a route that gives nothing. */
export function emptyRoute<
  P extends string,
  M extends RouteConfig['method'],
  R extends NonNullable<RouteConfig['request']>,
>(o: RouteTexts & { method: M; path: P; request: R }) {
  const { method, path, request, summary, tags } = o
  const responses = { 204: { description: summary }, default: problems }
  return createRoute({ method, path, request, summary, tags, security: security(o), responses })
}

export const problems = {
  description: 'What went wrong',
  content: { 'application/problem+json': { schema: Problem } },
}

/** A body in JSON. */
export function body<S extends z.ZodType>(schema: S) {
  return { required: true, content: { 'application/json': { schema } } }
}

/** Throws `not_permitted` if the role, or the key, has no such right at all. */
export function requireRight(claims: Claims, action: Action, resource: Resource): void {
  if (allows(claims, action, resource)) return
  const key = allows({ ...claims, scopes: keyScopes }, action, resource) ? ', with this key' : ''
  throw new HoldfastError('not_permitted', `The role ${claims.role} may not ${action} ${resource}${key}.`)
}

/** For what makes backups go by other ways than removing them, such as a retention that keeps fewer. Throws `not_permitted`. */
export function requireDestroy({ scopes }: Claims): void {
  if (scopes?.includes('destroy') === false)
    throw new HoldfastError('not_permitted', 'This makes backups go: it takes a key with the scope destroy.')
}

/** A body in JSON that may be left out: then it is empty. */
export function optionalBody<S extends z.ZodType>(schema: S) {
  return { required: false, content: { 'application/json': { schema } } }
}

/** Does the work of a request, as its caller. Throws as `requireRight`; `overtaken`: what it refers to was removed at the same moment. */
export async function withCaller<T>(
  { catalog }: ApiOptions,
  claims: Claims,
  [action, resource]: readonly [Action, Resource],
  work: (queries: CallerQueries) => Promise<T>,
): Promise<T> {
  requireRight(claims, action, resource)
  try {
    return await asCaller(catalog.api, claims, work)
  } catch (error) {
    if (!isReference(error)) throw error
    const text = 'What this is about was removed, or came into use, at the same moment.'
    throw new HoldfastError('overtaken', text, { cause: error })
  }
}

/** What was found; throws `not_found` if nothing was. */
export function found<T>(value: T | null, what: string): T {
  if (value !== null) return value
  throw new HoldfastError('not_found', `There is no ${what}.`)
}

/** What ids of rows look like. */
export const uuids = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function printCursor(cursor: Cursor | null): string | null {
  return cursor === null ? null : Buffer.from(JSON.stringify([cursor.at, cursor.id])).toString('base64url')
}

/** `ids`: what an id in this list looks like. Throws `request_invalid`. */
export function parseCursor(text: string | undefined, ids: RegExp): Cursor | null {
  if (text === undefined) return null
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    const [at, id] = Array.isArray(value) ? (value as unknown[]) : []
    const isTime =
      typeof at === 'string' && /^\d{4}-\d\d-\d\d[\d :.+-]{9,30}$/.test(at) && !Number.isNaN(Date.parse(at))
    if (isTime && typeof id === 'string' && ids.test(id)) return { at, id }
  } catch {
    // As below.
  }
  throw new HoldfastError('request_invalid', 'after is not the next of a page.')
}
