import type { Catalog } from '../catalog/catalog.ts'
import { readToken, requireGiver, useDownload, type Download } from '../catalog/downloads.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { writeCommandFiles } from './command-files.ts'
import type { CommandLine } from './command.ts'
import { streamCommand } from './stream.ts'
import { readTarget } from './target.ts'

export interface DownloadOptions {
  readonly catalog: Catalog
  readonly commandLine: CommandLine
  readonly log: (text: string) => void
}

/** A file on its way. */
export interface StartedDownload {
  readonly download: Download
  /** Throws if it can't be written to its end; who stops reading ends what writes it. */
  readonly bytes: AsyncGenerator<Uint8Array, void, undefined>
}

/** Backups as files, by links that were given out. */
export interface Downloads {
  /**
   * Begins what a link is for. The first bytes are there when it resolves, so that what fails at once is an answer of its own. Throws
   * `download_refused`, `downloads_busy`, `download_failed`, `job_target_gone`.
   */
  start(token: string): Promise<StartedDownload>
}

/** Each takes a process, which takes memory and reads from the storage. */
const mostAtOnce = 4

export function createDownloads({ catalog, commandLine, log }: DownloadOptions): Downloads {
  let running = 0

  /** The one place that downloads are told at. Never with the link, which is a secret until it is used. */
  function tell(download: Download, what: string): void {
    const { id, backup, format, subject } = download
    log(`Download ${id} of ${backup} as ${format} for ${subject} ${what}.`)
  }

  async function* run(download: Download): AsyncGenerator<Uint8Array, void, undefined> {
    let sent = 0
    let end = 'was broken off by who read it'
    try {
      const target = await readTarget(catalog, {
        ...download,
        kind: 'download',
        params: {},
        about: download.backup,
      })
      await using files = await writeCommandFiles({ kind: { needs: needsOf(download) }, target, keep: null })
      const { bytes } = streamCommand({
        commandLine,
        arguments: argumentsOf(download),
        directory: files.directory,
        env: files.env,
      })
      for await (const piece of bytes) {
        yield piece
        sent += piece.length
      }
      end = 'was sent whole'
    } catch (error) {
      end = `failed: ${isHoldfastError(error) ? error.message : 'see the next line'}`
      throw error
    } finally {
      running -= 1
      tell(download, `${end}, ${sent} bytes`)
    }
  }

  return {
    async start(token) {
      const download = readToken(catalog.seal, await catalog.now(), token)
      await requireGiver(catalog.system, download)
      if (running >= mostAtOnce)
        throw new HoldfastError('downloads_busy', `${mostAtOnce} downloads are under way.`)
      running += 1
      try {
        await useDownload(catalog.system, download)
      } catch (error) {
        running -= 1
        throw error
      }
      tell(download, 'begins')
      const bytes = run(download)
      const first = await bytes.next()
      return { download, bytes: withFirst(first, bytes) }
    },
  }
}

async function* withFirst(
  first: IteratorResult<Uint8Array, void>,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (first.done !== true) yield first.value
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}

function needsOf({ format }: Download): readonly ('hostFile' | 'identity')[] {
  return format === 'archive' ? ['hostFile'] : ['identity']
}

/** In one word each, so that a value that begins with a dash is no option of its own. */
function argumentsOf({ backup, format, tables, schemas, modules }: Download): string[] {
  return [
    'export',
    backup,
    `--format=${format}`,
    '--out=-',
    ...tables.map((pattern) => `--table=${pattern}`),
    ...schemas.map((pattern) => `--schema=${pattern}`),
    ...modules.map((name) => `--module=${name}`),
  ]
}
