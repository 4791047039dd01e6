import { resolve } from 'node:path'
import type { Client } from '../../client/client.ts'
import { createFile, inPlace } from '../../export/files.ts'
import { isZipName } from '../../export/export.ts'
import { HoldfastError, messageOf } from '../../lib/errors.ts'
import type { CommandContext, ServerInput } from '../command.ts'
import { formatBytes } from '../format.ts'
import { backupNamed } from './names.ts'

interface Input extends ServerInput {
  readonly backup: string
  readonly source: string | undefined
  readonly repo: readonly string[]
  readonly format: 'folder' | 'sql' | 'csv' | 'json' | 'archive'
  readonly out: string
  readonly schema: readonly string[]
  readonly table: readonly string[]
  readonly module: readonly string[]
}

/** Downloads a backup as a file, which is there when all of it has come. */
export async function exportAtServer(context: CommandContext, client: Client, input: Input): Promise<void> {
  const { out, stdout, signal } = context
  const { format } = input
  const toStdout = input.out === '-'
  if (!toStdout && format !== 'sql' && format !== 'archive' && !isZipName(input.out))
    throw new HoldfastError('usage', 'A service sends a folder as a zip file.', {
      hint: 'Give --out a name that ends in .zip.',
    })
  const { backup, repository } = await backupNamed(client, input)
  const { schema: schemas, table: tables, module: modules } = input
  const wanted = { format, repository, schemas: [...schemas], tables: [...tables], modules: [...modules] }
  const link = await client.downloadsBackup(backup.id, wanted)
  const path = resolve(input.out)
  let bytes = 0
  const receive = async (write: (piece: Uint8Array) => Promise<void>): Promise<void> => {
    for await (const piece of piecesOf(`${input.url}${link.url}`, signal)) {
      await write(piece)
      bytes += piece.length
      out.progress({ phase: 'downloading', done: bytes, total: null, unit: 'bytes' })
    }
  }
  if (toStdout) await receive((piece) => stdout.bytes(piece))
  else
    await inPlace(path, async (temporary) => {
      await using file = await createFile(temporary)
      await receive((piece) => file.write(piece))
      await file.end()
    })
  out.progressDone('done')
  const say = toStdout ? out.note : out.line
  say(`Wrote backup ${backup.id} to ${toStdout ? 'stdout' : path}: ${formatBytes(bytes)}`)
  out.note(
    format === 'archive'
      ? 'It is encrypted as it is in the repository: the same identity opens it.'
      : 'The files hold the rows in clear.',
  )
  out.result({ backup: backup.id, out: toStdout ? 'stdout' : path, format, bytes })
}

/** Throws `download_failed` if the service refuses it, or breaks off. */
async function* piecesOf(url: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    const response = await fetch(url, { signal })
    if (!response.ok || response.body === null) {
      const told = (await response.json().catch(() => ({}))) as { detail?: unknown }
      throw new Error(typeof told.detail === 'string' ? told.detail : `The answer is ${response.status}.`)
    }
    for await (const piece of response.body) yield piece as Uint8Array
  } catch (cause) {
    signal.throwIfAborted()
    throw new HoldfastError('download_failed', `The backup could not be downloaded: ${messageOf(cause)}`, {
      cause,
    })
  }
}
