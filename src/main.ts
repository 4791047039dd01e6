/** The service, put together: the only place that builds all of it. */
import { join } from 'node:path'
import { createAlarms } from './alarms/alarms.ts'
import type { ConsoleFiles } from './api/console.ts'
import { firstKey } from './api/keys.ts'
import { createApp } from './api/app.ts'
import { refusingTaken } from './api/refusals.ts'
import { sourceIds } from './api/source-ids.ts'
import { listen } from './api/server.ts'
import { openCatalog, type Catalog } from './catalog/catalog.ts'
import { tidyChanges } from './catalog/changes.ts'
import { startEmbeddedCatalog } from './catalog/embedded.ts'
import type { Queries } from './catalog/database.ts'
import { catalogKey } from './catalog/key-file.ts'
import { refreshBackups } from './catalog/backups.ts'
import { addRepository, findRepository, listRepositories } from './catalog/repositories.ts'
import type { Role } from './catalog/permissions.ts'
import { createSeal } from './catalog/seal.ts'
import { care } from './jobs/care.ts'
import type { CommandLine } from './jobs/command.ts'
import { createDownloads } from './jobs/downloads.ts'
import { openQueue, type Queue } from './jobs/queue.ts'
import { endLeases } from './jobs/reap.ts'
import { removeOldUploads } from './jobs/old-uploads.ts'
import { createUploads } from './jobs/uploads.ts'
import { startScheduler } from './jobs/scheduler.ts'
import { startWorker, type Worker } from './jobs/worker.ts'
import type { Clock } from './lib/clock.ts'
import { HoldfastError } from './lib/errors.ts'
import { repeat } from './lib/repeat.ts'
import { addPerson, emailOf } from './people/accounts.ts'
import { firstLink, firstLogin, linkAddress, newLink } from './people/links.ts'
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
  /** What an upload may have at most. */
  readonly uploadBytes: number
  readonly random: () => number
  /** The web console; without it only the API is served. */
  readonly console?: ConsoleFiles
  /** The machine's. Only alarms go by it. */
  readonly clock: Clock
  /** Where people reach it, which says that a proxy stands before it; null: where it listens. */
  readonly publicUrl: string | null
  /** E-mail address of a first administrator whose password is made and told, rather than a link with which they choose one. */
  readonly firstLogin: string | null
  readonly onReady: (ready: Ready) => void
}

/** Told once: that it listens, and how the first administrator gets in. */
export interface Ready {
  readonly url: string
  /** When there never was a key. */
  readonly firstKey: string | null
  /** While there is nobody, and it was not told before. */
  readonly firstLink: string | null
  readonly firstLogin: { readonly email: string; readonly password: string } | null
}

const leaseSeconds = 60
const pollMs = 1_000
const tickMs = 1_000
const alarmsMs = 10_000
const tidyMs = 600_000
const careMs = 60_000
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
  const uploads = createUploads({
    directory: join(o.data, 'uploads'),
    mostBytes: o.uploadBytes,
    commandLine: o.commandLine,
  })
  const tidying = repeat({ work: () => tidyChanges(catalog.system), everyMs: tidyMs, log })
  const judging = repeat({ work: () => alarms.tick(), everyMs: alarmsMs, log })
  const caring = repeat({
    everyMs: careMs,
    log,
    async work() {
      if ((await care({ database: catalog.system, queue })) > 0) worker.wake()
      await removeOldUploads(catalog.system, uploads)
    },
  })
  try {
    const known = (await listRepositories(catalog.system)).map(({ address }) => address)
    await uploads.sweep({ known, now: clock.now() })
    const app = createApp({
      catalog,
      queue,
      random,
      commandLine: o.commandLine,
      wake: worker.wake,
      testDestination: (id) => alarms.test(id),
      metrics: () => alarms.metrics(),
      log,
      publicUrl: o.publicUrl,
      ...(o.console === undefined ? {} : { console: o.console }),
      downloads: createDownloads({ catalog, commandLine: o.commandLine, log }),
      uploads,
    })
    const server = await listen({ app, ...o.listen })
    try {
      const { url } = server
      o.onReady({ url, ...(await firstWays(o, catalog, url)) })
      await untilOver(o, opened)
    } finally {
      await app.stop()
      await server.close(closeMs)
    }
  } finally {
    await scheduler.stop()
    await judging.stop()
    await tidying.stop()
    await caring.stop()
    await worker.stop(o.graceMs)
  }
}

/** How the first administrator gets in: all of it is made once. */
async function firstWays(o: ServiceProcess, { system }: Catalog, url: string): Promise<Omit<Ready, 'url'>> {
  const login = o.firstLogin === null ? null : await firstLogin(system, o.firstLogin)
  const link = await firstLink(system)
  return {
    firstKey: await firstKey(system),
    firstLink: link === null ? null : linkAddress(o.publicUrl ?? url, 'first', link),
    firstLogin: login,
  }
}

/** A link with which somebody chooses a password. */
export interface MadeLink {
  readonly link: string
  readonly expiresAt: string
}

/** Adds somebody, past the API: for who runs the service. Throws `name_taken`. */
export async function addAccount(
  o: CatalogOptions & {
    email: string
    name: string | null
    role: Role
    sources: readonly string[]
    publicUrl: string
  },
): Promise<MadeLink> {
  const email = emailOf(o.email)
  await using opened = await openServiceCatalog(o, true)
  return await opened.catalog.system.transaction(async (queries) => {
    const sources = await sourceIds(queries, o.sources)
    const person = { email, name: o.name ?? email, role: o.role, sources }
    const { id } = await refusingTaken(`Somebody with the address ${email}`, () => addPerson(queries, person))
    return await linkOf(queries, 'invitation', id, o.publicUrl)
  })
}

/**
 * A link with which somebody chooses a password, whatever they have lost: codes are not asked for any more. Throws `not_found`,
 * `account_disabled`: whoever disabled it has meant that.
 */
export async function recoverAccount(
  o: CatalogOptions & { email: string; publicUrl: string },
): Promise<MadeLink> {
  const email = emailOf(o.email)
  await using opened = await openServiceCatalog(o, false)
  return await opened.catalog.system.transaction(async (queries) => {
    const [person] = await queries.query<{ id: string; active: boolean }>(
      'SELECT id, active FROM holdfast.people WHERE email = $1',
      [email],
    )
    if (person === undefined) throw new HoldfastError('not_found', `There is no account of ${email}.`)
    if (!person.active) throw new HoldfastError('account_disabled', `The account of ${email} is disabled.`)
    return await linkOf(queries, 'recovery', person.id, o.publicUrl)
  })
}

async function linkOf(
  queries: Queries,
  purpose: 'invitation' | 'recovery',
  personId: string,
  base: string,
): Promise<MadeLink> {
  const { secret, expiresAt } = await newLink(queries, { purpose, personId })
  return { link: linkAddress(base, purpose, secret), expiresAt: expiresAt.toISOString() }
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
