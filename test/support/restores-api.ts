import assert from 'node:assert/strict'
import { createAlarms, type Alarms } from '../../src/alarms/alarms.ts'
import { createApp } from '../../src/api/app.ts'
import { addKey } from '../../src/api/keys.ts'
import { roles, type Role } from '../../src/catalog/permissions.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { newService, realCommands, type TestService } from './service.ts'
import type { TestServer } from './postgres.ts'

export interface ApiAnswer {
  readonly status: number
  // Whatever it is: each test says what it must be.
  readonly body: Record<string, unknown> & { readonly items?: Record<string, unknown>[] }
}

/** A service with its API, whose jobs a test runs as it likes. */
export interface TestApi extends TestService {
  readonly alarms: Alarms
  /** `call('GET /sources')`, as this role; default: super_admin. */
  call(line: string, body?: unknown, role?: Role): Promise<ApiAnswer>
  /** The same, of which the status is known. */
  ok<T = Record<string, unknown>>(line: string, body?: unknown, role?: Role): Promise<T>
}

/** `own`: sources that a tenant_admin is bound to, by ids; it may be added to. */
export async function newApi(server: TestServer, own: string[] = []): Promise<TestApi> {
  const service = await newService(server)
  const { catalog, queue } = service
  const alarms = createAlarms({ catalog, clock: systemClock, random: Math.random })
  const log = (text: string): void => assert.fail(text)
  const app = createApp({ catalog, queue, random: Math.random, commandLine: realCommands, wake: () => undefined, testDestination: () => Promise.resolve(), metrics: () => alarms.metrics(), log }) // prettier-ignore
  const keys = new Map<Role, string>()
  for (const role of roles) keys.set(role, await addKey(catalog.system, { name: role, role, sources: own }))
  const call: TestApi['call'] = async (line, body, role = 'super_admin') => {
    const [method = '', path = ''] = line.split(' ')
    const headers = { authorization: `Bearer ${keys.get(role)}`, 'content-type': 'application/json' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await app.fetch(
      new Request(`http://holdfast/api/v1${path}`, { method, headers, ...sent }),
    )
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as ApiAnswer['body']) }
  }
  return {
    ...service,
    alarms,
    call,
    async ok<T>(line: string, body?: unknown, role?: Role) {
      const answer = await call(line, body, role)
      assert.ok(answer.status < 300, `${line}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer.body as T
    },
  }
}
