import { HoldfastError } from '../../lib/errors.ts'
import { qualified } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { TableContents } from '../../repository/format/contents.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import { readPieces, type ChunkCache } from '../../repository/pieces.ts'
import type { ChunkReader } from '../../repository/types.ts'
import { compareTables } from '../compare.ts'
import { copyInSql } from '../load.ts'
import { recordTable, rememberSql } from './record.ts'

/**
 * Loads pg_cron's jobs, compares them with what the source counted and hashed, and switches them off, all in one transaction: the
 * scheduler reads the table as soon as it changes, and would find them on in between.
 */
export async function loadCronJobs(o: {
  wire: Wire
  table: TableContents
  manifest: Manifest
  reader: ChunkReader
  cache: ChunkCache
  encoding: string
  signal?: AbortSignal | undefined
}): ReturnType<typeof compareTables> {
  const { wire } = o
  const ranges = o.table.ranges.filter((r) => r.rows > 0)
  // A row's transaction tells its range when samples are compared. Here there is one for all.
  const samples = ranges.length > 1 ? [] : (o.table.fingerprint?.samples ?? [])
  const table: TableContents = {
    ...o.table,
    fingerprint: o.table.fingerprint === null ? null : { ...o.table.fingerprint, samples },
  }
  await wire.query('BEGIN')
  const pieces = ranges.flatMap((r) => r.pieces)
  const loaded = await wire.copyIn(copyInSql(table, o.encoding), readPieces({ ...o, pieces, release: true }))
  if (loaded !== table.rows) {
    throw new HoldfastError('restore_differs', `cron.job: the server took ${loaded} of ${table.rows} rows.`)
  }
  const [row] = await wire.query('SELECT pg_catalog.pg_current_xact_id()::pg_catalog.xid')
  const transactions = new Map([[table, new Map(samples.map((s) => [s.range, row?.[0] ?? '0']))]])
  const compared = await compareTables({
    wires: [wire],
    tables: [table],
    transactions,
    onDone: () => undefined,
  })
  const jobs = qualified(table.schema, table.name)
  await wire.query(
    `${rememberSql(recordTable('rows'), `SELECT 'cron job', '', '', jobid::pg_catalog.text, 'active' FROM ${jobs} WHERE active`)};
     UPDATE ${jobs} SET active = false WHERE active`,
  )
  await wire.query('COMMIT')
  return compared
}
