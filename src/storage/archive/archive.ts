import { open, type FileHandle } from 'node:fs/promises'
import { resolve } from 'node:path'
import { HoldfastError, messageOf } from '../../lib/errors.ts'
import { fileErrorCode } from '../../lib/file-errors.ts'
import { shellWord } from '../../lib/shell-word.ts'
import { checkKey, checkPrefix } from '../key.ts'
import { throwIfCancelled } from '../signal.ts'
import type { CallOptions, ObjectInfo, Storage } from '../storage.ts'
import { indexArchive, type Entry } from './entries.ts'

/**
 * The objects of an archive, a tar file that holds one backup (docs/FORMAT.md, "Archives"), for reading. What is in it is listed once, when it is
 * first asked for; from then on the file must stay as it is. Throws `archive_damaged` if it is cut or is no archive, and
 * `storage_denied` when something is to be written.
 */
export function openArchiveStorage(file: string): Storage {
  const path = resolve(file)
  let opened: Promise<Index> | null = null

  function index(options: CallOptions | undefined): Promise<Index> {
    // One that failed may have been cancelled by its caller, which is nothing to the next.
    opened ??= readIndex(path, options).catch((error: unknown) => {
      opened = null
      throw error
    })
    return opened
  }

  const denied = async (): Promise<never> => {
    throw new HoldfastError('storage_denied', `${path} is an archive, in which nothing is changed.`, {
      hint: `Bring it into a repository first: holdfast copy ${shellWord(path)} REPO.`,
      details: { path },
    })
  }

  return {
    address: path,
    fixed: true,
    put: denied,
    delete: denied,

    async get(key, options) {
      checkKey(key)
      throwIfCancelled(options)
      const { entries, size, modified } = await index(options)
      const entry = entries.get(key)
      if (entry === undefined)
        throw new HoldfastError('storage_not_found', `${key} is not in ${path}.`, { details: { key, path } })
      const from = Math.min(options?.offset ?? 0, entry.size)
      const bytes = new Uint8Array(Math.min(options?.length ?? Infinity, entry.size - from))
      await using opening = await openFile(path)
      const now = await opening.stat()
      const isSame = now.size === size && now.mtimeMs === modified
      if (!isSame || !(await fill(opening, bytes, entry.offset + from))) {
        throw new HoldfastError('archive_damaged', `${path} was changed while it was read.`, {
          hint: 'Run it again when nobody writes to the file.',
        })
      }
      return bytes
    },

    async head(key, options) {
      checkKey(key)
      throwIfCancelled(options)
      return infoOf(key, (await index(options)).entries.get(key))
    },

    async *list(prefix, options) {
      checkPrefix(prefix)
      throwIfCancelled(options)
      for (const [key, entry] of (await index(options)).entries) {
        throwIfCancelled(options)
        const info = key.startsWith(prefix) ? infoOf(key, entry) : null
        if (info !== null) yield info
      }
    },
  }
}

/** What is in the file, and how it looked when that was read. */
interface Index {
  readonly entries: ReadonlyMap<string, Entry>
  readonly size: number
  readonly modified: number
}

async function readIndex(path: string, options: CallOptions | undefined): Promise<Index> {
  await using file = await openFile(path)
  const { size, mtimeMs: modified } = await file.stat()
  const entries = await indexArchive({
    path,
    size,
    read: async (bytes, at) => {
      throwIfCancelled(options)
      return await fill(file, bytes, at)
    },
  })
  return { entries, size, modified }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw readError(error, path)
  }
}

/** False if the file ends before. */
async function fill(file: FileHandle, bytes: Uint8Array, at: number): Promise<boolean> {
  for (let filled = 0; filled < bytes.length;) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, at + filled)
    if (bytesRead === 0) return false
    filled += bytesRead
  }
  return true
}

function infoOf(key: string, entry: Entry | undefined): ObjectInfo | null {
  return entry === undefined ? null : { key, size: entry.size, modified: entry.modified }
}

function readError(error: unknown, path: string): HoldfastError {
  const isAbsent = (error as NodeJS.ErrnoException | null)?.code === 'ENOENT'
  const code = isAbsent ? 'storage_not_found' : fileErrorCode(error)
  return new HoldfastError(code, `Cannot read ${path}: ${messageOf(error)}`, { cause: error, details: { path } }) // prettier-ignore
}
