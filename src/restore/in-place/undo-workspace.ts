import { HoldfastError } from '../../lib/errors.ts'
import type { OnProgress } from '../../lib/progress.ts'
import { describeAddress, type ServerAddress } from '../../postgres/connect.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { ident, literal } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { SafetyContents, SafetyTable } from '../../repository/format/restore-contents.ts'
import { createChunkCache, readPieces } from '../../repository/pieces.ts'
import { heldBackText, type HeldBack } from '../../repository/held-back.ts'
import type { ChunkReader } from '../../repository/types.ts'
import { isUnused } from './made-fingerprint.ts'
import { readForeignKeys, readLiveTables, type LiveTable } from './live.ts'
import { nothingToMake } from './made.ts'
import { liveOf, storedOf, withoutDomain } from './names.ts'
import { problemsOf, problemsOfDatabase } from './problems.ts'
import { quietly } from './quiet.ts'
import type { MadeTable, Unit } from './types.ts'
import { readSystemIdentifier } from './target-facts.ts'
import { findUndoing, recordOf } from './undo-diff.ts'
import { keyOf } from './units.ts'
import { openWorkspaceWire } from './workspace-wire.ts'
import type { Workspace } from './workspace.ts'

export interface UndoRequest {
  /** The id of the restore to undo, and its safety backup. */
  readonly restore: string
  readonly backup: string | null
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
  const live = await readLiveTables(wire, [...safety.tables, ...safety.madeTables])
  const there = new Map(live.map((t) => [keyOf(t), t]))
  const gone = safety.tables.filter((t) => !there.has(keyOf(t)))
  const units = safety.tables.flatMap((table, index) => {
    const now = there.get(keyOf(table))
    return now === undefined ? [] : [{ table, unit: undoUnit(table, now, index) }]
  })
  const dropping: MadeTable[] = []
  const used: string[] = []
  const going = new Set<number>()
  const madeNames = new Set(safety.madeTables.map(keyOf))
  const madeOf = (t: LiveTable): boolean => madeNames.has(keyOf(t))
  for (const made of safety.madeTables) {
    const now = there.get(keyOf(made))
    // Partitions go with their table.
    if (now === undefined || live.some((t) => now.above.includes(t.oid) && madeOf(t))) continue
    for (const oid of [now.oid, ...now.below]) going.add(oid)
    const [count] = await wire.query(`SELECT count(*) FROM ${liveOf(now)}`)
    dropping.push({ schema: made.schema, name: made.name, rows: Number(count?.[0]) })
    if (!o.overwrite && !(await isUnused(wire, made))) used.push(tableLabel(made))
  }
  const problems = [
    ...(await problemsOfDatabase(wire)),
    ...problemsOf({
      units: units.map((u) => u.unit),
      options: { actions: actionsOf(safety), keepNewer: null },
    }),
  ]
  const total = safety.tables.flatMap((t) => t.pieces).reduce((sum, p) => sum + p.length, 0)
  let bytes = 0
  const onBytes = (count: number): unknown =>
    o.onProgress?.({ phase: 'bringing rows', done: (bytes += count), total, unit: 'bytes' })
  if (problems.length === 0) for (const one of units) await stage({ ...o, wire, ...one, onBytes })
  const kept = opening.move()
  return {
    wire,
    target,
    units: units.map((u) => u.unit),
    // What goes refers to nothing any more.
    foreignKeys: (await readForeignKeys(wire)).filter((k) => !going.has(k.child)),
    making: nothingToMake,
    dropping,
    stage: () => Promise.resolve(),
    compare: (unit) => findUndoing(wire, unit, o.overwrite),
    bring: () => Promise.resolve(null),
    missingReferences: 'skip',
    lockTimeoutMs: o.lockTimeoutMs,
    about: {
      backup: o.backup,
      moment: null,
      undoes: o.restore,
      target: describeAddress(target),
      database: target.database,
      actions: actionsOf(safety),
      where: null,
      keepNewer: null,
      heldBack: o.heldBack ?? [],
      problems: [
        ...problems,
        ...used.map(
          (t) =>
            `Rows of ${t}, which the restore has made, have changed since: undoing would drop them, and does with --overwrite.`,
        ),
      ],
      warnings: [
        ...dropping.map(
          (t) =>
            `${tableLabel(t)} is dropped, and undoing that can't bring it back: restore it from backup ${o.backup ?? ''} again.`,
        ),
        ...(o.heldBack ?? []).map(heldBackText),
        ...gone.map((t) => `The table ${tableLabel(t)} is gone: nothing of it can be undone.`),
      ],
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** What undoing does is the opposite of what was done. */
function actionsOf({ tables }: SafetyContents): Workspace['about']['actions'] {
  return {
    create: tables.some((t) => t.deleted > 0),
    update: tables.some((t) => t.updated > 0),
    delete: tables.some((t) => t.created > 0),
  }
}

function undoUnit(table: SafetyTable, live: LiveTable, index: number): Unit {
  const known = new Set(table.columns.map((c) => c.name))
  const stored = live.columns.filter((c) => !c.generated)
  const wanted = table.key === null ? null : [...table.key].sort().join('\0')
  const key = live.keys.find(
    (k) =>
      k.columns
        .map((c) => c.name)
        .sort()
        .join('\0') === wanted,
  )
  if (wanted !== null && key === undefined) {
    throw new HoldfastError(
      'target_lacks',
      `${tableLabel(live)} has no unique key on ${table.key?.join(', ')} any more, which tells its rows apart.`,
    )
  }
  return {
    index,
    live,
    from: [],
    key: key?.columns ?? null,
    shared: stored.filter((c) => known.has(c.name)).map((c) => c.name),
    added: stored.filter((c) => !known.has(c.name)).map((c) => c.name),
    dropped: table.columns.filter((c) => !stored.some((s) => s.name === c.name)).map((c) => c.name),
    pulledIn: false,
    drift: [],
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

/** The changes are of one database, and of one of its transactions. */
async function requireCommitted(wire: Wire, o: UndoRequest): Promise<void> {
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
  // Null: so long ago that the server has forgotten; then only the rows can tell.
  const [status] = await wire.query(`SELECT pg_catalog.pg_xact_status('${transaction}'::pg_catalog.xid8)`)
  const state = status?.[0] ?? 'committed'
  if (state === 'committed') return
  throw new HoldfastError(
    'undo_nothing',
    `Restore ${o.restore} ${state === 'in progress' ? 'is still under way' : 'was never committed'}: there is nothing to undo.`,
  )
}
