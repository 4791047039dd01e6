import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Clock } from '../../src/lib/clock.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { parseS3Address } from '../../src/storage/s3/address.ts'
import type { ObjectInfo, Storage } from '../../src/storage/storage.ts'
import type { movingClock } from '../support/prune.ts'
import { freshAddress, retryingS3 } from '../support/s3.ts'
import { s3Server } from '../support/s3-server.ts'

/** A storage whose time can be made to pass. */
export interface Place extends AsyncDisposable {
  readonly storage: Storage
  /** Puts all these objects there, as if they had just been stored. */
  load(objects: ReadonlyMap<string, Uint8Array>): Promise<void>
  /** Lets time pass, by the clock that it was opened with as by its own. */
  pass(ms: number): Promise<void>
}

/** Opens a new and empty storage. */
export type NewPlace = (clock: ReturnType<typeof movingClock>) => Promise<Place>

/** Kinds of storage, each by how a new and empty one is opened. */
export const media = {
  memory: async () => async (clock) => {
    const storage = openMemoryStorage({ clock })
    return {
      storage,
      async load(objects) {
        for (const [key, data] of objects) await storage.put(key, data)
      },
      pass: async (ms) => clock.pass(ms),
      [Symbol.asyncDispose]: async () => {},
    }
  },
  directory: async () => async (clock) => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
    return {
      storage: openLocalStorage(join(directory, 'repo')),
      async load(objects) {
        for (const [key, data] of objects) {
          const path = join(directory, 'repo', key)
          await mkdir(dirname(path), { recursive: true, mode: 0o700 })
          await writeFile(path, data, { mode: 0o600 })
        }
      },
      async pass(ms) {
        clock.pass(ms)
        // The clock of a disk can't be set, but what lies there can be made older.
        for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
          const path = join(entry.parentPath, entry.name)
          if (!entry.isFile()) continue
          const then = new Date(Date.now() - ms)
          await utimes(path, then, then)
        }
      },
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
    }
  },
  s3: async () => {
    const server = await s3Server()
    return async (clock) => {
      const times = new Map<string, Date>()
      const address = freshAddress(server, 'bucket')
      const { prefix } = parseS3Address(address)
      return {
        storage: dated(retryingS3(server, address), times, clock),
        async load(objects) {
          for (const [key, data] of objects) {
            server.place('bucket', `${prefix}${key}`, Buffer.from(data))
            times.set(key, clock.now())
          }
        },
        pass: async (ms) => clock.pass(ms),
        [Symbol.asyncDispose]: async () => {},
      }
    }
  },
} satisfies Readonly<Record<string, () => Promise<NewPlace>>>

/** The same storage, with a clock that goes on as it is told. */
function dated(inner: Storage, times: Map<string, Date>, clock: Clock): Storage {
  const withTime = (info: ObjectInfo): ObjectInfo => ({
    ...info,
    modified: times.get(info.key) ?? info.modified,
  })
  return {
    ...inner,
    async put(key, data, options) {
      const answer = await inner.put(key, data, options)
      if (answer === 'stored') times.set(key, clock.now())
      return answer
    },
    async head(key, options) {
      const info = await inner.head(key, options)
      return info === null ? null : withTime(info)
    },
    async *list(prefix, options) {
      for await (const info of inner.list(prefix, options)) yield withTime(info)
    },
  }
}

/** All objects of a storage, in the order of their keys: so that none is put back before what it names. */
export async function takeDown(storage: Storage): Promise<Map<string, Uint8Array>> {
  const keys: string[] = []
  for await (const { key } of storage.list('')) keys.push(key)
  const objects = new Map<string, Uint8Array>()
  for (const key of keys.sort()) objects.set(key, await storage.get(key))
  return objects
}
