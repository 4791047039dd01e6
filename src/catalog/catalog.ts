import type { ServerAddress } from '../postgres/server-address.ts'
import { apiRole } from './claims.ts'
import { openDatabase, type Database, type Queries } from './database.ts'
import { listenTo, type Listening } from './listen.ts'
import { migrate, readMigrations } from './migrate.ts'
import type { Seal } from './seal.ts'

/** The service's own database, open and up to date. */
export interface Catalog {
  /** As the owner, whom row level security does not hold: for the scheduler, the worker and what belongs to nobody. */
  readonly system: Database
  /** As the role of the API: without claims it sees nothing. Use it by `asCaller`. */
  readonly api: Database
  readonly seal: Seal
  /** The server's clock: what leases and schedules go by, so that those of the machines need not agree. */
  now(): Promise<Date>
  /** Calls `onChange` when something may have changed of what changes.ts tells: `listenTo`. */
  listen(onChange: () => void): Listening
  [Symbol.asyncDispose](): Promise<void>
}

/** Far less than a lease. */
const answerWithinMs = 20_000

/** Opens a catalog and migrates it. Throws `catalog_key_wrong` if its secrets were sealed with another key, and as `migrate` does. */
export async function openCatalog(o: {
  address: ServerAddress
  seal: Seal
  connections: number
}): Promise<Catalog> {
  const { address, connections, seal } = o
  await using opened = new AsyncDisposableStack()
  await bringUpToDate(address)
  const open = async (role: string | null, applicationName: string): Promise<Database> => {
    const database = await openDatabase({ address, role, connections, applicationName, answerWithinMs })
    opened.defer(() => database.close())
    return database
  }
  const system = await open(null, 'holdfast')
  await requireKey(system, seal)
  const api = await open(apiRole, 'holdfast-api')
  const until = opened.move()
  return {
    system,
    api,
    seal,
    now: () => catalogNow(system),
    listen: (onNotify) => listenTo({ address, channel: 'holdfast_changes', onNotify }),
    [Symbol.asyncDispose]: () => until.disposeAsync(),
  }
}

/** Another process may be at it, for as long as that takes. */
async function bringUpToDate(address: ServerAddress): Promise<void> {
  const applicationName = 'holdfast-migrations'
  const database = await openDatabase({
    address,
    role: null,
    connections: 1,
    applicationName,
    answerWithinMs: null,
  })
  try {
    await migrate({ database, migrations: await readMigrations() })
  } finally {
    await database.close()
  }
}

/** Whoever opens a catalog first seals a word in it, which all others must be able to open. */
async function requireKey({ query }: Queries, seal: Seal): Promise<void> {
  const sealed = seal.seal('catalog', { word: 'holdfast' })
  await query('INSERT INTO holdfast.catalog (sealed) VALUES ($1) ON CONFLICT DO NOTHING', [sealed])
  const [row] = await query<{ sealed: Buffer }>('SELECT sealed FROM holdfast.catalog')
  if (row !== undefined) seal.open('catalog', row.sealed)
}

async function catalogNow({ query }: Queries): Promise<Date> {
  const [row] = await query<{ now: Date }>('SELECT pg_catalog.clock_timestamp() AS now')
  if (row === undefined) throw new TypeError('clock_timestamp() has no row')
  return row.now
}
