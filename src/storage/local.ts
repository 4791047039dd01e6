import { randomUUID } from 'node:crypto'
import { link, lstat, mkdir, open, opendir, readdir, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { fileErrorCode } from '../lib/file-errors.ts'
import { makeDirectories } from '../lib/make-directories.ts'
import { sharedDirectorySync } from './directory-sync.ts'
import { checkKey, checkPrefix, isSegment } from './key.ts'
import { throwIfCancelled } from './signal.ts'
import type { CallOptions, ObjectInfo, Storage } from './storage.ts'

const staleAfterMs = 24 * 60 * 60 * 1000
const statsAtOnce = 64

/**
 * Objects as files below `directory`, which the first `put` makes if it was never there; where it has gone since, with a disk that was
 * unmounted, say, every call fails with `storage_unreachable`, and nothing is taken for absent or written beside it. The order that keeps the contract of `put`: the bytes
 * are written to a name of their own in `tmp/` and synced, `link()` gives them their key (and fails if that is taken),
 * the directory is synced. Whatever is killed in between leaves at most a file in `tmp/`, which is never listed.
 */
export function openLocalStorage(directory: string): Storage {
  const root = resolve(directory)
  const temporary = join(root, 'tmp')
  const sync = sharedDirectorySync()
  const made = new Map<string, Promise<void>>()
  let swept = false
  /** The file system that the directory was seen on; null: it was never seen. Inode numbers do not last on every file system. */
  let device: number | null = null
  const pathOf = (key: string) => (checkKey(key), join(root, key))

  /** Throws unless the directory is where it was seen at first. */
  async function requireThere(): Promise<void> {
    const found = await stat(root).then(
      ({ dev }) => dev,
      (error: unknown) => (isAbsence(error) ? null : device),
    )
    device ??= found
    if (found === device) return
    throw new HoldfastError(
      'storage_unreachable',
      `${root} is not there any more: a disk was unmounted, or a directory moved.`,
      {
        hint: 'Mount it, or move it back, and run it again; what is already stored is reused.',
        details: { path: root },
      },
    )
  }

  /** Makes a directory and those above it. Durable: whoever made it, its entry is synced before the first use. */
  function ensureDirectory(path: string): Promise<void> {
    let making = made.get(path)
    if (making === undefined) {
      making = makeDirectory(path)
      made.set(path, making)
      making.catch(() => made.delete(path))
    }
    return making
  }

  async function makeDirectory(path: string): Promise<void> {
    if (path === root) {
      await requireThere()
      if (device !== null) return
      await makeDirectories(root, { mode: 0o700 }).catch((cause: unknown) => {
        if (codeOf(cause) !== 'ENOENT') throw cause
        throw new HoldfastError('storage_failed', `${root} can't be made: ${messageOf(cause)}`, {
          cause,
          hint: 'Choose a directory on a disk: where this one would be, the system takes none.',
          details: { path: root },
        })
      })
      // What is above the storage may not be ours to read.
      await sync(dirname(root)).catch((error: unknown) => {
        if (codeOf(error) !== 'EACCES' && codeOf(error) !== 'EPERM') throw error
      })
      await requireThere()
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
    const taken = await lstat(path).catch(() => null)
    if (taken !== null) {
      if (!taken.isFile()) throw inTheWay(path)
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

  /** Before every call: what is to be there, has to be known before it can go. */
  async function begin(options: CallOptions | undefined): Promise<void> {
    throwIfCancelled(options)
    if (device === null) await requireThere()
  }

  return {
    address: root,

    async put(key, data, options) {
      const path = pathOf(key)
      await begin(options)
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
      const path = pathOf(key)
      await begin(options)
      try {
        return await read(path, options?.offset ?? 0, options?.length ?? Infinity)
      } catch (error) {
        if (isAbsence(error)) await requireThere()
        throw storageError(error, 'read', path)
      }
    },

    async head(key, options) {
      const path = pathOf(key)
      await begin(options)
      try {
        const found = await info(path, key)
        if (found === null) await requireThere()
        return found
      } catch (error) {
        throw storageError(error, 'read', path)
      }
    },

    async *list(prefix, options) {
      checkPrefix(prefix)
      await begin(options)
      const path = join(root, prefix)
      try {
        yield* walk(path, prefix, options)
      } catch (error) {
        if (!isAbsence(error)) throw storageError(error, 'list', path)
        await requireThere()
      }
    },

    async delete(key, options) {
      const path = pathOf(key)
      await begin(options)
      try {
        await unlink(path)
        // A deleted manifest must not come back after a crash when its chunks are gone.
        await sync(dirname(path))
      } catch (error) {
        if (!isAbsence(error)) throw storageError(error, 'delete', path)
        await requireThere()
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
    if (isAbsence(error)) return null
    throw error
  }
}

/** Nothing could be stored there, nor is it an object. */
function inTheWay(path: string): HoldfastError {
  return new HoldfastError('storage_failed', `${path} is no file of its own, but a link or a directory.`, {
    hint: 'Nothing in a repository is: move it away, or put the file that a link leads to in its place.',
    details: { path },
  })
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code
}

function isAbsence(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'
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
