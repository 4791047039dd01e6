import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { OnProgress } from '../../lib/progress.ts'
import { replaceFile } from '../../lib/replace-file.ts'
import { runService, type Ready } from '../../main.ts'
import type { CommandContext } from '../command.ts'
import { openConsole } from '../console.ts'
import { workerOf } from '../service.ts'
import { furnishCatalog, sourceName } from './furnish.ts'
import { makeHistory } from './history.ts'
import type { DemoState, HeldPlace, Place } from './place.ts'
import { servePage } from './page-server.ts'
import { prepareService, type ApiCall } from './prepare.ts'
import { openShop, type DemoShop } from './shop.ts'
import { trade } from './trade.ts'

/** What is told when it runs. */
export interface DemoAddresses {
  readonly console: string
  readonly shop: string
  readonly login: NonNullable<DemoState['login']>
}

const email = 'admin@bazaar.example'

/** Runs it until the signal: makes what is not there yet, then the shop, its page, its business, and the service. */
export async function runDemo(
  context: CommandContext,
  o: { held: HeldPlace; port: number; onReady: (addresses: DemoAddresses) => void },
): Promise<void> {
  const { clock, out, signal } = context
  const { held } = o
  const { place } = held
  const first = held.state?.ready !== true
  if (first) {
    // What was broken off is worth nothing.
    await held.clear()
    await held.keep({ ready: false, login: null, key: null })
  }
  const onProgress: OnProgress = out.progress
  const files = openConsole(context)
  // It fails where it is awaited.
  files.catch(() => undefined)
  await using shop = await openShop({ directory: place.shop, fill: first, signal, onProgress })
  if (first) {
    const history = await makeHistory({ place, shop: shop.address, clock, signal, onProgress })
    onProgress({ phase: 'setting up the service', done: 0, total: null, unit: 'objects' })
    await furnishCatalog({ place, shop, history, signal })
  }
  await writeConfig(place, shop)
  const built = await files
  out.progressDone('quietly')

  const listening = { host: '127.0.0.1', port: await freePort(o.port) }
  const own = new AbortController()
  const until = AbortSignal.any([signal, own.signal])
  const worker = { ...workerOf(context, { data: place.service, catalog: undefined, catalogKeyFile: undefined, slots: 2, grace: 5 }), signal: until, log: () => undefined } // prettier-ignore
  const business = trade({ address: shop.address, clock, random: Math.random, signal: until })
  await using opened = new AsyncDisposableStack()
  let failed: { error: unknown } | null = null

  async function begin(ready: Ready): Promise<void> {
    const key = ready.firstKey ?? held.state?.key ?? ''
    const login = ready.firstLogin ?? held.state?.login ?? { email, password: '' }
    await prepareService({ call: callOf(ready.url, key), shop, first })
    const restore = `bin/holdfast restore latest --in-place --config ${relative(place.config)} --source ${sourceName} --to ${sourceName} --identity ${relative(place.identity)}`
    const port = await freePort(o.port === 0 ? 0 : listening.port + 1)
    const page = opened.use(await servePage({ port, shop: shop.address, console: ready.url, restore, signal: until })) // prettier-ignore
    await held.keep({ ready: true, login, key })
    o.onReady({ console: ready.url, shop: page.url, login })
  }

  try {
    await runService({
      ...worker,
      listen: listening,
      random: Math.random,
      clock,
      ...(built === undefined ? {} : { console: built }),
      publicUrl: null,
      uploadBytes: 100_000_000_000,
      firstLogin: email,
      onReady(ready) {
        void begin(ready).catch((error: unknown) => {
          // What breaks because it is ended is no failure.
          if (!signal.aborted) failed = { error }
          own.abort()
        })
      },
    })
  } finally {
    own.abort()
    await business
  }
  if (failed !== null) throw (failed as { error: unknown }).error
}

/** For commands by hand. */
async function writeConfig(place: Place, shop: DemoShop): Promise<void> {
  const source = { address: shop.url, password: { file: 'password' }, repository: 'repository' }
  const config = { version: 1, sources: { [sourceName]: source } }
  await replaceFile({ path: place.password, content: `${shop.password}\n`, mode: 0o600 })
  await writeFile(place.config, `${JSON.stringify(config, null, 2)}\n`)
}

/** As it is typed in the directory that the demo was started in. */
function relative(path: string): string {
  const here = `${process.cwd()}/`
  return path.startsWith(here) ? path.slice(here.length) : path
}

function callOf(url: string, key: string): ApiCall {
  return async (method, path, body) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const init: RequestInit = { method, headers, body: JSON.stringify(body) }
    const response = await fetch(`${url}/api/v1${path}`, init)
    if (!response.ok)
      throw new Error(`${method} ${path} was answered with ${response.status}: ${await response.text()}`)
  }
}

/** This one if nobody has it, else any. */
async function freePort(wanted: number): Promise<number> {
  const free = await new Promise<boolean>((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(wanted, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
  return free ? wanted : 0
}
