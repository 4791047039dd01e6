import { isHoldfastError } from '../lib/errors.ts'
import { localFiles, parseAddress } from '../postgres/address.ts'
import { connect, type ServerAddress } from '../postgres/connect.ts'
import { ident } from '../postgres/quote.ts'
import { startServer, type EmbeddedServer, type ServerLimits } from '../postgres/server/server.ts'
import type { BackupContents } from '../repository/format/contents.ts'
import { planRestore, tablespacesOf } from '../restore/plan.ts'
import { runRestore } from '../restore/run.ts'
import { defaultRestoreOptions, type RestorePlan, type RestoreReport } from '../restore/types.ts'
import { choosePart } from './part.ts'
import type { DrillRequest } from './types.ts'

/** The newest hosts what any older one had. */
export const scratchMajor = 18

const gibibyte = 1024 ** 3

/** Starts the private server that a backup is restored into. */
export async function startScratchServer(
  o: Pick<DrillRequest, 'contents' | 'jobs' | 'signal'>,
): Promise<EmbeddedServer> {
  const connections = Math.max(50, o.jobs + 20)
  return await startServer({
    major: scratchMajor,
    durable: false,
    settings: {
      allow_in_place_tablespaces: 'on',
      max_connections: String(connections),
      max_wal_size: '4GB',
      // Its log may be shown: no statement in it, and no message of a session, which may quote a row.
      log_min_messages: 'log',
      log_error_verbosity: 'terse',
      log_min_error_statement: 'panic',
      // Reading the schema back locks every table at once, and what a view or a partitioned table is made of.
      max_locks_per_transaction: String(64 + Math.ceil((2 * o.contents.schema.entries.length) / connections)),
    },
    limits: limitsFor(o.contents),
    ...(o.signal ? { signal: o.signal } : {}),
  })
}

/**
 * What is restored may run code of the database, and must not take the machine with it. A value may have 1 GiB, and is
 * held several times while it is read; what the server knows of each object stays in memory, also that of a partition's
 * columns. Tables are files of 1 GiB at most.
 */
function limitsFor(contents: BackupContents): ServerLimits {
  const objectBytes = 128 * 1024
  return {
    memoryBytes: 8 * gibibyte + contents.schema.entries.length * objectBytes,
    fileBytes: 2 * gibibyte,
    nice: 10,
  }
}

/** The server's own database, as its superuser. */
export function rootOf(server: EmbeddedServer): ServerAddress {
  return parseAddress(server.url(), {}, localFiles)
}

export interface Restored {
  readonly plan: RestorePlan
  readonly report: RestoreReport
  readonly target: ServerAddress
}

/** Restores the backup with all of its roles, and without what the server can't host. */
export async function restoreInto(o: DrillRequest, server: EmbeddedServer): Promise<Restored> {
  const root = rootOf(server)
  // A name that no backed up role, setting or grant can depend on would differ; the source's own is the truest.
  const target = parseAddress(server.url(scratchName(o.contents.database.name)), {}, localFiles)
  const all = {
    ...defaultRestoreOptions,
    createDatabase: true,
    roles: 'all' as const,
    allowLocaleFallback: true,
    withoutExtensions: await missingExtensions(root, o.contents, o.signal),
  }
  const options = o.part === undefined ? all : choosePart(o.contents, all, o.part)
  for (const name of tablespacesOf(o.contents.schema.entries, o.schemaText)) {
    await using connection = await connect({ address: root, signal: o.signal })
    await connection.query(`CREATE TABLESPACE ${ident(name)} LOCATION ''`)
  }
  const plan = await planRestore({ ...o, target, options })
  return { plan, report: await runRestore({ ...o, plan, target }), target }
}

/** The embedded server's own databases can't be made anew. */
function scratchName(name: string): string {
  return ['postgres', 'template0', 'template1'].includes(name) ? 'holdfast_drill' : name
}

/** Tries each extension: one that is packaged may still need a library that this machine lacks. */
async function missingExtensions(
  root: ServerAddress,
  contents: BackupContents,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const wanted = contents.schema.entries.filter((e) => e.type === 'EXTENSION').map((e) => e.name)
  const missing: string[] = []
  await using connection = await connect({ address: root, signal })
  for (const name of wanted) {
    try {
      // Our sessions have no search path, and an extension that names no schema would have nowhere to go.
      await connection.query('BEGIN; SET LOCAL search_path = public')
      await connection.query(`CREATE EXTENSION IF NOT EXISTS ${ident(name)} CASCADE`)
    } catch (error) {
      if (!isHoldfastError(error, 'query_failed')) throw error
      missing.push(name)
    }
    await connection.query('ROLLBACK')
  }
  return missing
}
