/** The service, put together: the only place that builds all of it. */
import { join } from 'node:path'
import { createAlarms } from './alarms/alarms.ts'
import { firstKey } from './api/keys.ts'
import { createApp } from './api/app.ts'
import { listen } from './api/server.ts'
import { openCatalog, type Catalog } from './catalog/catalog.ts'
import { startEmbeddedCatalog } from './catalog/embedded.ts'
import { catalogKey } from './catalog/key-file.ts'
import { refreshBackups } from './catalog/backups.ts'
import { addRepository, findRepository } from './catalog/repositories.ts'
import { createSeal } from './catalog/seal.ts'
import type { CommandLine } from './jobs/command.ts'
import { createDownloads } from './jobs/downloads.ts'
import { openQueue, type Queue } from './jobs/queue.ts'
import { endLeases } from './jobs/reap.ts'
import { startScheduler } from './jobs/scheduler.ts'
import { startWorker, type Worker } from './jobs/worker.ts'
import type { Clock } from './lib/clock.ts'
import { HoldfastError } from './lib/errors.ts'
import { repeat } from './lib/repeat.ts'
import type { ServerAddress } from './postgres/address.ts'

export interface CatalogOptions {
  /** Where the embedded catalog and the key are kept. */
  readonly data: string
  /** Another catalog than the embedded one; null: that. */
  readonly catalog: ServerAddress | null
  /** Null: `catalog.key` below `data`. */
  readonly keyFile: string | null
  readonly signal: AbortSignal
}

interface WorkOptions {
  readonly commandLine: CommandLine
  /** Jobs that run at once here; 0: none. */
  readonly slots: number
  /** What people see this process as. */
  readonly name: string
  /** How long jobs may take to end when the service is stopped. */
  readonly graceMs: number
  readonly log: (text: string) => void
}

export type WorkerProcess = CatalogOptions & WorkOptions

export interface ServiceProcess extends WorkerProcess {
  readonly listen: { readonly host: string; readonly port: number }
  readonly random: () => number
  /** The machine's. Only alarms go by it. */
  readonly clock: Clock
  /** Told once: that it listens, and, when there never was a key, the one of the first administrator. */
  readonly onReady: (ready: { url: string; firstKey: string | null }) => void
}

const leaseSeconds = 60
const pollMs = 1_000
const tickMs = 1_000
const alarmsMs = 10_000
const closeMs = 5_000

/** A catalog that is open. */
export interface OpenedCatalog {
  readonly catalog: Catalog
  readonly queue: Queue
  /** Settles when the embedded server has ended, though nobody stopped it. */
  readonly lost: Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Opens the catalog, embedded or not, with the key that is there; `makeKey`: with a new one where there is none. */
export async function openServiceCatalog(o: CatalogOptions, makeKey: boolean): Promise<OpenedCatalog> {
  const key = await catalogKey({ path: o.keyFile ?? join(o.data, 'catalog.key'), make: makeKey })
  await using opened = new AsyncDisposableStack()
  const embedded = o.catalog === null ? opened.use(await startEmbeddedCatalog(o)) : null
  const address = o.catalog ?? embedded?.address
  if (address === undefined) throw new HoldfastError('internal', 'There is no catalog.')
  const catalog = opened.use(await openCatalog({ address, seal: createSeal(key), connections: 10 }))
  const queue = opened.use(await openQueue(catalog.system))
  if (embedded !== null) await endLeases(catalog.system)
  const until = opened.move()
  return {
    catalog,
    queue,
    lost: embedded === null ? new Promise(() => undefined) : embedded.ended,
    [Symbol.asyncDispose]: () => until.disposeAsync(),
  }
}

/**
 * Takes a repository and its backups into the catalog: what a new one in place of one that was lost is begun with, or what another
 * one is told anew. Resolves to how many backups there are.
 */
export async function rebuildCatalog(
  o: CatalogOptions & {
    readonly name: string
    readonly address: string
    readonly hostFile: string | null
    readonly listed: readonly unknown[]
  },
): Promise<{ added: boolean; backups: number }> {
  await using opened = await openServiceCatalog(o, true)
  const { system, seal } = opened.catalog
  return await system.transaction(async (queries) => {
    const { name, address, listed } = o
    const secrets = o.hostFile === null ? {} : { hostFile: o.hostFile }
    const there = await findRepository(queries, name)
    const repository = there ?? (await addRepository(queries, { seal, name, address, secrets }))
    if (repository.address !== address) {
      throw new HoldfastError('name_taken', `The catalog has a repository ${name} at ${repository.address}.`)
    }
    return {
      added: there === null,
      backups: await refreshBackups(queries, { repositoryId: repository.id, listed }),
    }
  })
}

/** API, scheduler and worker, until the signal: then what is under way gets a while to end. Throws what stands in its way. */
export async function runService(o: ServiceProcess): Promise<void> {
  await using opened = await openServiceCatalog(o, true)
  const { catalog, queue } = opened
  const worker = startWorkerOf(o, opened)
  const { random, clock, log, signal } = o
  const alarms = createAlarms({ catalog, clock, random, signal })
  const scheduler = startScheduler({
    database: catalog.system,
    queue,
    now: catalog.now,
    random,
    everyMs: tickMs,
    log,
    onBegun: worker.wake,
  })
  const judging = repeat({ work: () => alarms.tick(), everyMs: alarmsMs, log })
  try {
    const app = createApp({
      catalog,
      queue,
      random,
      wake: worker.wake,
      downloads: createDownloads({ catalog, commandLine: o.commandLine, log }),
      metrics: () => alarms.metrics(),
      log,
    })
    const server = await listen({ app, ...o.listen })
    try {
      o.onReady({ url: server.url, firstKey: await firstKey(catalog.system) })
      await untilOver(o, opened)
    } finally {
      await server.close(closeMs)
    }
  } finally {
    await scheduler.stop()
    await judging.stop()
    await worker.stop(o.graceMs)
  }
}

/** A worker alone, for a catalog that has its key already. */
export async function runWorker(o: WorkerProcess): Promise<void> {
  await using opened = await openServiceCatalog(o, false)
  const worker = startWorkerOf(o, opened)
  try {
    o.log(`Worker ${o.name} takes up to ${o.slots} jobs at once.`)
    await untilOver(o, opened)
  } finally {
    await worker.stop(o.graceMs)
  }
}

/** One without slots takes no jobs, and still ends those that other workers have lost. */
function startWorkerOf(o: WorkerProcess, { catalog, queue }: OpenedCatalog): Worker {
  const { commandLine, slots, name, log } = o
  return startWorker({ catalog, queue, commandLine, leaseSeconds, slots, name, pollMs, log })
}

async function untilOver({ signal }: CatalogOptions, { lost }: OpenedCatalog): Promise<void> {
  const aborted = new Promise<'stopped'>((resolve) => {
    if (signal.aborted) resolve('stopped')
    signal.addEventListener('abort', () => resolve('stopped'), { once: true })
  })
  if ((await Promise.race([aborted, lost])) === 'stopped') return
  throw new HoldfastError('catalog_unreachable', 'The server of the embedded catalog has ended.', {
    hint: 'Start the service again: it recovers what is in the catalog.',
  })
}
