import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandLine, type CommandLine } from './command-line.ts'
import { compileCache, mainProgram } from './main-program.ts'
import type { TestDatabase } from './postgres.ts'

/** A command that goes on running, such as serve. */
export interface Started {
  readonly child: ChildProcess
  readonly said: () => string
  /** What follows these words, once it was said. */
  after(words: RegExp): Promise<string>
  /** Its exit status. */
  stop(): Promise<number | null>
  ended(): Promise<void>
}

export interface ServedJob {
  readonly id: string
  readonly status: string
  readonly attempt: number
  readonly result: { readonly backup: { readonly id: string } } | null
  readonly error: unknown
}

export interface ServiceClient {
  call<T>(method: string, path: string, body?: unknown): Promise<T>
  /** Adds the repository, and the database as the source `shop`. */
  add(shop: TestDatabase, password: string): Promise<void>
  until(id: string, wanted: (job: ServedJob) => boolean): Promise<ServedJob>
}

export const over = ({ status }: ServedJob): boolean => ['completed', 'failed', 'cancelled'].includes(status)

/** A user with a repository `repo`, who starts services. */
export interface Serving extends CommandLine {
  /** The text of the identity of `repo`. */
  readonly identity: string
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Started
  client(url: string, key: string): ServiceClient
}

export async function serving(): Promise<Serving> {
  const user = await commandLine()
  const { directory, json } = user
  // The server of root runs as nobody, which must be able to pass.
  await chmod(directory, 0o755)
  const { repository } = json<{ repository: { id: string } }>(['keys', '--repo', 'repo'])
  const read = (name: string) => readFile(join(directory, '.config/holdfast', repository.id, name), 'utf8')
  const [hostFile, identity] = [await read('host.json'), await read('identity.txt')]

  return {
    ...user,
    identity,
    start(args, env = {}) {
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', ...mainProgram, ...args],
        {
          cwd: directory,
          env: { PATH: process.env['PATH'], HOME: directory, ...compileCache, ...env },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      )
      after(() => child.kill('SIGKILL'))
      const closed = once(child, 'close') as Promise<[number | null]>
      let text = ''
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      return {
        child,
        said: () => text,
        async after(words) {
          for (let i = 0; i < 1200; i++) {
            const found = words.exec(text)?.[1]
            if (found !== undefined) return found
            assert.equal(child.exitCode, null, text)
            await sleep(50)
          }
          throw new Error(`It was never said: ${text}`)
        },
        async stop() {
          child.kill('SIGTERM')
          return (await closed)[0]
        },
        ended: async () => void (await closed),
      }
    },
    client(url, key) {
      const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
        const response = await fetch(`${url}${path}`, {
          method,
          // Commands that run in one piece keep this process from seeing that the server has closed what it kept.
          headers: {
            connection: 'close',
            authorization: `Bearer ${key}`,
            'content-type': 'application/json',
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        const text = await response.text()
        assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`)
        return JSON.parse(text) as T
      }
      return {
        call,
        async add(shop, password) {
          const address = new URL(shop.url)
          address.password = ''
          const repo = { name: 'main', address: join(directory, 'repo'), hostFile, identity }
          await call('POST', '/repositories', repo)
          await call('POST', '/sources', {
            name: 'shop',
            address: address.href,
            password,
            repository: 'main',
          })
        },
        async until(id, wanted) {
          for (let i = 0; i < 1200; i++) {
            const job = await call<ServedJob>('GET', `/jobs/${id}`)
            if (wanted(job)) return job
            await sleep(50)
          }
          throw new Error(`The job ${id} is not as it should be.`)
        },
      }
    },
  }
}
