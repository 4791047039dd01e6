import { randomUUID } from 'node:crypto'
import { link, lstat, mkdir, open, opendir, readdir, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { fileErrorCode } from '../lib/file-errors.ts'
import { sharedDirectorySync } from './directory-sync.ts'
import { checkKey, checkPrefix, isSegment } from './key.ts'
import { throwIfCancelled } from './signal.ts'
import type { CallOptions, ObjectInfo, Storage } from './storage.ts'

const staleAfterMs = 24 * 60 * 60 * 1000
const statsAtOnce = 64

/**
 * Objects as files below `directory`, which the first `put` makes. The order that keeps the contract of `put`: the bytes
 * are written to a name of their own in `tmp/` and synced, `link()` gives them their key (and fails if that is taken),
 * the directory is synced. Whatever is killed in between leaves at most a file in `tmp/`, which is never listed.
 */
export function openLocalStorage(directory: string): Storage {
  const root = resolve(directory)
  const temporary = join(root, 'tmp')
  const sync = sharedDirectorySync()
  const made = new Map<string, Promise<void>>()
  let swept = false
  const pathOf = (key: string) => (checkKey(key), join(root, key))

  /** Makes a directory and those above it. Durable: whoever made it, its entry is synced before the first use. */
  function ensureDirectory(path: string): Promise<void> {
    let making = made.get(path)
    if (making === undefined) {
      making = makeDirectory(path)
      made.set(path, making)
    }
    return making
  }

  async function makeDirectory(path: string): Promise<void> {
    if (path === root) {
      await mkdir(root, { recursive: true, mode: 0o700 })
      // What is above the storage may not be ours to read.
      await sync(dirname(root)).catch((error: unknown) => {
        if (codeOf(error) !== 'EACCES' && codeOf(error) !== 'EPERM') throw error
      })
      return
    }
    await ensureDirectory(dirname(path))
    await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
    await sync(dirname(path))
  }

  /** Writes and syncs `data` under a temporary name; leaves nothing behind when it fails. */
  async function writeTemporary(data: Uint8Array): Promise<string> {
    await ensureDirectory(temporary)
    const path = join(temporary, randomUUID())
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(data)
      await file.sync()
      if (!swept) {
        swept = true
        await sweep((await file.stat()).mtimeMs)
      }
      await file.close()
      return path
    } catch (error) {
      await file.close().catch(() => undefined)
      await rm(path, { force: true }).catch(() => undefined)
      throw error
    }
  }

  /** Removes what processes that were killed left in `tmp/`. `now` is the file system's own clock. Never fails a put. */
  async function sweep(now: number): Promise<void> {
    for (const name of await readdir(temporary).catch(() => [])) {
      const path = join(temporary, name)
      const facts = await lstat(path).catch(() => null)
      if (facts?.isFile() === true && now - facts.mtimeMs > staleAfterMs)
        await rm(path).catch(() => undefined)
    }
  }

  async function store(path: string, data: Uint8Array): Promise<'stored' | 'exists'> {
    const taken = await stat(path).catch(() => null)
    if (taken?.isFile() === true) {
      // Its writer may have died between giving it its name and making that durable.
      await sync(dirname(path))
      return 'exists'
    }
    const from = await writeTemporary(data)
    let result: 'stored' | 'exists' = 'stored'
    try {
      await ensureDirectory(dirname(path))
      await link(from, path).catch((error: unknown) => {
        if (codeOf(error) !== 'EEXIST') throw error
        result = 'exists'
      })
    } finally {
      await unlink(from).catch(() => undefined)
    }
    await sync(dirname(path))
    return result
  }

  async function* walk(
    path: string,
    key: string,
    options: CallOptions | undefined,
  ): AsyncGenerator<ObjectInfo> {
    let names: string[] = []
    const found = async function* (): AsyncGenerator<ObjectInfo> {
      const infos = await Promise.all(names.map((name) => info(join(path, name), key + name)))
      names = []
      for (const one of infos) if (one !== null) yield one
    }
    for await (const entry of await opendir(path, { bufferSize: 256 })) {
      throwIfCancelled(options)
      if (!isSegment(entry.name) || (key === '' && entry.name === 'tmp')) continue
      if (entry.isDirectory()) yield* walk(join(path, entry.name), `${key}${entry.name}/`, options)
      else if (entry.isFile()) names.push(entry.name)
      if (names.length === statsAtOnce) yield* found()
    }
    yield* found()
  }

  return {
    address: root,

    async put(key, data, options) {
      throwIfCancelled(options)
      const path = pathOf(key)
      try {
        try {
          return await store(path, data)
        } catch (error) {
          // Directories may have been removed since we made them. Once more, from the beginning.
          made.clear()
          if (codeOf(error) !== 'ENOENT') throw error
          return await store(path, data)
        }
      } catch (error) {
        throw storageError(error, 'write', path)
      }
    },

    async get(key, options) {
      throwIfCancelled(options)
      const path = pathOf(key)
      try {
        return await read(path, options?.offset ?? 0, options?.length ?? Infinity)
      } catch (error) {
        throw storageError(error, 'read', path)
      }
    },

    async head(key, options) {
      throwIfCancelled(options)
      const path = pathOf(key)
      try {
        return await info(path, key)
      } catch (error) {
        throw storageError(error, 'read', path)
      }
    },

    async *list(prefix, options) {
      checkPrefix(prefix)
      throwIfCancelled(options)
      const path = join(root, prefix)
      try {
        yield* walk(path, prefix, options)
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw storageError(error, 'list', path)
      }
    },

    async delete(key, options) {
      throwIfCancelled(options)
      const path = pathOf(key)
      try {
        await unlink(path)
        // A deleted manifest must not come back after a crash when its chunks are gone.
        await sync(dirname(path))
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR')
          throw storageError(error, 'delete', path)
      }
    },
  }
}

/** The bytes in an ArrayBuffer of their own, so that they can be moved to another thread. Shorter where the file ends. */
async function read(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)))
    let filled = 0
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  } finally {
    await file.close()
  }
}

async function info(path: string, key: string): Promise<ObjectInfo | null> {
  try {
    const facts = await lstat(path)
    return facts.isFile() ? { key, size: facts.size, modified: facts.mtime } : null
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw error
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code
}

const absent = ['ENOENT', 'ENOTDIR', 'EISDIR']

function storageError(
  error: unknown,
  action: 'read' | 'write' | 'list' | 'delete',
  path: string,
): HoldfastError {
  if (isHoldfastError(error)) return error
  const isAbsent = action === 'read' && absent.includes(codeOf(error) ?? '')
  const code = isAbsent ? 'storage_not_found' : fileErrorCode(error)
  return new HoldfastError(code, `Cannot ${action} ${path}: ${messageOf(error)}`, {
    cause: error,
    details: { path },
  })
}
