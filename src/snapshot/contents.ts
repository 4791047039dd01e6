import { HoldfastError } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import type { Connection } from '../postgres/connect.ts'
import { readDatabase } from '../postgres/globals/database.ts'
import { readRoles } from '../postgres/globals/roles.ts'
import { readSequences } from '../postgres/introspect/sequences.ts'
import { tableLabel, type TableFacts } from '../postgres/introspect/tables.ts'
import { dumpSchema } from '../postgres/schema/dump.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import { createChunker, type Chunker } from '../repository/chunker.ts'
import type { BackupContents, Gap, Piece, ServerFacts, TableContents } from '../repository/format/contents.ts'
import type { BackupRequest } from './backup.ts'
import type { ConsistentSnapshot } from './consistent.ts'
import { hiddenGaps } from './hidden.ts'
import { copyLargeObjects } from './large-objects.ts'
import { readTables, type TableRows } from './rows.ts'
import { chooseTables } from './scope.ts'
import { requireUnchanged } from './unlocked.ts'

/** Reads all that a backup holds. When it resolves, every chunk that the contents name is durable. */
export async function readContents(
  o: BackupRequest & { snapshot: ConsistentSnapshot; onProgress: OnProgress },
): Promise<BackupContents> {
  const catalog = await o.snapshot.joinCatalog()
  const server = await readServer(catalog, o.snapshot)
  const tables = o.snapshot.tables.filter((t) => t.kind === 'table')
  const chosen = chooseTables(tables, o.scope)
  // A standby has no rows of unlogged tables: their contents are the primary's alone.
  const onPrimary = chosen.held.filter((t) => o.snapshot.inRecovery && t.persistence === 'unlogged')
  const denied = o.snapshot.tables.filter((t) => !t.readable)
  const unreadable = new Set([...onPrimary, ...denied])
  const held = chosen.held.filter((t) => !onPrimary.includes(t))
  requireReadable(held)

  const leaderWork = readWithLeader(o)
  const [leader, rows] = await Promise.all([
    leaderWork,
    readTables({ ...o, leaderFree: leaderWork, tables: held, encoding: server.encoding }),
  ])

  await requireUnchanged({ catalog, address: o.source, tables: denied, signal: o.signal })
  o.onProgress({ phase: 'reading roles and sequences', done: 0, total: null, unit: 'objects' })
  const database = await readDatabase(catalog)
  const roles = await readRoles(catalog)
  const sequences = await readSequences(catalog, o.snapshot.inRecovery)
  const usedRoles = await readUsedRoles(catalog)
  const hidden = await hiddenGaps(catalog, o.snapshot.inRecovery)
  await o.snapshot.requireLocks()
  return {
    format: 2,
    server,
    database,
    roles: roles.roles,
    usedRoles,
    schema: leader.schema,
    tables: tables.map((t) => describeTable(t, rows.get(t.oid), unreadable.has(t))),
    sequences: sequences.sequences,
    largeObjects: leader.largeObjects.contents,
    gaps: [
      ...roles.gaps,
      ...leader.largeObjects.gaps,
      ...hidden,
      ...denied
        .filter((t) => t.kind === 'table')
        .map((t) => gap(`rows of ${tableLabel(t)}`, 'The role may not read the table.')),
      ...onPrimary.map((t) =>
        gap(`rows of ${tableLabel(t)}`, 'The table is unlogged: a standby does not have its rows.'),
      ),
      ...sequences.unreadable.map((name) =>
        gap(`value of sequence ${name}`, 'The role may not read it: grant SELECT on it.'),
      ),
    ],
    scope: o.scope,
    proof: o.proof,
  }
}

/** Asked for before the snapshot as well; this is for a table that was made, or taken from the role, in between. */
function requireReadable(held: readonly TableFacts[]): void {
  const denied = held.filter((t) => !t.readable)
  if (denied.length === 0) return
  throw new HoldfastError(
    'source_denied',
    `The role may not read ${denied.slice(0, 20).map(tableLabel).join(', ')}, which came up as the backup began.`,
  )
}

/** What is read on the connection that holds the locks, so that no session that waits for a lock can stand in its way. */
async function readWithLeader(o: BackupRequest & { snapshot: ConsistentSnapshot }): Promise<{
  schema: { pieces: Piece[]; entries: readonly SchemaEntry[] }
  largeObjects: Awaited<ReturnType<typeof copyLargeObjects>>
}> {
  const dump = await dumpSchema({
    wire: o.snapshot.leader,
    keepTransaction: true,
    signal: o.signal,
  })
  // pg_dump leaves it at none: what is left to this connection would wait for ever for a lock that it does not hold.
  await o.snapshot.leader.query(`SET lock_timeout = ${o.lockTimeoutMs}`)
  const chunker = createChunker({ store: (bytes) => o.writer.store(bytes) })
  const pieces = await storeBytes(chunker, dump.text)
  const largeObjects = await copyLargeObjects({ snapshot: o.snapshot, chunker })
  return { schema: { pieces, entries: dump.entries }, largeObjects }
}

async function storeBytes(chunker: Chunker, bytes: Uint8Array): Promise<Piece[]> {
  chunker.begin()
  await chunker.write(bytes, true)
  const run = chunker.end()
  await chunker.flush()
  return run.pieces()
}

function describeTable(table: TableFacts, rows: TableRows | undefined, unreadable: boolean): TableContents {
  const ranges = rows?.ranges ?? []
  return {
    oid: table.oid,
    filenode: table.filenode,
    schema: table.schema,
    name: table.name,
    columns: table.columns.map((c) => ({ name: c.name, type: c.type })),
    rows: ranges.reduce((sum, r) => sum + r.rows, 0),
    plainBytes: ranges.reduce((sum, r) => sum + r.pieces.reduce((bytes, p) => bytes + p.length, 0), 0),
    condition: table.extensionCondition === '' ? null : table.extensionCondition,
    data: rows ? 'held' : unreadable ? 'unreadable' : 'excluded',
    loadVia: table.loadVia,
    parents: table.parents,
    ranges,
    fingerprint: rows?.fingerprint ?? null,
  }
}

/** Every role that something in the database, or the database itself, is owned by or granted to. */
async function readUsedRoles(catalog: Connection): Promise<string[]> {
  const rows = await catalog.query<{ name: string }>(
    `SELECT DISTINCT r.rolname AS name FROM pg_catalog.pg_shdepend d
     JOIN pg_catalog.pg_database b ON b.datname = pg_catalog.current_database()
     JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid
     WHERE d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND (d.dbid = b.oid
       OR (d.dbid = 0 AND d.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND d.objid = b.oid))
     ORDER BY 1`,
  )
  return rows.map((r) => r.name)
}

async function readServer(catalog: Connection, snapshot: ConsistentSnapshot): Promise<ServerFacts> {
  const [facts] = await catalog.query<{
    version: string
    encoding: string
    incarnation: string
    permitted: boolean
  }>(
    `SELECT pg_catalog.current_setting('server_version') AS version, pg_catalog.current_setting('server_encoding') AS encoding,
       pg_catalog.pg_postmaster_start_time()::pg_catalog.text AS incarnation,
       pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
         AND pg_catalog.has_function_privilege('pg_catalog.pg_control_checkpoint()', 'EXECUTE') AS permitted`,
  )
  // Some managed servers forbid these functions; then backups of a renamed or promoted server are not told apart.
  const [control] = facts?.permitted
    ? await catalog.query<{ id: string; timeline: number }>(
        `SELECT s.system_identifier::pg_catalog.text AS id, c.timeline_id AS timeline
         FROM pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c`,
      )
    : []
  return {
    version: (facts?.version ?? '').split(' ')[0] ?? '',
    major: Math.floor(catalog.version / 10_000),
    systemIdentifier: control?.id ?? null,
    timeline: control?.timeline ?? null,
    inRecovery: snapshot.inRecovery,
    encoding: facts?.encoding ?? 'UTF8',
    horizon: snapshot.horizon,
    incarnation: facts?.incarnation ?? null,
  }
}

function gap(what: string, why: string): Gap {
  return { what, why }
}
