import { HoldfastError } from '../../lib/errors.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { schemaMatcher, tableMatcher, type MatchedTable } from '../../lib/table-matcher.ts'
import type { BackupContents, TableContents } from '../../repository/format/contents.ts'
import type { SafetyTable } from '../../repository/format/restore-contents.ts'
import type { LiveColumn, LiveTable } from './live.ts'
import type { Drift, InPlaceOptions, KeyColumn, Unit } from './types.ts'

/** The tables of the backup that are meant. Throws `table_not_found`, and `usage` where a condition is given for more than one table. */
export function chooseTables(contents: BackupContents, options: InPlaceOptions): TableContents[] {
  const candidates = candidatesOf(contents)
  const wanted = [
    ...options.tables.map((text) => tableMatcher(text, candidates)),
    ...options.schemas.map((text) => schemaMatcher(text, candidates)),
  ]
  const excluded = excludedFrom(contents, options)
  const chosen = contents.tables.filter(
    (t) => (wanted.length === 0 || wanted.some((matches) => matches(t))) && !excluded(t),
  )
  const roots = new Set(chosen.map((t) => keyOf(t.parents.at(-1) ?? t)))
  if (options.where !== null && roots.size !== 1) {
    throw new HoldfastError('usage', `--where is a condition on one table, and ${roots.size} are chosen.`, {
      hint: 'Choose the table with --table.',
    })
  }
  return chosen
}

/** Tells which tables are not meant, whatever else is said. Throws `table_not_found`. */
export function excludedFrom(
  contents: BackupContents,
  options: Pick<InPlaceOptions, 'excludeTables'>,
): (table: MatchedTable) => boolean {
  const excluded = options.excludeTables.map((text) => tableMatcher(text, candidatesOf(contents)))
  return (table) => excluded.some((matches) => matches(table))
}

function candidatesOf({ tables }: BackupContents): MatchedTable[] {
  const partitioned = new Map(tables.flatMap((t) => t.parents.map((p) => [keyOf(p), p])))
  return [...tables, ...partitioned.values()]
}

/** What belongs together: a table of the target, and the tables of the backup whose rows it holds. */
export interface Group {
  readonly live: LiveTable
  readonly from: readonly TableContents[]
}

/**
 * Groups the partitions of a partitioned table, if all of them are chosen, under the table itself: rows may lie in other
 * partitions by now, and those of the backup need not be there any more. One that was dropped or detached, and that nothing took the place of,
 * is a table by itself. What the target lacks is `missing`.
 */
export function groupTables(
  chosen: readonly TableContents[],
  contents: BackupContents,
  live: readonly LiveTable[],
  { where }: Pick<InPlaceOptions, 'where'>,
): { groups: Group[]; missing: TableContents[] } {
  const there = new Map(live.map((t) => [keyOf(t), t]))
  const picked = new Set(chosen)
  const known = new Set(live.map((t) => t.oid))
  const left = (root: LiveTable | undefined, leaf: LiveTable | undefined): boolean =>
    root?.partitioned === true &&
    where === null &&
    !(leaf !== undefined && root.below.includes(leaf.oid)) &&
    !root.takesAll &&
    root.below.every((oid) => known.has(oid))
  const groups = new Map<LiveTable, TableContents[]>()
  const missing: TableContents[] = []
  for (const table of chosen) {
    const root = table.parents.at(-1)
    const siblings = contents.tables.filter(
      (t) => root !== undefined && keyOf(t.parents.at(-1) ?? t) === keyOf(root),
    )
    const whole = root !== undefined && siblings.every((t) => picked.has(t))
    const now = there.get(keyOf(table))
    const at = (whole && !left(there.get(keyOf(root)), now) ? there.get(keyOf(root)) : undefined) ?? now
    if (at === undefined) missing.push(table)
    else groups.set(at, [...(groups.get(at) ?? []), table])
  }
  return { groups: [...groups].map(([table, from]) => ({ live: table, from })), missing }
}

/** The key that tells the rows of a table apart, and how its columns stand to those of the backup. */
export function makeUnit(o: { group: Group; index: number; pulledIn: boolean }): Unit {
  const { live, from } = o.group
  const [first] = from
  if (first === undefined)
    throw new HoldfastError('internal', 'A table to be restored comes from no table of the backup.')
  const ofBackup = new Map(first.columns.map((c) => [c.name, c.type]))
  const stored = live.columns.filter((c) => !c.generated)
  const shared = stored.filter((c) => ofBackup.has(c.name))
  const added = stored.filter((c) => !ofBackup.has(c.name))
  const names = new Set(shared.map((c) => c.name))
  return {
    index: o.index,
    live,
    from,
    key: keyOfRows(live, names),
    shared: shared.map((c) => c.name),
    added: added.map((c) => c.name),
    dropped: first.columns.filter((c) => !names.has(c.name)).map((c) => c.name),
    pulledIn: o.pulledIn,
    along: [],
    renewal: null,
    drift: [
      ...shared.flatMap((c) => changedType(c, ofBackup.get(c.name) ?? '')),
      ...added.map(addedColumn),
      ...first.columns.filter((c) => !names.has(c.name)).map((c) => droppedColumn(c.name, live)),
    ],
  }
}

function keyOfRows(live: LiveTable, shared: ReadonlySet<string>): KeyColumn[] | null {
  const usable = live.keys.find((k) => k.complete && k.columns.every((c) => shared.has(c.name)))
  return usable === undefined ? null : [...usable.columns]
}

function changedType(column: LiveColumn, was: string): Drift[] {
  if (column.type === was) return []
  return [
    {
      column: column.name,
      what: `was ${was}, is ${column.type}`,
      effect: 'values of the backup are converted',
    },
  ]
}

function addedColumn(column: LiveColumn): Drift {
  const made = column.hasDefault
    ? 'get its default'
    : column.notNull
      ? 'have no value for it'
      : 'get no value'
  return { column: column.name, what: 'is new', effect: `rows that are created ${made}; others keep theirs` }
}

function droppedColumn(name: string, live: LiveTable): Drift {
  const generated = live.columns.some((c) => c.name === name)
  return {
    column: name,
    what: generated ? 'is computed by now' : 'is gone',
    effect: generated ? 'it is computed again' : "the backup's values are left out",
  }
}

/** `schema` and `name` as one key. */
export function keyOf(table: { readonly schema: string; readonly name: string }): string {
  return `${table.schema}\0${table.name}`
}

/** A table whose changes are undone, and how its columns stand to those that were recorded. Throws `target_lacks` if its key is gone. */
export function undoUnit(table: SafetyTable, live: LiveTable, index: number): Unit {
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
    along: [],
    renewal: null,
    drift: [],
  }
}
