import assert from 'node:assert/strict'
import { createAlarms, type Alarms } from '../../src/alarms/alarms.ts'
import type { Role } from '../../src/catalog/permissions.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { testApi, type Answer } from './api.ts'
import { newService, realCommands, type TestService } from './service.ts'
import type { TestServer } from './postgres.ts'

/** A service with its API, whose jobs a test runs as it likes. */
export interface RunApi extends TestService {
  readonly alarms: Alarms
  /** `call('GET /sources')`, as this role; default: super_admin. */
  call(line: string, body?: unknown, role?: Role): Promise<Answer>
  /** The same, of which the status is known. */
  ok<T = Record<string, unknown>>(line: string, body?: unknown, role?: Role): Promise<T>
}

/** `own`: sources that a tenant_admin is bound to, by ids; it may be added to. */
export async function newApi(server: TestServer, own: string[] = []): Promise<RunApi> {
  const service = await newService(server)
  const { catalog } = service
  const alarms = createAlarms({ catalog, clock: systemClock, random: Math.random })
  const log = (text: string): void => assert.fail(text)
  const metrics = (): Promise<string> => alarms.metrics()
  const { call: ask, keys } = await testApi(service, { own, commandLine: realCommands, metrics, log })
  const headers = { 'content-type': 'application/json' }
  const call: RunApi['call'] = (line, body, role = 'super_admin') =>
    ask(line, { body, key: keys[role], headers })
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
