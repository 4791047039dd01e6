import { throwIfCancelled } from '../lib/abort.ts'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import { adaptEntry, type TargetAbilities } from '../postgres/schema/adapt.ts'
import { entryName, type SchemaEntry } from '../postgres/schema/entry.ts'
import { runSql } from '../postgres/schema/run.ts'
import type { Wire } from '../postgres/wire.ts'
import type { LeftOut } from './left-out.ts'
import { reliesOnPath, withPath } from './rescue.ts'

/** The SQL of one entry in the source's encoding, ready to run. */
export type EntrySql = (entry: SchemaEntry) => Uint8Array

/** Cuts entries out of the schema text, without owners and without what the target can't do, if so planned. */
export function entrySql(o: { text: Uint8Array; noOwner: boolean; target: TargetAbilities }): EntrySql {
  return (entry) => {
    const length = o.noOwner ? entry.lengthWithoutOwner : entry.length
    const sql = Buffer.from(o.text.buffer, o.text.byteOffset + entry.offset, length)
    // One character per byte: whatever the encoding is, bytes come out as they went in.
    return Buffer.from(adaptEntry(sql.toString('latin1'), o.target).sql, 'latin1')
  }
}

/** Statements sent at once: a round trip for each of thousands of small objects is what costs. */
const batchEntries = 100
const batchLength = 256 * 1024

/**
 * Runs entries in the given order. A batch that fails has left nothing (it is one implicit transaction, or goes back to a
 * savepoint of the open one), and is run again one by one, so that the error names the object.
 */
export async function runEntries(o: {
  wire: Wire
  /** The caller has a transaction open on the wire. Default: none is. */
  inTransaction?: boolean
  entries: readonly SchemaEntry[]
  sql: EntrySql
  signal?: AbortSignal | undefined
  onDone?: (count: number) => void
  /**
   * Told of a security label that the target can't take, because it has not loaded the label's provider, and of a comment on
   * an extension that was there before and is somebody else's.
   */
  onSkipped: (what: string) => void
  /** Takes what the rows do not let be, and what needs it. Default: it fails as all else does. */
  leftOut?: LeftOut | null
}): Promise<void> {
  for (const batch of batches(o.entries, o.sql)) {
    throwIfCancelled(o.signal)
    if (o.inTransaction) await o.wire.query('SAVEPOINT batch')
    try {
      await runSql({ wire: o.wire, sql: join(batch.map(o.sql)) })
    } catch (error) {
      if (!isHoldfastError(error, 'query_failed')) throw error
      if (o.inTransaction) await o.wire.query('ROLLBACK TO SAVEPOINT batch')
      for (const entry of batch) {
        if ((await o.leftOut?.takeIfInNeed(o.wire, entry)) === true) continue
        try {
          await runEntry(o.wire, entry, o.sql, o.inTransaction)
        } catch (failure) {
          if (isDispensable(entry, failure)) o.onSkipped(messageOf(failure))
          else if (o.leftOut) o.leftOut.take(entry, failure)
          else throw failure
        }
      }
    }
    o.onDone?.(batch.length)
  }
}

function isDispensable(entry: SchemaEntry, failure: unknown): boolean {
  if (entry.type === 'SECURITY LABEL') return true
  const denied = isHoldfastError(failure) && failure.details['sqlstate'] === '42501'
  return denied && entry.type === 'COMMENT' && entry.name.startsWith('EXTENSION ')
}

/**
 * Runs one entry; a failure of the server is thrown as `restore_failed` naming the object. What runs functions that rely on a
 * search path (an index on an expression, a materialized view) is run once more under that of its schema.
 */
export async function runEntry(
  wire: Wire,
  entry: SchemaEntry,
  sql: EntrySql,
  inTransaction = false,
): Promise<void> {
  const run = async (): Promise<void> => {
    if (inTransaction) await wire.query('SAVEPOINT entry')
    try {
      await runSql({ wire, sql: sql(entry) })
    } catch (error) {
      if (inTransaction && isHoldfastError(error, 'query_failed'))
        await wire.query('ROLLBACK TO SAVEPOINT entry')
      throw error
    }
  }
  try {
    await run().catch((error: unknown) => {
      if (entry.phase === 'pre' || entry.schema === null || !reliesOnPath(error)) throw error
      return withPath(wire, entry.schema, run)
    })
  } catch (error) {
    if (!isHoldfastError(error, 'query_failed')) throw error
    throw new HoldfastError('restore_failed', `${entryLabel(entry)} could not be made: ${messageOf(error)}`, {
      cause: error,
      details: { ...error.details, type: entry.type, schema: entry.schema, name: entry.name },
    })
  }
}

/** e.g. `index shop.orders_pkey` */
export function entryLabel(entry: SchemaEntry): string {
  return `${entry.type.toLowerCase()} ${entryName(entry)}`
}

function* batches(entries: readonly SchemaEntry[], sql: EntrySql): Generator<SchemaEntry[]> {
  let batch: SchemaEntry[] = []
  let length = 0
  for (const entry of entries) {
    batch.push(entry)
    length += sql(entry).length
    if (batch.length >= batchEntries || length >= batchLength) {
      yield batch
      batch = []
      length = 0
    }
  }
  if (batch.length > 0) yield batch
}

function join(statements: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(statements.flatMap((s) => [s, newline]))
}

const newline = Buffer.from('\n')
