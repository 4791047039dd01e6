import type { Clock } from '../lib/clock.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import { localFiles, parseAddress } from '../postgres/address.ts'
import { connect, connectWire, type ServerAddress } from '../postgres/connect.ts'
import { ident } from '../postgres/quote.ts'
import { dumpSchema } from '../postgres/schema/dump.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import { startServer, type EmbeddedServer, type ServerLimits } from '../postgres/server/server.ts'
import type { BackupContents } from '../repository/format/contents.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import type { ChunkReader } from '../repository/types.ts'
import { planRestore, tablespacesOf } from '../restore/plan.ts'
import { runRestore } from '../restore/run.ts'
import {
  defaultRestoreOptions,
  type RestoredTable,
  type RestorePlan,
  type RestoreReport,
} from '../restore/types.ts'

export interface DrillReport {
  readonly backup: string
  /** Version of the scratch server. */
  readonly server: string
  readonly tables: readonly RestoredTable[]
  readonly rows: number
  readonly plainBytes: number
  /** Objects of the schema that were found in the scratch server, of those restored. */
  readonly objects: number
  /** What the scratch server can't host or the backup does not hold: never counted as passed. */
  readonly notVerified: readonly { readonly what: string; readonly why: string }[]
  /** From the start of the scratch server to the last comparison: the time that a restore of this backup takes here. */
  readonly seconds: number
  readonly phases: RestoreReport['phases']
}

/**
 * Restores a backup into a private, unprivileged scratch server, compares rows with the source's fingerprints and the
 * schema with the backup's, and throws the server away. Throws `drill_failed` with what differs, or why it could not be done.
 */
export async function runDrill(o: {
  manifest: Manifest
  contents: BackupContents
  schemaText: Uint8Array
  reader: ChunkReader
  jobs: number
  clock: Clock
  signal?: AbortSignal | undefined
  onProgress?: OnProgress | undefined
}): Promise<DrillReport> {
  const started = o.clock.now().getTime()
  o.onProgress?.({ phase: 'starting a scratch server', done: 0, total: null, unit: 'objects' })
  await using server = await startServer({
    // The newest hosts what any older one had.
    major: 18,
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
  try {
    const { plan, report, target } = await restoreInto(o, server)
    const missing = missingObjects(plan.entries, await readEntries(target, o.signal))
    if (missing.length > 0) {
      throw new HoldfastError(
        'drill_failed',
        `${missing.length} objects are not in the restored database: ${missing.slice(0, 5).join(', ')}.`,
        {
          details: { missing },
        },
      )
    }
    return {
      backup: o.manifest.id,
      server: server.version,
      tables: report.tables,
      rows: report.rows,
      plainBytes: report.plainBytes,
      objects: plan.entries.length,
      notVerified: notVerified(plan, o.contents, report),
      seconds: (o.clock.now().getTime() - started) / 1000,
      phases: report.phases,
    }
  } catch (error) {
    if (isHoldfastError(error, 'cancelled') || isHoldfastError(error, 'drill_failed')) throw error
    const details = isHoldfastError(error) ? { ...error.details, code: error.code } : {}
    if (await server.endsWithin(1000)) {
      throw new HoldfastError(
        'drill_failed',
        `The scratch server ended while backup ${o.manifest.id} was restored into it. Its log ends with:\n${server.logTail().slice(-1000).trim()}`,
        { hint: 'See whether the machine ran out of memory or disk space, and run it again.', cause: error },
      )
    }
    throw new HoldfastError(
      'drill_failed',
      `Backup ${o.manifest.id} could not be restored as it was: ${messageOf(error)}`,
      {
        cause: error,
        details,
      },
    )
  }
}

const connections = 50
const gibibyte = 1024 ** 3

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

async function restoreInto(
  o: Parameters<typeof runDrill>[0],
  server: EmbeddedServer,
): Promise<{ plan: RestorePlan; report: RestoreReport; target: ServerAddress }> {
  const root = parseAddress(server.url(), {}, localFiles)
  // A name that no backed up role, setting or grant can depend on would differ; the source's own is the truest.
  const target = parseAddress(server.url(scratchName(o.contents.database.name)), {}, localFiles)
  const options = {
    ...defaultRestoreOptions,
    createDatabase: true,
    roles: 'all' as const,
    allowLocaleFallback: true,
    withoutExtensions: await missingExtensions(root, o.contents, o.signal),
  }
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

async function readEntries(
  target: ServerAddress,
  signal: AbortSignal | undefined,
): Promise<readonly SchemaEntry[]> {
  await using wire = await connectWire({ address: target, signal })
  return (await dumpSchema({ wire, signal })).entries
}

/** Objects are told apart by kind, schema and name: the text may differ from major to major. */
function missingObjects(restored: readonly SchemaEntry[], found: readonly SchemaEntry[]): string[] {
  const label = (e: SchemaEntry): string => `${e.type} ${e.schema ?? ''}.${e.name}`
  const there = new Set(found.map(label))
  return restored.filter((e) => e.type !== 'SECURITY LABEL' && !there.has(label(e))).map(label)
}

function notVerified(
  plan: RestorePlan,
  contents: BackupContents,
  report: RestoreReport,
): DrillReport['notVerified'] {
  const restored = new Set(report.tables.map((t) => `${t.schema}.${t.name}`))
  return [
    ...plan.leftOut.map((l) => ({ what: `${l.type.toLowerCase()} ${l.name}`, why: l.why })),
    ...contents.tables
      .filter((t) => t.data === 'held' && !restored.has(`${t.schema}.${t.name}`))
      .map((t) => ({
        what: `rows of ${t.schema}.${t.name}`,
        why: 'the scratch server could not make the table',
      })),
    ...contents.tables
      .filter((t) => t.data !== 'held')
      .map((t) => ({ what: `rows of ${t.schema}.${t.name}`, why: 'the backup does not hold them' })),
    ...contents.gaps.map((g) => ({ what: g.what, why: `the backup does not hold it: ${g.why}` })),
    ...report.warnings
      .filter((w) => !plan.warnings.includes(w))
      .map((why) => ({ what: 'exactness of the scratch database', why })),
  ]
}
