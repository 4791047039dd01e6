import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import type { Context } from 'hono'

/** A file of the console as it is sent: plain, and compressed where that is smaller. */
interface ConsoleFile {
  readonly type: string
  readonly etag: string
  readonly plain: Uint8Array<ArrayBuffer>
  readonly br: Uint8Array<ArrayBuffer> | null
  readonly gzip: Uint8Array<ArrayBuffer> | null
}

/** The built console, by the path that a browser asks for, such as `/assets/index-4f3a.js`. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Nothing but the console's own files, and nothing within the page: a value that got into it as HTML does nothing. */
const consolePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Reads what the build has left in a directory. It is small, and stays in memory. */
export async function readConsole(directory: string): Promise<ConsoleFiles> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const compressed = async (path: string): Promise<Uint8Array<ArrayBuffer> | null> =>
    paths.includes(path) ? new Uint8Array(await readFile(path)) : null
  const files = await Promise.all(
    paths
      .filter((path) => types[extname(path)] !== undefined)
      .map(async (path): Promise<[string, ConsoleFile]> => {
        const plain = new Uint8Array(await readFile(path))
        const hash = createHash('sha256').update(plain).digest('base64url').slice(0, 22)
        const file = {
          type: types[extname(path)] ?? '',
          etag: `"${hash}"`,
          plain,
          br: await compressed(`${path}.br`),
          gzip: await compressed(`${path}.gz`),
        }
        return [`/${relative(directory, path).split(sep).join('/')}`, file]
      }),
  )
  return new Map(files)
}

/**
 * Answers with a file, or with the one page for every address of the console. Names of assets change with their content, so browsers may
 * keep them for good; one that is gone is gone, since a page in its place would be read as a script. Null: it is not the console's.
 */
export function serveConsole(files: ConsoleFiles, c: Context): Response | null {
  const { path } = c.req
  if (path === '/api' || path.startsWith('/api/')) return null
  const isAsset = path.startsWith('/assets/')
  const file = files.get(path) ?? (isAsset ? undefined : files.get('/index.html'))
  if (file === undefined) return null
  c.header('content-security-policy', consolePolicy)
  c.header('cache-control', isAsset ? 'public, max-age=31536000, immutable' : 'no-cache')
  c.header('etag', file.etag)
  c.header('vary', 'accept-encoding')
  if (c.req.header('if-none-match') === file.etag) return c.body(null, 304)
  c.header('content-type', file.type)
  const accepted = (c.req.header('accept-encoding') ?? '').split(',').map((one) => one.split(';')[0]?.trim())
  const encoding = (['br', 'gzip'] as const).find((one) => accepted.includes(one) && file[one] !== null)
  if (encoding !== undefined) c.header('content-encoding', encoding)
  return c.body((encoding === undefined ? null : file[encoding]) ?? file.plain)
}
