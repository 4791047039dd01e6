import { throwIfCancelled } from '../../lib/abort.ts'
import { HoldfastError } from '../../lib/errors.ts'
import type { OnProgress } from '../../lib/progress.ts'
import { textsOf } from '../../lib/sentence.ts'
import { describeAddress, type ServerAddress } from '../../postgres/connect.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { BackupContents, TableContents } from '../../repository/format/contents.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import { createChunkCache } from '../../repository/pieces.ts'
import { heldBackOf, type HeldBack } from '../../repository/held-back.ts'
import type { ChunkReader } from '../../repository/types.ts'
import { heldBackSentence, sentence } from '../sentences.ts'
import { asksOthers, requireCondition } from './condition.ts'
import { findCopies } from './copies/changes.ts'
import { openCopies } from './copies/open.ts'
import { renewalOfParents } from './copies/renewal.ts'
import { countMeant, findChanges } from './diff.ts'
import { readForeignKeys, readLiveTables, type LiveForeignKey } from './live.ts'
import { planMaking } from './made.ts'
import { problemsOf, problemsOfDatabase, problemsOfMaking, rightsLacking } from './problems.ts'
import { readKeyRights } from './rights.ts'
import { readRole } from './role.ts'
import { createStaging, type Staging } from './staging.ts'
import type { Source } from './stage.ts'
import type { InPlaceOptions, Unit } from './types.ts'
import { readHorizon } from './untouched.ts'
import { chooseTables, groupTables, keyOf, makeUnit, type Group } from './units.ts'
import { openWorkspaceWire } from './workspace-wire.ts'
import type { Workspace } from './workspace.ts'

export interface BackupRequest {
  readonly manifest: Manifest
  readonly contents: BackupContents
  readonly reader: ChunkReader
  readonly target: ServerAddress
  readonly options: InPlaceOptions
  /** What `contents` lack because it was erased. */
  readonly heldBack?: readonly HeldBack[] | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/** Opens a session on the target, brings the chosen rows of the backup there, and finds out what stands in the way. */
export async function openBackupWorkspace(o: BackupRequest): Promise<Workspace> {
  const { contents, options, target, signal } = o
  if (options.where !== null) requireCondition(options.where)
  const chosen = chooseTables(contents, options)
  const held = chosen.filter((t) => t.data === 'held')
  await using opening = new AsyncDisposableStack()
  const wire = opening.use(await openWorkspaceWire(target, signal))
  const cache = createChunkCache({ reader: o.reader, signal })
  const source: Source = { manifest: o.manifest, reader: o.reader, cache, encoding: contents.server.encoding }
  const live = await readLiveTables(wire, namesOf(held))
  const { groups, missing } = groupTables(held, contents, live, options)
  const units = groups.map((group, index) => makeUnit({ group, index, pulledIn: false }))
  const foreignKeys = await readForeignKeys(wire)
  const rights = await readKeyRights(wire, foreignKeys)
  const role = await readRole(wire)
  const makes = options.actions.create && !options.newIds ? missing : []
  const making = await planMaking({ contents, missing: makes, target, signal })
  const onBytes = (done: number, total: number): unknown =>
    o.onProgress?.({ phase: 'bringing rows', done, total, unit: 'bytes' })
  // Of rows that come a second time it does not matter whether they are there.
  const horizon = options.newIds ? null : await readHorizon(wire, contents)
  const staging = createStaging({ wire, source, horizon, where: options.where, signal, onBytes })
  requireTables(units, options.newIds ? missing.length : making.tables.length)
  const problems = [
    ...(await problemsOfDatabase(wire)),
    ...problemsOf({ units, options, role, foreignKeys, rights }),
    ...(await problemsOfMaking(wire, options.actions.create ? missing : [], options)),
  ]
  if (problems.length === 0) {
    for (const unit of units) {
      throwIfCancelled(signal)
      await staging.open(unit)
    }
  }
  const copies =
    options.newIds && problems.length === 0
      ? await openCopies({ wire, contents, options, units, foreignKeys, role, rights, staging, signal })
      : null
  problems.push(...(copies?.problems ?? []))
  const along = copies?.units.filter((u) => u.along.length > 0) ?? []
  const heldBack = heldBackOf(o.heldBack ?? [], [...chosen, ...along.flatMap((u) => u.from)])
  const bring = bringer({ wire, contents, units, along, foreignKeys, options, staging })
  const kept = opening.move()
  return {
    wire,
    target,
    units: copies?.units ?? units,
    foreignKeys,
    role,
    rights,
    making,
    dropping: [],
    survey: () => staging.survey(units),
    stage: () => staging.complete(units),
    compare: async (unit) => {
      if (options.newIds) return await findCopies(wire, unit)
      const { others, rows } = await staging.uncompared(unit)
      // The condition of --where is about the columns of the table that was chosen.
      const where = unit.pulledIn ? null : options.where
      await findChanges(wire, unit, { ...options, where, live: others })
      return unit.pulledIn ? null : rows + (await countMeant(wire, unit, where))
    },
    bring,
    missingReferences: options.missingReferences,
    lockTimeoutMs: options.lockTimeoutMs,
    about: {
      backup: o.manifest.id,
      moment: o.manifest.moment,
      undoes: null,
      target: describeAddress(target),
      database: target.database,
      actions: options.actions,
      newIds: options.newIds,
      where: options.where,
      keepNewer: options.keepNewer,
      heldBack,
      problems,
      warnings: [
        ...heldBack.map(heldBackSentence),
        ...(options.where !== null && asksOthers(options.where)
          ? [
              sentence(
                'condition_asks_others',
                {},
                'The condition asks other tables, and they answer as they are now, for rows of the backup as well: a row whose answer is gone is not found. Write the values into the condition to find all of them.',
              ),
            ]
          : []),
        ...chosen
          .filter((t) => t.data !== 'held')
          .map((t) =>
            sentence(
              'rows_not_held',
              { table: tableLabel(t) },
              `The backup does not hold the rows of ${tableLabel(t)}: it is left alone.`,
            ),
          ),
        ...(copies?.warnings ?? []),
        ...(options.actions.create ? [] : missing).map((t) =>
          sentence(
            'no_table',
            { table: tableLabel(t) },
            `The target has no table ${tableLabel(t)}; it is not made, since nothing is to be created.`,
          ),
        ),
      ],
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** Stages a table that others refer to, once; null where the backup has no such table, or all its rows are compared anyway. */
function bringer(o: {
  wire: Wire
  contents: BackupContents
  /** Chosen. */
  units: readonly Unit[]
  along: readonly Unit[]
  foreignKeys: readonly LiveForeignKey[]
  options: InPlaceOptions
  staging: Staging
}): Workspace['bring'] {
  const brought = new Map<number, Unit | null>()
  const first = Math.max(-1, ...[...o.units, ...o.along].map((u) => u.index)) + 1
  const complete = o.options.where === null && o.options.actions.create
  const open = async (key: LiveForeignKey): Promise<Unit | null> => {
    if (complete && o.units.some(({ live }) => live.oid === key.parent || live.below.includes(key.parent)))
      return null
    const group = await groupOf(o.wire, o.contents, key)
    if (group === null) return null
    const made = makeUnit({ group, index: first + brought.size, pulledIn: true })
    const renewal = o.options.newIds ? renewalOfParents(made.live, o.foreignKeys) : null
    const unit = { ...made, renewal }
    requireRights(unit, key)
    await o.staging.open(unit)
    return unit
  }
  return async (key) => {
    const known = brought.get(key.parent)
    const unit = known === undefined ? await open(key) : known
    brought.set(key.parent, unit)
    return unit
  }
}

/** Throws `target_lacks`: rows of the table are needed, and the role may not make them. */
function requireRights(unit: Unit, key: LiveForeignKey): void {
  const lacking = rightsLacking(unit, { create: true, update: false, delete: false })
  if (lacking.length === 0) return
  throw new HoldfastError(
    'target_lacks',
    `Rows of ${tableLabel(unit.live)} are gone that rows of ${tableLabel(key.childTable)} refer to, and can't be brought back. ${textsOf(lacking).join(' ')}`,
    { hint: 'Restore as a role that may; --references skip leaves out the rows that need them.' },
  )
}

async function groupOf(wire: Wire, contents: BackupContents, key: LiveForeignKey): Promise<Group | null> {
  const name = keyOf(key.parentTable)
  const from = contents.tables.filter(
    (t) => t.data === 'held' && (keyOf(t) === name || t.parents.some((p) => keyOf(p) === name)),
  )
  const [live] = await readLiveTables(wire, [key.parentTable])
  return live === undefined || from.length === 0 ? null : { live, from }
}

function namesOf(tables: readonly TableContents[]): { schema: string; name: string }[] {
  const names = tables.flatMap((t) => [{ schema: t.schema, name: t.name }, ...t.parents])
  return [...new Map(names.map((n) => [keyOf(n), n])).values()]
}

function requireTables(units: readonly Unit[], others: number): void {
  if (units.length > 0 || others > 0) return
  throw new HoldfastError('table_not_found', 'The backup holds rows of none of the chosen tables.')
}
