import type { Sentence } from '../../lib/sentence.ts'
import { connectWire, type ServerAddress } from '../../postgres/connect.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { qualified } from '../../postgres/quote.ts'
import { dumpSchema } from '../../postgres/schema/dump.ts'
import { entryKey, type SchemaEntry } from '../../postgres/schema/entry.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { BackupContents } from '../../repository/format/contents.ts'
import type {
  SafetyContents,
  SafetyDroppedTable,
  SafetyTable,
} from '../../repository/format/restore-contents.ts'
import { entryLabel } from '../entries.ts'
import { sentence } from '../sentences.ts'
import { refused } from './apply.ts'
import type { LiveTable } from './live.ts'
import { fingerprintTables, isSame, type MadeFingerprint } from './made-fingerprint.ts'
import { storeRows } from './safety.ts'
import type { MadeTable } from './types.ts'
import { keyOf } from './units.ts'

/** A table that undoing a restore drops, because the restore has made it. */
export interface DroppingTable extends MadeTable {
  readonly live: LiveTable
  /** What it holds now. */
  readonly now: MadeFingerprint
  /** Its rows are not those of the backup: they are kept in the safety backup. */
  readonly keptRows: boolean
  /** It does not belong to whom the backup names. */
  readonly noOwner: boolean
}

/** The backup that the restore's tables were made from. `contents` are null if it can't be read any more. */
export interface MadeFromBackup {
  readonly id: string
  readonly contents: BackupContents | null
}

export interface FoundDropping {
  readonly dropping: readonly DroppingTable[]
  /** Object ids of all tables that go, partitions too. */
  readonly going: ReadonlySet<number>
  readonly problems: readonly Sentence[]
  readonly warnings: readonly Sentence[]
}

/**
 * Finds which tables go when a restore is undone, and what keeps them from it: they are dropped only if they can be made again
 * from the backup, or it is told that they can't.
 */
export async function findDropping(o: {
  wire: Wire
  target: ServerAddress
  safety: SafetyContents
  backup: MadeFromBackup | null
  /** Those of the target that are named in `safety`. */
  live: readonly LiveTable[]
  overwrite: boolean
  signal?: AbortSignal | undefined
}): Promise<FoundDropping> {
  const { wire, safety, live, overwrite } = o
  const made = new Map(safety.madeTables.map((t) => [keyOf(t), t]))
  const own = live.filter((t) => made.has(keyOf(t)))
  const ownIds = new Set(own.map((t) => t.oid))
  const dropping: DroppingTable[] = []
  const problems: Sentence[] = []
  for (const table of own) {
    const then = made.get(keyOf(table))
    // Partitions go with their table.
    if (then === undefined || table.above.some((oid) => ownIds.has(oid))) continue
    const [now] = await fingerprintTables(wire, [table])
    if (now === undefined) continue
    const used = !isSame(now, then)
    const keptRows = used || then.keptRows
    const { schema, name } = table
    const owner = ownerInBackup(o.backup, table)
    const noOwner = owner !== null && owner !== (await ownerOf(wire, table))
    const label = tableLabel(table)
    dropping.push({ schema, name, rows: now.rows, live: table, now, keptRows, noOwner })
    if (table.restricted)
      problems.push(
        sentence(
          'drop_hidden',
          { table: label },
          `Row level security hides rows of ${label}, which goes, from this role: undo as a role that bypasses it.`,
        ),
      )
    if (used && !overwrite)
      problems.push(
        sentence(
          'drop_changed',
          { table: label },
          `Rows of ${label}, which the restore has made, have changed since: undoing would drop them, and does with --overwrite.`,
        ),
      )
    if (!hasColumnsOf(o.backup, table))
      problems.push(
        sentence(
          'drop_other_columns',
          { table: label },
          `The columns of ${label}, which the restore has made, are not those of the backup any more, so that it could not be made again: drop it yourself if it is to go.`,
        ),
      )
  }
  if (dropping.length === 0) return { dropping, going: new Set(), problems, warnings: [] }
  problems.push(...(await alsoTaken(wire, [...ownIds])))
  return {
    dropping,
    going: new Set(dropping.flatMap((t) => [t.live.oid, ...t.live.below])),
    problems,
    warnings: [...dropping.map((t) => howBack(t, o.backup)), ...(await lostWith(o))],
  }
}

function howBack(table: DroppingTable, backup: MadeFromBackup | null): Sentence {
  const label = tableLabel(table)
  const values = { table: label, backup: backup?.id ?? '' }
  if (backup === null || backup.contents === null)
    return sentence(
      table.keptRows ? 'dropped_rows_kept' : 'dropped_for_ever',
      values,
      `${label} is dropped, and undoing that can't bring it back, since backup ${backup?.id ?? ''} can't be read any more${table.keptRows ? '; its rows are kept in the safety backup' : ''}.`,
    )
  const rows = table.keptRows
    ? ', with the rows that it has now, which are kept in the safety backup'
    : ', which has the same rows'
  return sentence(
    table.keptRows ? 'dropped_with_rows' : 'dropped',
    values,
    `${label} is dropped; undoing that makes it again from backup ${backup.id}${rows}.`,
  )
}

function hasColumnsOf(backup: MadeFromBackup | null, live: LiveTable): boolean {
  const contents = backup?.contents ?? null
  if (contents === null) return true
  const key = keyOf(live)
  const from =
    contents.tables.find((t) => keyOf(t) === key) ??
    contents.tables.find((t) => t.parents.some((p) => keyOf(p) === key))
  const list = (columns: readonly { name: string; type: string }[]): string =>
    columns
      .map((c) => JSON.stringify([c.name, c.type]))
      .sort()
      .join()
  return from !== undefined && list(from.columns) === list(live.columns.filter((c) => !c.generated))
}

function ownerInBackup(backup: MadeFromBackup | null, table: MadeTableName): string | null {
  return backup?.contents?.schema.entries.find((e) => isTable(e, table))?.owner ?? null
}

type MadeTableName = Pick<MadeTable, 'schema' | 'name'>

function isTable(entry: SchemaEntry, table: MadeTableName): boolean {
  return entry.type === 'TABLE' && entry.schema === table.schema && entry.name === table.name
}

async function ownerOf(wire: Wire, table: LiveTable): Promise<string | null> {
  const [row] = await wire.query(
    `SELECT pg_catalog.pg_get_userbyid(relowner) FROM pg_catalog.pg_class WHERE oid = ${table.oid}`,
  )
  return row?.[0] ?? null
}

/** What CASCADE would take with rows in it, and no backup has. */
async function alsoTaken(wire: Wire, oids: readonly number[]): Promise<Sentence[]> {
  const list = `ARRAY[${oids.join(', ')}]::pg_catalog.oid[]`
  const children = await wire.query(
    `SELECT DISTINCT n.nspname, c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE i.inhparent = ANY (${list}) AND NOT c.oid = ANY (${list}) AND c.relkind IN ('r', 'p', 'f') ORDER BY 1, 2`,
  )
  const columns = await wire.query(
    `SELECT DISTINCT n.nspname, c.relname, a.attname FROM pg_catalog.pg_type t
     JOIN pg_catalog.pg_attribute a ON a.atttypid IN (t.oid, t.typarray) AND NOT a.attisdropped AND a.attnum > 0
     JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm', 'f') JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE t.typrelid = ANY (${list}) AND NOT c.oid = ANY (${list}) ORDER BY 1, 2, 3`,
  )
  return [
    ...children.map(([schema, name]) =>
      sentence(
        'drop_takes_table',
        { table: `${schema}.${name}` },
        `The table ${schema}.${name} was made from one that the restore has made, and would go with it: detach or drop it first.`,
      ),
    ),
    ...columns.map(([schema, name, column]) =>
      sentence(
        'drop_takes_column',
        { table: `${schema}.${name}`, column: column ?? '' },
        `The column ${column} of ${schema}.${name} has the type of a table that the restore has made, and would go with it: drop it first.`,
      ),
    ),
  ]
}

/** What has come since and hangs on the tables: it goes with them, and the backup does not have it. */
async function lostWith(o: Parameters<typeof findDropping>[0]): Promise<Sentence[]> {
  const contents = o.backup?.contents ?? null
  if (contents === null) return []
  const known = new Set(contents.schema.entries.map(entryKey))
  await using wire = await connectWire({ address: o.target, signal: o.signal })
  const { entries } = await dumpSchema({ wire, signal: o.signal })
  const going = new Set(
    entries.filter((e) => o.safety.madeTables.some((t) => isTable(e, t))).map((e) => e.id),
  )
  const lost: SchemaEntry[] = []
  for (const entry of entries) {
    if (going.has(entry.id) || !entry.dependsOn.some((id) => going.has(id))) continue
    // Another table loses a key or a default at most, which are entries of their own.
    if (entry.type === 'TABLE') continue
    going.add(entry.id)
    if (!known.has(entryKey(entry))) lost.push(entry)
  }
  return lost.map((e) =>
    sentence(
      'goes_too',
      { what: entryLabel(e) },
      `${entryLabel(e)} goes, too; the backup does not have it, and undoing can't bring it back.`,
    ),
  )
}

/** Stores the rows that are in no backup, then drops all at once, since one table may take another with it. */
export async function dropTables(o: {
  wire: Wire
  dropping: readonly DroppingTable[]
  encoding: string
  store: (bytes: Uint8Array<ArrayBuffer>) => Promise<number>
}): Promise<{ kept: readonly SafetyTable[]; dropped: readonly SafetyDroppedTable[] }> {
  const { wire, dropping } = o
  const kept: SafetyTable[] = []
  for (const { live, keptRows, rows } of dropping) {
    if (!keptRows) continue
    const columns = live.columns.filter((c) => !c.generated).map(({ name, type }) => ({ name, type }))
    kept.push({
      schema: live.schema,
      name: live.name,
      columns,
      key: live.keys.find((k) => k.complete)?.columns.map((c) => c.name) ?? null,
      created: 0,
      updated: 0,
      deleted: rows,
      pieces: await storeRows({ ...o, live }),
    })
  }
  for (const { live } of dropping) await detach(wire, live)
  if (dropping.length > 0)
    await wire.query(`DROP TABLE ${dropping.map((t) => qualified(t.schema, t.name)).join(', ')} CASCADE`)
  return {
    kept,
    dropped: dropping.map(({ schema, name, keptRows, noOwner }) => ({ schema, name, keptRows, noOwner })),
  }
}

/** With a partition, CASCADE would drop what refers to the whole table. */
async function detach(wire: Wire, { oid, schema, name }: LiveTable): Promise<void> {
  const [of] = await wire.query(
    `SELECT n.nspname, c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhrelid AND p.relispartition
     JOIN pg_catalog.pg_class c ON c.oid = i.inhparent JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE i.inhrelid = ${oid}`,
  )
  if (of === undefined) return
  const sql = `ALTER TABLE ${qualified(of[0] ?? '', of[1] ?? '')} DETACH PARTITION ${qualified(schema, name)}`
  await wire.query(sql).catch((error: unknown) => {
    throw refused(error)
  })
}
