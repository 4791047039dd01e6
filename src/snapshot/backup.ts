import { throwIfCancelled } from '../lib/abort.ts'
import type { Clock } from '../lib/clock.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import { connect, type ServerAddress } from '../postgres/connect.ts'
import { locksExhausted } from '../postgres/failures.ts'
import { listTables } from '../postgres/introspect/tables.ts'
import { precheckSource, type Precheck } from '../postgres/precheck.ts'
import { requireSupported } from '../postgres/supported.ts'
import type { BackupContents, BackupScope } from '../repository/format/contents.ts'
import { requireDescription, requireLabel } from '../repository/format/fields.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import type { BackupWriter } from '../repository/types.ts'
import { version } from '../version.ts'
import { openSnapshot } from './consistent.ts'
import type { Proof } from './fingerprint.ts'
import { readContents } from './contents.ts'
import { chooseTables } from './scope.ts'

export interface BackupRequest {
  readonly writer: BackupWriter
  readonly source: ServerAddress
  readonly scope: BackupScope
  readonly proof: Proof
  /** Connections that read rows; the snapshot's leader and one for the catalogs come on top. */
  readonly jobs: number
  /** How long to wait for a lock on a table before giving up. */
  readonly lockTimeoutMs: number
  readonly name: string | null
  readonly description: string | null
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/**
 * Makes one full backup. It exists when its manifest does, which is written last: after every chunk is durable, every
 * connection has ended its work without error, and the rows received equal those that the source counted.
 * Whatever fails before leaves only chunks, which the next backup uses again.
 */
export async function runBackup(o: BackupRequest): Promise<MadeBackup> {
  if (o.name !== null) requireLabel('The name of a backup', o.name)
  if (o.description !== null) requireDescription(o.description)
  o.onProgress?.({ phase: 'locking tables', done: 0, total: null, unit: 'tables' })
  const { locksHint } = await precheck(o)
  try {
    return await makeBackup(o)
  } catch (error) {
    throw standbyConflict(error) ?? locksExhausted(error, { hint: locksHint ?? undefined }) ?? error
  }
}

interface MadeBackup {
  readonly manifest: Manifest
  readonly contents: BackupContents
}

async function makeBackup(o: BackupRequest): Promise<MadeBackup> {
  const { started } = o.writer
  await using connections = new AsyncDisposableStack()
  const onProgress = o.onProgress ?? ((): void => undefined)
  const snapshot = await openSnapshot({
    address: o.source,
    lockTimeoutMs: o.lockTimeoutMs,
    signal: o.signal,
    connections,
  })
  const contents = await readContents({ ...o, snapshot, onProgress })
  throwIfCancelled(o.signal)

  const index = await o.writer.store(new TextEncoder().encode(JSON.stringify(contents)))
  const chunks = o.writer.chunks()
  const held = contents.tables.filter((t) => t.data === 'held')
  // A clock that was set back meanwhile must not let a backup end before it began.
  const finished = new Date(Math.max(started.getTime(), o.clock.now().getTime()))
  const manifest: Manifest = {
    ...(o.writer.lock === null ? { format: 2 } : { format: 3, lock: o.writer.lock }),
    id: o.writer.id,
    sequence: o.writer.sequence,
    kind: 'full',
    name: o.name,
    description: o.description,
    source: o.writer.keyedHash(
      `${contents.server.systemIdentifier ?? o.source.host}/${contents.database.name}`,
    ),
    scope: scopeHash(o),
    host: o.writer.host,
    holdfast: version,
    started: started.toISOString(),
    moment: snapshot.moment,
    finished: finished.toISOString(),
    lsn: snapshot.lsn,
    major: contents.server.major,
    epoch: o.writer.epoch,
    totals: {
      tables: held.length,
      rows: held.reduce((sum, t) => sum + t.rows, 0),
      plainBytes: held.reduce((sum, t) => sum + t.plainBytes, 0),
      storedBytes: o.writer.stats.storedBytes,
      newChunks: o.writer.stats.newChunks,
      newStoredBytes: o.writer.stats.newStoredBytes,
      reusedChunks: o.writer.stats.reusedChunks,
      gaps: contents.gaps.length,
    },
    contents: chunks[index]?.[0] ?? '',
    chunks,
  }
  await o.writer.commit(manifest)
  return { manifest, contents }
}

/** Tells backups of one choice of rows from those of another, without saying what was chosen. Null: nothing was left out. */
function scopeHash({ writer, scope }: BackupRequest): string | null {
  const chosen = [scope.schemas, scope.tables, scope.excludeTables, scope.excludeData].map((patterns) =>
    [...new Set(patterns)].sort(),
  )
  if (chosen.every((patterns) => patterns.length === 0)) return null
  return writer.keyedHash(`scope ${JSON.stringify(chosen)}`)
}

/** Refuses what could only become a subset: a server that may have what is not known here, tables in scope that the role may not read, or not all rows of. */
async function precheck(o: BackupRequest): Promise<Precheck> {
  await using connection = await connect({ address: o.source, signal: o.signal })
  requireSupported(connection)
  const tables = (await listTables(connection)).filter((t) => t.kind === 'table')
  // Tables that are not chosen are locked, too: their definitions are part of the schema.
  const locked = tables.filter((t) => t.readable).length
  return await precheckSource(connection, chooseTables(tables, o.scope).held, locked)
}

/**
 * Whatever was done when it came: a standby that must replay what a transaction stands in the way of ends that with this
 * SQLSTATE, as an error or with the session. Nothing else gives it to a transaction that only reads.
 */
function standbyConflict(error: unknown): HoldfastError | null {
  if (!isHoldfastError(error) || error.details['sqlstate'] !== '40001') return null
  const { details, message } = error
  const why = typeof details['detail'] === 'string' ? ` ${details['detail']}` : ''
  return new HoldfastError('source_standby_conflict', `The standby ended the backup: ${message}.${why}`, {
    cause: error,
    details,
  })
}
