import { createHash, randomBytes } from 'node:crypto'
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { HoldfastError } from '../lib/errors.ts'
import { syncDirectory } from '../lib/sync-directory.ts'
import { writeError } from '../lib/file-errors.ts'
import type { ByteSink, FileSet } from './sink.ts'

/** A file being written. Only its owner may read it: it holds rows in clear. */
export interface FileSink extends ByteSink {
  /** Writes what is left, makes it durable and closes it. */
  end(): Promise<void>
  /** Closes it; what was written may be incomplete if `end` was not called. */
  [Symbol.asyncDispose](): Promise<void>
}

const bufferBytes = 1024 * 1024

/** Creates the file; it must not exist. */
export async function createFile(path: string, { executable = false } = {}): Promise<FileSink> {
  const file = await open(path, 'wx', executable ? 0o700 : 0o600)
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  let closed = false

  async function flush(): Promise<void> {
    const parts = waiting
    waiting = []
    waitingBytes = 0
    for (let part of parts) {
      while (part.length > 0) part = part.subarray((await file.write(part)).bytesWritten)
    }
  }

  async function close(): Promise<void> {
    if (closed) return
    closed = true
    await file.close()
  }

  return {
    async write(data) {
      // Large parts are written before this resolves; small ones are copied, since the caller may reuse them.
      const bytes = typeof data === 'string' ? Buffer.from(data) : data
      const large = bytes.length >= bufferBytes
      waiting.push(large || typeof data === 'string' ? bytes : bytes.slice())
      waitingBytes += bytes.length
      if (large || waitingBytes >= bufferBytes) await flush()
    },
    async end() {
      await flush()
      await file.sync()
      await close()
    },
    [Symbol.asyncDispose]: close,
  }
}

/** Files below a new directory of its owner's only. */
export async function createDirectory(path: string): Promise<FileSet> {
  const made = new Set([path])
  await mkdir(path, { mode: 0o700 })
  return {
    async create(name, options) {
      const file = join(path, name)
      if (!made.has(dirname(file))) {
        await mkdir(dirname(file), { mode: 0o700 })
        made.add(dirname(file))
      }
      return await createFile(file, options)
    },
    async end() {
      for (const directory of [...made].reverse()) await syncDirectory(directory)
    },
  }
}

/**
 * Runs `make` with the path of a temporary sibling of `out`, which is renamed to `out` when all of it is there and durable. Throws
 * `export_exists` if there is something at `out`, and `storage_full` and the like if it can't be written there. If anything
 * fails, nothing remains.
 */
export async function inPlace(out: string, make: (temporary: string) => Promise<void>): Promise<void> {
  const path = resolve(out)
  const temporary = join(
    dirname(path),
    `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.partial`,
  )
  let made = temporary
  try {
    await requireAbsent(path)
    await make(temporary)
    await requireAbsent(path)
    await rename(temporary, path)
    made = path
    await syncDirectory(dirname(path))
  } catch (error) {
    await rm(made, { recursive: true, force: true }).catch((failure: unknown) => {
      throw writeError(failure, made)
    })
    // What can't be read comes as an error of the repository: errors of the file system are about what is written.
    throw writeError(error, path)
  }
}

async function requireAbsent(path: string): Promise<void> {
  try {
    await lstat(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  throw new HoldfastError('export_exists', `There is something at ${path} already.`)
}

/**
 * A file's name for a schema's object that is safe on every file system: all but `a-z 0-9 _ -` is percent-encoded, capitals too, because
 * not every system tells them apart. Names that get too long end in a hash instead.
 */
export function fileName(schema: string, object: string, extension: string): string {
  const whole = `${encode(schema)}.${encode(object)}`
  if (whole.length <= 200) return `${whole}.${extension}`
  const hash = createHash('sha256').update(`${schema}\0${object}`).digest('hex').slice(0, 20)
  return `${whole.slice(0, 170)}~${hash}.${extension}`
}

function encode(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
    })
    .join('')
}
