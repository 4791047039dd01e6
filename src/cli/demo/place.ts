import { readFileSync } from 'node:fs'
import { chmod, open, readdir, readFile, rm, rmdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { HoldfastError } from '../../lib/errors.ts'
import { writeError } from '../../lib/file-errors.ts'
import { makeDirectories } from '../../lib/make-directories.ts'
import { replaceFile } from '../../lib/replace-file.ts'

/** Where a demo keeps what it has. All of it is below one directory, under these names. */
export interface Place {
  readonly directory: string
  /** The data of the shop's server. */
  readonly shop: string
  /** The service's own: its catalog, and the key of it. */
  readonly service: string
  readonly repository: string
  readonly identity: string
  readonly hostFile: string
  /** A configuration for commands by hand, and the password that it names. */
  readonly config: string
  readonly password: string
}

/** What is kept from start to start. Holds secrets. */
export interface DemoState {
  /** False while it is being made: then nothing of it is worth keeping. */
  readonly ready: boolean
  /** Of the first administrator, as it was made; they may have changed it. */
  readonly login: { readonly email: string; readonly password: string } | null
  /** With which each start tells the service where the shop is now. */
  readonly key: string | null
}

/** A place that belongs to this process until it is let go. */
export interface HeldPlace {
  readonly place: Place
  /** Null: nothing is there yet. */
  readonly state: DemoState | null
  keep(state: DemoState): Promise<void>
  /** Removes what a demo makes; resolves to what else there is. */
  clear(): Promise<readonly string[]>
  [Symbol.asyncDispose](): Promise<void>
}

const names = {
  shop: 'shop',
  service: 'service',
  repository: 'repository',
  identity: 'identity.txt',
  hostFile: 'host.json',
  config: 'holdfast.json',
  password: 'password',
} as const
const stateName = 'demo.json'
const heldName = 'running'

/**
 * Takes the place for this process, and makes it where there is none. Throws `demo_running`, and `usage` where something else is than a
 * demo: nothing of that is touched.
 */
export async function holdPlace(path: string): Promise<HeldPlace> {
  const directory = resolve(path)
  await makeDirectories(directory, { mode: 0o711 }).catch((error: unknown) => {
    throw writeError(error, directory)
  })
  const found = await readdir(directory)
  if (found.length > 0 && !found.includes(stateName) && found.some((name) => name !== heldName))
    throw new HoldfastError('usage', `${directory} holds something else than a demo.`, {
      hint: 'Name another directory after --data.',
    })
  // The servers of root run as nobody, which must be able to pass; what is secret is closed by itself.
  await chmod(directory, 0o711)
  const held = join(directory, heldName)
  await take(held, directory)
  const place = placeAt(directory)
  const statePath = join(directory, stateName)
  const keep = (state: DemoState): Promise<void> =>
    replaceFile({ path: statePath, content: `${JSON.stringify(state, null, 2)}\n`, mode: 0o600 })
  let cleared = false
  try {
    return {
      place,
      state: await readState(statePath),
      keep,
      async clear() {
        for (const name of Object.values(names))
          await rm(join(directory, name), { recursive: true, force: true, maxRetries: 3 })
        await rm(statePath, { force: true })
        const rest = (await readdir(directory)).filter((name) => name !== heldName)
        cleared = rest.length === 0
        return rest
      },
      async [Symbol.asyncDispose]() {
        await rm(held, { force: true })
        if (cleared) await removeEmpty(directory)
      },
    }
  } catch (error) {
    await rm(held, { force: true })
    throw error
  }
}

function placeAt(directory: string): Place {
  const paths = Object.entries(names).map(([what, name]) => [what, join(directory, name)])
  return { directory, ...(Object.fromEntries(paths) as Omit<Place, 'directory'>) }
}

/** Written by one process only; one that a dead process left is taken over. */
async function take(path: string, directory: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return null
      throw writeError(error, path)
    })
    if (file !== null) {
      await file.writeFile(`${process.pid} ${startOf(process.pid) ?? ''}\n`)
      await file.close()
      return
    }
    const [pid = '', start = ''] = (await readFile(path, 'utf8').catch(() => '')).trim().split(' ')
    if (pid !== '' && startOf(Number(pid)) === start) break
    await rm(path, { force: true })
  }
  throw new HoldfastError('demo_running', `A demo is running in ${directory}.`)
}

/** When a process was started, in the kernel's own count: ids alone are used again. Null: there is none. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

async function readState(path: string): Promise<DemoState | null> {
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null) return null
  const none = { ready: false, login: null, key: null }
  try {
    return { ...none, ...(JSON.parse(text) as Partial<DemoState>) }
  } catch {
    return none
  }
}

/** The directory, and the one that it is in if that is the usual `.holdfast`, where nothing else is in them. */
async function removeEmpty(directory: string): Promise<void> {
  const above = dirname(directory)
  await rmdir(directory).catch(() => undefined)
  if (above.endsWith('/.holdfast')) await rmdir(above).catch(() => undefined)
}
