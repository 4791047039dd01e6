import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { access, readFile, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ConsoleFiles } from '../api/console.ts'
import type { CommandContext } from './command.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const sources = here('../console')
/** Each build lies below it in a directory that is called after what it was made from. */
export const builds = here('../../build/console')
const builder = here('../../scripts/build-console.ts')

/** What the console is built from: a hash of its sources and of the versions of all packages. */
export async function consoleVersion(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(here('../../package.json')))
  const entries = await readdir(sources, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  for (const path of paths.sort()) hash.update(`\0${relative(sources, path)}\0`).update(await readFile(path))
  return hash.digest('hex').slice(0, 16)
}

/**
 * The console, built first where what it is made from was never built: after a clone, and after a change. Undefined, and said, if that is
 * not possible, as in an installation without the packages for development: the service runs without it.
 */
export async function openConsole({ out }: CommandContext): Promise<ConsoleFiles | undefined> {
  // A package has no sources, but what was made from them.
  const directory = join(builds, (await exists(sources)) ? await consoleVersion() : 'packed')
  const { readConsole } = await import('../api/console.ts')
  if (!(await exists(directory))) {
    out.note('The console is built, which takes a few seconds and is done once.')
    const said = await build()
    if (said !== null) {
      out.warn(`The console could not be built, so only the API is served: ${said}`)
      return undefined
    }
  }
  return await readConsole(directory)
}

/** Null once it is built; otherwise the end of what the builder said. */
async function build(): Promise<string | null> {
  const child = spawn(process.execPath, [...process.execArgv, builder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (text = (text + piece).slice(-2000)))
  const [status] = (await once(child, 'close')) as [number | null]
  return status === 0 ? null : (text.trim().split('\n').at(-1) ?? '')
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
