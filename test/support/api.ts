import { createAlarms } from '../../src/alarms/alarms.ts'
import { createApp, type App } from '../../src/api/app.ts'
import type { ApiOptions } from '../../src/api/context.ts'
import { addKey } from '../../src/api/keys.ts'
import { roles, type Role } from '../../src/catalog/permissions.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { TestService } from './service.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // Whatever it is: each test says what it must be.
  readonly body: Record<string, unknown> & {
    readonly items?: Record<string, unknown>[]
    readonly next?: string | null
  }
}

export interface CallOptions {
  /** A text is sent as it is. */
  readonly body?: unknown
  /** Default: the one of a super_admin; null: none. */
  readonly key?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

/** The API over the catalog of a service, as one function, with a key of each role. */
export interface TestApi {
  readonly app: App
  readonly keys: Readonly<Record<Role, string>>
  readonly logged: readonly string[]
  /** `GET /sources` and the like. */
  call(line: string, options?: CallOptions): Promise<Answer>
}

/** `own`: the sources that the tenant_admin is bound to. */
export async function testApi(
  { catalog, queue }: Pick<TestService, 'catalog' | 'queue'>,
  {
    own = [],
    ...options
  }: Partial<Omit<ApiOptions, 'catalog' | 'queue'>> & { readonly own?: readonly string[] } = {},
): Promise<TestApi> {
  const logged: string[] = []
  const alarms = createAlarms({ catalog, clock: systemClock, random: Math.random })
  const app = createApp({
    catalog,
    queue,
    random: Math.random,
    wake: () => undefined,
    testDestination: () => Promise.resolve(),
    metrics: () => alarms.metrics(),
    log: (text) => logged.push(text),
    publicUrl: null,
    ...options,
  })
  const made = roles.map(
    async (role) => [role, await addKey(catalog.system, { name: role, role, sources: own })] as const,
  )
  const keys = Object.fromEntries(await Promise.all(made)) as Record<Role, string>
  return {
    app,
    keys,
    logged,
    async call(line, { body, key = keys.super_admin, headers: more = {} } = {}) {
      const [method = '', path = ''] = line.split(' ')
      const headers = new Headers({
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more,
      })
      if (key !== null) headers.set('authorization', `Bearer ${key}`)
      const request = new Request(`http://holdfast/api/v1${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const response = await app.fetch(request)
      const text = await response.text()
      const isJson = response.headers.get('content-type')?.includes('json') === true
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: isJson && text !== '' ? (JSON.parse(text) as Answer['body']) : {},
      }
    },
  }
}
