import assert from 'node:assert/strict'
import { qualified } from '../../../src/postgres/quote.ts'
import type { InPlaceOptions, Preview, TablePreview } from '../../../src/restore/in-place/types.ts'
import type { Model, Table } from './model.ts'
import type { Row, State, TableState } from './state.ts'

/** What was asked for, in a form that can be judged without the engine. */
export interface Ask {
  readonly options: Partial<InPlaceOptions>
  readonly actions: InPlaceOptions['actions']
  /** Labels of what was chosen: a table, all of a partitioned one, or one leaf. */
  readonly chosen: ReadonlySet<string>
  /** Whether the condition holds for a row; null: there is none. */
  readonly meets: ((columns: readonly string[], row: Row) => boolean) | null
  /** Integer column. */
  readonly keepNewer: string | null
}

export interface Moments {
  /** When the backup was made, before and after the restore. */
  readonly backup: State
  readonly before: State
  readonly after: State
}

/** Throws unless exactly what the preview says was done, and it is what was asked for. */
export function requireAsked(model: Model, ask: Ask, moments: Moments, preview: Preview): void {
  const groups = new Map<string, TableState[][]>()
  const sides = [moments.backup, moments.before, moments.after]
  for (const [n, side] of sides.entries()) {
    for (const t of side.tables.values()) {
      const name = ask.chosen.has(t.label) ? t.label : t.root
      const found = groups.get(name) ?? [[], [], []]
      found[n]?.push(t)
      groups.set(name, found)
    }
  }
  const known = new Map(model.tables.map((t) => [t.label, t]))
  // A leaf may be pulled in by itself.
  const groupOf = (label: string): string =>
    ask.chosen.has(label) ? label : (moments.before.tables.get(label)?.root ?? label)
  const previews = (name: string): TablePreview[] =>
    preview.tables.filter((t) => groupOf(qualified(t.schema, t.name)) === name)
  for (const [name, [backup = [], before = [], after = []]] of groups) {
    const told = previews(name)
    if (told.length === 0) assert.deepEqual(plain(after), plain(before), `${name} was touched`)
    else {
      const table = known.get(name) ?? known.get(before[0]?.root ?? '')
      judge({ name, table, chosen: ask.chosen.has(name), ask, told, backup, before, after })
    }
  }
  for (const [name, { value, up }] of moments.before.sequences) {
    const now = moments.after.sequences.get(name)?.value ?? value
    assert.ok(up ? now >= value : now <= value, `the sequence ${name} was lowered`)
  }
  assert.deepEqual(moments.after.catalog, moments.before.catalog)
}

const plain = (tables: readonly TableState[]): unknown =>
  tables.map((t) => [t.label, t.rows.map((r) => JSON.stringify([r.place, ...r.values])).sort()])

/** By key, as text. */
type Keyed = Map<string, Row & { readonly columns: readonly string[] }>

/** Rows of a table by what tells them apart: its key, or all of a row and how many before it were equal. */
export function byKey(
  table: Table | undefined,
  states: readonly TableState[],
  columns?: readonly string[],
): Keyed {
  const found: Keyed = new Map()
  for (const state of states) {
    for (const row of state.rows) {
      const shown = columns ?? state.columns
      const values = shown.map((c) => row.values[state.columns.indexOf(c)] ?? null)
      const fold = (text: string | null): string | null =>
        table?.key?.folded === 'lower'
          ? (text?.toLowerCase() ?? null)
          : table?.key?.folded === 'scale'
            ? (text?.replace(/\.0*$/, '') ?? null)
            : text
      // Only the first column of such a key is folded, which is all of it but for the partition's.
      const keyed = table !== undefined && table.key !== null
      const text = JSON.stringify(
        keyed ? table.keyColumns.map((c) => fold(row.values[state.columns.indexOf(c)] ?? null)) : values,
      )
      let key = text
      for (let n = 1; !keyed && found.has(key); n++) key = `${text}#${n}`
      assert.ok(!found.has(key), `two rows of ${state.label} have the key ${key}`)
      found.set(key, { values, place: `${state.label} ${row.place}`, columns: shown })
    }
  }
  return found
}

function judge(o: {
  name: string
  table: Table | undefined
  chosen: boolean
  ask: Ask
  told: readonly TablePreview[]
  backup: readonly TableState[]
  before: readonly TableState[]
  after: readonly TableState[]
}): void {
  const { ask, name } = o
  const columns = o.before[0]?.columns ?? []
  const sideOf = (states: readonly TableState[]): Keyed => byKey(o.table, states, columns)
  const [b, l0, l1] = [sideOf(o.backup), sideOf(o.before), sideOf(o.after)]
  const { actions, meets, keepNewer } = ask
  const pulled = o.told.filter((t) => t.neededBy.length > 0)
  const main = o.told.find((t) => t.neededBy.length === 0)
  assert.equal(main !== undefined, o.chosen, `${name} is in the preview as what it was not`)
  const seen = {
    create: 0,
    update: 0,
    delete: 0,
    undone: 0,
    unchanged: 0,
    missing: 0,
    changed: 0,
    extra: 0,
    newer: 0,
  }
  for (const key of new Set([...b.keys(), ...l0.keys(), ...l1.keys()])) {
    const [rb, r0, r1] = [b.get(key), l0.get(key), l1.get(key)]
    // A row with a key is meant if it meets the condition in the backup or now.
    const keyed = o.table !== undefined && o.table.key !== null
    const met = (row: Row | undefined): boolean => row !== undefined && (meets?.(columns, row) ?? true)
    const asked = rb !== undefined && (met(rb) || (keyed && met(r0))) ? rb : undefined
    const live = r0 !== undefined && (asked !== undefined || (meets?.(columns, r0) ?? true)) ? r0 : undefined
    let done = true
    if (same(r0, r1)) {
      done = false
      if (o.table === undefined || o.table.key !== null)
        assert.equal(r1?.place, r0?.place, `a row of ${name} was written for nothing`)
    } else if (r1 === undefined) seen.delete++
    else {
      assert.ok(
        same(r1, rb),
        `a row of ${name} is neither as it was nor as in the backup:\n${JSON.stringify(r0?.values)}\n${JSON.stringify(rb?.values)}\n${JSON.stringify(r1.values)}`,
      )
      if (r0 === undefined) seen.create++
      else seen.update++
    }
    if (!o.chosen) continue
    if (asked === undefined && live === undefined) continue
    if (same(asked, live)) seen.unchanged++
    else if (live === undefined) count('create', 'missing')
    else if (asked === undefined) count('delete', 'extra')
    else if (keepNewer !== null && isNewer(live, asked, keepNewer)) seen.newer++
    else count('update', 'changed')
    function count(action: 'create' | 'update' | 'delete', leftAlone: 'missing' | 'changed' | 'extra'): void {
      if (!actions[action]) seen[leftAlone]++
      else if (!done) seen.undone++
    }
  }
  const sum = (of: (t: TablePreview) => number): number => o.told.reduce((total, t) => total + of(t), 0)
  const { undone, ...counts } = seen
  const said = {
    create: sum((t) => t.create),
    update: sum((t) => t.update),
    delete: sum((t) => t.delete),
    unchanged: main?.unchanged ?? 0,
    ...(main?.leftAlone ?? { missing: 0, changed: 0, extra: 0, newer: 0 }),
  }
  assert.deepEqual(counts, said, `${name}: what was done, and what the preview says`)
  if (!actions.update) assert.equal(counts.update, 0)
  if (!actions.delete || !o.chosen) assert.equal(counts.delete, 0)
  if (!actions.create || !o.chosen)
    assert.equal(
      counts.create,
      pulled.reduce((n, t) => n + t.create, 0),
    )
  // Another unit of the same table may bring what this one leaves out.
  if (pulled.length === 0) assert.equal(undone, main?.conflicts ?? 0, `${name}: rows left out, and conflicts`)
}

const same = (one?: Row, other?: Row): boolean =>
  JSON.stringify(one?.values) === JSON.stringify(other?.values)

function isNewer(live: Row & { columns: readonly string[] }, asked: Row, column: string): boolean {
  const at = live.columns.indexOf(column)
  const [one, other] = [live.values[at], asked.values[at]]
  return one != null && other != null && Number(one) > Number(other)
}
