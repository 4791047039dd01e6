import { join } from 'node:path'
import { after } from 'node:test'
import { createApp } from '../../src/api/app.ts'
import { addKey } from '../../src/api/keys.ts'
import { listen } from '../../src/api/server.ts'
import { roles, type Role } from '../../src/catalog/permissions.ts'
import type { CommandLine } from '../../src/jobs/command.ts'
import { createDownloads } from '../../src/jobs/downloads.ts'
import { createUploads } from '../../src/jobs/uploads.ts'
import { realCommands, type TestService } from './service.ts'

export interface TestApi {
  readonly url: string
  readonly logged: string[]
  keyOf(role: Role): string
  /** A request with JSON, or with bytes, by a key of this role. */
  send(line: string, body?: unknown, role?: Role): Promise<Response>
}

/** The API of a service, on a port of its own, whose downloads are written by these commands. */
export async function listeningApi(
  service: TestService,
  commandLine: CommandLine = realCommands,
): Promise<TestApi> {
  const { catalog, queue } = service
  const logged: string[] = []
  const log = (text: string): void => void logged.push(text)
  const app = createApp({
    catalog,
    queue,
    random: Math.random,
    wake: () => undefined,
    downloads: createDownloads({ catalog, commandLine, log }),
    uploads: createUploads({
      directory: join(service.directory, 'uploads'),
      mostBytes: 1_000_000,
      commandLine: realCommands,
    }),
    testDestination: () => Promise.resolve(),
    metrics: async () => '',
    log,
  })
  const server = await listen({ app, host: '127.0.0.1', port: 0 })
  after(() => server.close(0))
  const keys = new Map<Role, string>()
  for (const role of roles)
    keys.set(role, await addKey(catalog.system, { name: `${server.url} ${role}`, role }))
  return {
    url: server.url,
    logged,
    keyOf: (role) => keys.get(role) ?? '',
    async send(line, body, role = 'super_admin') {
      const [method = '', path = ''] = line.split(' ')
      const isJson = body !== undefined && !(body instanceof Uint8Array)
      return await fetch(`${server.url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${keys.get(role) ?? ''}`,
          'content-type': isJson ? 'application/json' : 'application/octet-stream',
        },
        ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as Uint8Array<ArrayBuffer>) }), // prettier-ignore
      })
    },
  }
}
