import { randomUUID } from 'node:crypto'
import { open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { codes, type ErrorCode } from '../lib/error-codes.ts'
import { HoldfastError, messageOf } from '../lib/errors.ts'
import { writeError } from '../lib/file-errors.ts'
import { makeDirectories } from '../lib/make-directories.ts'
import { syncDirectory } from '../lib/sync-directory.ts'
import { printedError, startCommand, type CommandLine } from './command.ts'

export interface UploadOptions {
  /** Where the files are kept; made when it is first needed, for this user only. */
  readonly directory: string
  /** What one of them may have at most. */
  readonly mostBytes: number
  readonly commandLine: CommandLine
}

/** An archive that was received, and what it says it holds. */
export interface ReceivedUpload {
  /** Of the file: the address of a repository. */
  readonly path: string
  /** Whose it says it is. Nothing here confirms that. */
  readonly ownerKey: string
  /** As `list` tells them. */
  readonly backups: readonly unknown[]
}

/** Archives that people have sent. */
export interface Uploads {
  /**
   * Keeps what comes, durably, if it is an archive with a backup that is accepted; else nothing stays. `length`: what the sender says that it will be; null:
   * it does not say. Throws `upload_too_large`, `upload_cut`, `storage_full`, and what is wrong with the archive.
   */
  receive(o: { bytes: AsyncIterable<Uint8Array>; length: number | null }): Promise<ReceivedUpload>
  /** Removes a file of these, if it is there. Leaves others alone. */
  remove(path: string): Promise<void>
  /** Whether a file of this address is kept here, rather than by another process. */
  holds(path: string): boolean
  /** Removes what processes that were killed have left; `known`: what belongs to a repository. */
  sweep(o: { known: readonly string[]; now: Date }): Promise<void>
}

/** The catalog, and whatever else is on the disk, must be able to go on. */
const keptFreeBytes = 1024 ** 3
const lookEveryBytes = 64 * 1024 ** 2
/** Nobody who still sends is that slow, nor takes an upload so long to be noted in the catalog. */
const staleMs = 60 * 60_000

export function createUploads({ directory: given, mostBytes, commandLine }: UploadOptions): Uploads {
  const directory = resolve(given)

  async function store(path: string, o: Parameters<Uploads['receive']>[0]): Promise<void> {
    await requireRoom(directory, o.length ?? 0)
    await using file = await open(path, 'wx', 0o600)
    let received = 0
    let looked = 0
    for await (const piece of o.bytes) {
      received += piece.length
      if (received > mostBytes) throw tooLarge(mostBytes)
      if (received - looked >= lookEveryBytes) {
        looked = received
        await requireRoom(directory, 0)
      }
      for (let rest = piece; rest.length > 0;) rest = rest.subarray((await file.write(rest)).bytesWritten)
    }
    if (o.length !== null && received !== o.length) throw cut()
    await file.sync()
  }

  return {
    async receive(o) {
      if (o.length !== null && o.length > mostBytes) throw tooLarge(mostBytes)
      const path = join(directory, `${randomUUID()}.holdfast`)
      const part = `${path}.part`
      try {
        await makeDirectories(directory, { mode: 0o700 })
        await store(part, o)
        const found = await look(commandLine, directory, part)
        await rename(part, path)
        await syncDirectory(directory)
        return { ...found, path }
      } catch (error) {
        await rm(part, { force: true })
        await rm(path, { force: true })
        throw writeError(error, directory)
      }
    },
    holds: (path) => dirname(path) === directory,
    async remove(path) {
      if (dirname(path) === directory) await rm(path, { force: true })
    },
    async sweep({ known, now }) {
      const names = await readdir(directory).catch(() => [])
      for (const path of names.map((name) => join(directory, name))) {
        if (known.includes(path)) continue
        const facts = await stat(path).catch(() => null)
        if (facts !== null && now.getTime() - facts.mtimeMs > staleMs) await rm(path, { force: true })
      }
    },
  }
}

async function requireRoom(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  if (bavail * bsize - bytes >= keptFreeBytes) return
  throw new HoldfastError('storage_full', `The disk of the service has no room for an upload of this size.`)
}

/** What the archive says it holds, read by the command that people would use. Throws what is wrong with it. */
async function look(
  commandLine: CommandLine,
  directory: string,
  path: string,
): Promise<Pick<ReceivedUpload, 'ownerKey' | 'backups'>> {
  const { ended } = startCommand({
    commandLine,
    arguments: ['list', '--quiet'],
    directory,
    env: { HOLDFAST_REPO: path },
    onProgress: () => undefined,
    onLine: () => undefined,
  })
  const { printed, notStarted } = await ended
  const wrong = printedError(printed)
  if (wrong !== null) throw asError(wrong.code, wrong.message.replaceAll(path, 'The file'))
  const { repository, backups, refused } = printed ?? {}
  const { ownerKey } = (repository ?? {}) as { ownerKey?: unknown }
  if (typeof ownerKey !== 'string' || !Array.isArray(backups))
    throw new HoldfastError('internal', notStarted ?? 'The upload could not be looked into.')
  if (backups.length > 0) return { ownerKey, backups }
  // Sound because the command line of this very version prints them.
  const [first] = (Array.isArray(refused) ? refused : []) as { code: string; reason: string }[]
  throw asError(first?.code ?? 'archive_damaged', first?.reason ?? 'The file holds no backup.')
}

function asError(code: string, message: string): HoldfastError {
  return new HoldfastError(Object.hasOwn(codes, code) ? (code as ErrorCode) : 'archive_damaged', message)
}

function tooLarge(most: number): HoldfastError {
  return new HoldfastError('upload_too_large', `More than ${most} bytes are not taken.`)
}

function cut(): HoldfastError {
  return new HoldfastError('upload_cut', 'The upload ended before all of it was there.')
}

/** Bytes of a request as they come. Throws `upload_cut` if it is broken off, or if nothing comes for a while. */
export async function* received(
  body: ReadableStream<Uint8Array> | null,
  idleMs = 60_000,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (body === null) return
  const reader = body.getReader()
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined
      const idle = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(cut()), idleMs)
      })
      const next = await Promise.race([reader.read(), idle])
        .catch((cause: unknown) => {
          throw new HoldfastError('upload_cut', `The upload was broken off: ${messageOf(cause)}`, { cause })
        })
        .finally(() => clearTimeout(timer))
      if (next.done) return
      yield next.value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
