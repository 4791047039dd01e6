import { HoldfastError } from '../../lib/errors.ts'
import type { OnProgress } from '../../lib/progress.ts'
import type { Sentence } from '../../lib/sentence.ts'
import { describeAddress, type ServerAddress } from '../../postgres/connect.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { ident, literal } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { TableContents } from '../../repository/format/contents.ts'
import type { SafetyContents, SafetyTable } from '../../repository/format/restore-contents.ts'
import { createChunkCache, readPieces } from '../../repository/pieces.ts'
import type { HeldBack } from '../../repository/held-back.ts'
import type { ChunkReader } from '../../repository/types.ts'
import { heldBackSentence, sentence } from '../sentences.ts'
import { findDropping, type MadeFromBackup } from './drop.ts'
import { keptRowsOf } from './kept-rows.ts'
import { readForeignKeys, readLiveTables } from './live.ts'
import { nothingToMake, planMaking, type Making } from './made.ts'
import { liveOf, storedOf, withoutDomain } from './names.ts'
import { problemsOf, problemsOfDatabase } from './problems.ts'
import { quietly } from './quiet.ts'
import { readKeyRights } from './rights.ts'
import { readRole } from './role.ts'
import type { Unit } from './types.ts'
import { readSystemIdentifier } from './target-facts.ts'
import { findUndoing, recordOf } from './undo-diff.ts'
import { keyOf, undoUnit } from './units.ts'
import { openWorkspaceWire } from './workspace-wire.ts'
import type { Workspace } from './workspace.ts'

export interface UndoRequest {
  /** The id of the restore to undo, and its safety backup. */
  readonly restore: string
  /** The backup that it was of, or that what it undid was of. */
  readonly backup: MadeFromBackup | null
  readonly safety: SafetyContents
  readonly chunks: Parameters<typeof readPieces>[0]['manifest']['chunks']
  readonly reader: ChunkReader
  readonly target: ServerAddress
  /** Rows that somebody has changed since the restore are put back all the same. */
  readonly overwrite: boolean
  /** What `safety` lacks because it was erased. */
  readonly heldBack?: readonly HeldBack[] | undefined
  readonly lockTimeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/**
 * Opens a session on the target and brings there what the restore has changed, both sides of it. Undoing puts each row back to
 * what it was, if it still is what the restore made of it. Throws `undo_elsewhere` if the target is another database than the
 * restore's, and `undo_nothing` if the restore never came to its commit.
 */
export async function openUndoWorkspace(o: UndoRequest): Promise<Workspace> {
  const { safety, target, signal } = o
  await using opening = new AsyncDisposableStack()
  const wire = opening.use(await openWorkspaceWire(target, signal))
  await requireCommitted(wire, o)
  const live = await readLiveTables(wire, [
    ...safety.tables,
    ...safety.madeTables,
    ...safety.droppedTables,
    ...tablesDropped(o),
  ])
  const there = new Map(live.map((t) => [keyOf(t), t]))
  const again = await planMakingAgain(o, there)
  const kept = new Set(again.keptTables.map(keyOf))
  const gone = safety.tables.filter((t) => !there.has(keyOf(t)) && !kept.has(keyOf(t)))
  const units = safety.tables.flatMap((table, index) => {
    const now = there.get(keyOf(table))
    return now === undefined ? [] : [{ table, unit: undoUnit(table, now, index) }]
  })
  const { dropping, going, ...found } = await findDropping({ ...o, wire, live })
  // What goes refers to nothing any more.
  const foreignKeys = (await readForeignKeys(wire)).filter((k) => !going.has(k.child))
  const rights = await readKeyRights(wire, foreignKeys)
  const role = await readRole(wire)
  const problems = [
    ...(await problemsOfDatabase(wire)),
    ...problemsOf({
      units: units.map((u) => u.unit),
      options: { actions: actionsOf(safety), keepNewer: null },
      role,
      foreignKeys,
      rights,
    }),
    ...again.problems,
  ]
  const total = safety.tables.flatMap((t) => t.pieces).reduce((sum, p) => sum + p.length, 0)
  let bytes = 0
  const onBytes = (count: number): unknown =>
    o.onProgress?.({ phase: 'bringing rows', done: (bytes += count), total, unit: 'bytes' })
  if (problems.length === 0) for (const one of units) await stage({ ...o, wire, ...one, onBytes })
  const session = opening.move()
  return {
    wire,
    target,
    units: units.map((u) => u.unit),
    foreignKeys,
    role,
    rights,
    making: {
      ...again.making,
      kept: again.keptTables.map((table) =>
        keptRowsOf({
          table,
          rows: table.deleted - heldBackRows(o, table),
          index: safety.tables.indexOf(table),
          stage: (record, unit) => stage({ ...o, wire, table: record, unit, onBytes }),
        }),
      ),
    },
    dropping,
    survey: () => Promise.resolve(0),
    stage: () => Promise.resolve(),
    compare: (unit) => findUndoing(wire, unit, o.overwrite),
    bring: () => Promise.resolve(null),
    missingReferences: 'skip',
    lockTimeoutMs: o.lockTimeoutMs,
    about: {
      backup: o.backup?.id ?? null,
      moment: null,
      undoes: o.restore,
      target: describeAddress(target),
      database: target.database,
      actions: actionsOf(safety),
      newIds: false,
      where: null,
      keepNewer: null,
      heldBack: o.heldBack ?? [],
      problems: [...problems, ...found.problems],
      warnings: [
        ...found.warnings,
        ...again.warnings,
        ...(o.heldBack ?? []).map(heldBackSentence),
        ...gone.map((t) =>
          sentence(
            'table_gone',
            { table: tableLabel(t) },
            `The table ${tableLabel(t)} is gone: nothing of it can be undone.`,
          ),
        ),
      ],
    },
    [Symbol.asyncDispose]: () => session.disposeAsync(),
  }
}

/** The backup's tables whose rows lie in what was dropped. */
function tablesDropped({ safety, backup }: UndoRequest): TableContents[] {
  const dropped = new Set(safety.droppedTables.map(keyOf))
  return (backup?.contents?.tables ?? []).filter((t) => [t, ...t.parents].some((p) => dropped.has(keyOf(p))))
}

interface MakingAgain {
  readonly making: Making
  /** Those whose rows are in the safety backup. */
  readonly keptTables: readonly SafetyTable[]
  readonly problems: readonly Sentence[]
  readonly warnings: readonly Sentence[]
}

/** What an undo has dropped is made again, from the backup that it came from. */
async function planMakingAgain(o: UndoRequest, there: ReadonlyMap<string, unknown>): Promise<MakingAgain> {
  const { safety, backup } = o
  const back = safety.droppedTables.filter((t) => !there.has(keyOf(t)))
  const warnings = safety.droppedTables
    .filter((t) => there.has(keyOf(t)))
    .map((t) =>
      sentence(
        'table_there',
        { table: tableLabel(t) },
        `The table ${tableLabel(t)} is there again already: it is left as it is.`,
      ),
    )
  const contents = backup?.contents ?? null
  if (back.length === 0 || contents === null) {
    const problems = back.map((t) =>
      sentence(
        'not_made_again',
        { table: tableLabel(t), backup: backup?.id ?? '' },
        `${tableLabel(t)} can be made again only from backup ${backup?.id ?? ''}, which can't be read any more.`,
      ),
    )
    return { making: nothingToMake, keptTables: [], problems, warnings }
  }
  const names = new Set(back.map(keyOf))
  const missing = tablesDropped(o).filter(
    (t) => !there.has(keyOf(t)) && [t, ...t.parents].some((p) => names.has(keyOf(p))),
  )
  const making = await planMaking({ ...o, contents, missing })
  const keptNames = new Set(back.filter((t) => t.keptRows).map(keyOf))
  return { making, keptTables: safety.tables.filter((t) => keptNames.has(keyOf(t))), problems: [], warnings }
}

function heldBackRows({ heldBack = [] }: UndoRequest, table: SafetyTable): number {
  return heldBack.filter((h) => keyOf(h) === keyOf(table)).reduce((sum, h) => sum + h.rows, 0)
}

/** What undoing does is the opposite of what was done. */
function actionsOf({ tables: all, droppedTables }: SafetyContents): Workspace['about']['actions'] {
  // These are made again, with all their rows.
  const kept = new Set(droppedTables.map(keyOf))
  const tables = all.filter((t) => !kept.has(keyOf(t)))
  return {
    create: tables.some((t) => t.deleted > 0),
    update: tables.some((t) => t.updated > 0),
    delete: tables.some((t) => t.created > 0),
  }
}

/** Loads the record of what was changed: `action`, then `b` and `a` for each stored column of the table as it is now. */
async function stage(
  o: UndoRequest & { wire: Wire; table: SafetyTable; unit: Unit; onBytes: (bytes: number) => void },
): Promise<void> {
  const { wire, unit, table, signal } = o
  const record = recordOf(unit)
  const stored = storedOf(unit)
  const sides = ['b', 'a'].flatMap((side) =>
    stored.map((c, n) => `${withoutDomain(ident(c))} AS ${side}${n + 1}`),
  )
  const lost = unit.dropped.flatMap((_, n) => [
    `NULL::pg_catalog.text AS lb${n}`,
    `NULL::pg_catalog.text AS la${n}`,
  ])
  await wire.query(
    quietly(`DROP TABLE IF EXISTS ${record}; CREATE TEMPORARY TABLE ${record.replace('pg_temp.', '')} AS
     SELECT ${[`NULL::pg_catalog."char" AS action`, ...sides, ...lost].join(', ')} FROM ${liveOf(unit.live)} WITH NO DATA`),
  )
  const column = (side: 'b' | 'a', name: string): string => {
    const at = stored.indexOf(name)
    return at < 0 ? `l${side}${unit.dropped.indexOf(name)}` : `${side}${at + 1}`
  }
  const order = (['b', 'a'] as const).flatMap((side) => table.columns.map((c) => column(side, c.name)))
  await wire.copyIn(
    `COPY ${record} (${['action', ...order].join(', ')}) FROM STDIN (FORMAT text, ENCODING ${literal(o.safety.target.encoding)})`,
    readPieces({
      manifest: { chunks: o.chunks },
      reader: o.reader,
      pieces: table.pieces,
      signal,
      cache: createChunkCache({ reader: o.reader, signal }),
    }),
  )
  o.onBytes(table.pieces.reduce((sum, p) => sum + p.length, 0))
  await wire.query(`ANALYZE ${record}`)
}

/** What became of a restore's transaction, as its server tells; `forgotten`: it was so long ago that only the rows can tell. */
export type TransactionState = 'committed' | 'aborted' | 'in progress' | 'forgotten'

/** Asks the server of the target. Throws `undo_elsewhere` if this is another database. */
export async function askTransaction(
  wire: Wire,
  o: Pick<UndoRequest, 'safety' | 'restore'>,
): Promise<TransactionState> {
  const { target, transaction } = o.safety
  const [row] = await wire.query(
    'SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()',
  )
  const system = await readSystemIdentifier(wire)
  const other = system !== null && target.systemIdentifier !== null && system !== target.systemIdentifier
  if (other || Number(row?.[0]) !== target.databaseOid) {
    throw new HoldfastError(
      'undo_elsewhere',
      `Restore ${o.restore} changed the database ${target.database} at ${target.address}, and this is another one.`,
    )
  }
  const [status] = await wire.query(`SELECT pg_catalog.pg_xact_status('${transaction}'::pg_catalog.xid8)`)
  return (status?.[0] ?? 'forgotten') as TransactionState
}

/** The changes are of one database, and of one of its transactions. */
export async function requireCommitted(
  wire: Wire,
  o: Pick<UndoRequest, 'safety' | 'restore'>,
): Promise<void> {
  const state = await askTransaction(wire, o)
  if (state === 'committed' || state === 'forgotten') return
  throw new HoldfastError(
    'undo_nothing',
    `Restore ${o.restore} ${state === 'in progress' ? 'is still under way' : 'was never committed'}: there is nothing to undo.`,
  )
}
