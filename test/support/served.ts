import { after } from 'node:test'
import { createAlarms } from '../../src/alarms/alarms.ts'
import { createApp, type App } from '../../src/api/app.ts'
import type { ApiOptions } from '../../src/api/context.ts'
import { addKey } from '../../src/api/keys.ts'
import { listen } from '../../src/api/server.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { TestService } from './service.ts'

/** A service's API that listens, with a worker, until the end of the test file. */
export interface Served {
  readonly app: App
  /** `http://127.0.0.1:40123` */
  readonly url: string
  /** Of a super_admin. */
  readonly key: string
}

export async function serve(service: TestService, options: Partial<ApiOptions> = {}): Promise<Served> {
  const { catalog, queue } = service
  const alarms = createAlarms({ catalog, clock: systemClock, random: Math.random })
  const app = createApp({
    catalog,
    queue,
    random: Math.random,
    wake: () => undefined,
    testDestination: (id) => alarms.test(id),
    metrics: () => alarms.metrics(),
    log: () => undefined,
    eventTimes: { pauseMs: 50, beatMs: 200 },
    ...options,
  })
  const server = await listen({ app, host: '127.0.0.1', port: 0 })
  after(async () => {
    await app.stop()
    await server.close(0)
  })
  const key = await addKey(catalog.system, { name: 'served', role: 'super_admin' })
  return { app, url: server.url, key }
}
