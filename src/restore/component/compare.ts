import { matchesSchema, matchesTable, parseSchemaPattern, parseTablePattern } from '../../lib/patterns.ts'
import { schemaMatcher, tableMatcher } from '../../lib/table-matcher.ts'
import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import { grantsOf, untouchedGrants, without, type Grant, type GrantList } from './grants.ts'
import { componentOf, keyOfEntry, relationOf, subjectsOf, type Side } from './side.ts'
import type { Component, ComponentOptions } from './types.ts'
import type { Held } from './statements.ts'

/** An object of a component that the two sides do not have alike. */
export interface Difference {
  readonly component: Component
  readonly key: string
  readonly before: Held | null
  readonly after: Held | null
}

/** Compares the chosen components object by object, in the backup's order, what only the target has behind. */
export function compareObjects(backup: Side, target: Side, options: ComponentOptions): Difference[] {
  const isChosen = chooser(backup, target, options)
  const found: Difference[] = []
  const look = (entry: SchemaEntry, side: Side, other: Side): void => {
    const component = componentOf(entry, side)
    if (component === null || component === 'grants' || !options.components.includes(component)) return
    if (!isChosen(entry, side)) return
    const key = keyOfEntry(entry)
    const there = other.byKey.get(key)
    if (there !== undefined && (side === target || same(entry, side, there, other))) return
    const [own, its] = [{ entry, side }, there === undefined ? null : { entry: there, side: other }]
    found.push({
      component,
      key,
      before: side === backup ? its : own,
      after: side === backup ? own : its,
    })
  }
  for (const entry of backup.entries) look(entry, backup, target)
  for (const entry of target.entries) look(entry, target, backup)
  return found
}

function same(a: SchemaEntry, ofA: Side, b: SchemaEntry, ofB: Side): boolean {
  return ofA.sql(a) === ofB.sql(b)
}

export interface GrantDifference {
  readonly entry: SchemaEntry
  readonly before: GrantList
  readonly after: GrantList
  /** The target has not what is granted on. */
  readonly lacking: boolean
  /** What the target has granted on columns: what is taken on a table is taken on its columns, too. */
  readonly onColumns: readonly Grant[]
}

/** Compares what is granted on objects that the backup has; on others nothing is said. */
export function compareGrants(backup: Side, target: Side, options: ComponentOptions): GrantDifference[] {
  if (!options.components.includes('grants')) return []
  const isChosen = chooser(backup, target, options)
  const keys = [
    ...new Set(
      [backup, target].flatMap((side) =>
        side.entries.filter((e) => e.type.endsWith('ACL') && isChosen(e, side)).map(keyOfEntry),
      ),
    ),
  ]
  return keys.flatMap((key) => {
    const [then, now] = [backup.byKey.get(key), target.byKey.get(key)]
    const entry = then ?? now
    if (entry === undefined) return []
    const side = then === undefined ? target : backup
    const other = then === undefined ? backup : target
    const subjects = subjectsOf(entry, side)
    const counterpart = subjects.map((s) => other.byKey.get(keyOfEntry(s)))
    // The schema public is there without an entry.
    const lacking = counterpart.length > 0 && counterpart.every((s) => s === undefined)
    if (then === undefined && lacking) return []
    const lists = listsOf({ entry: then, side: backup }, { entry: now, side: target }, counterpart[0])
    const differing = without(lists.after, lists.before).length + without(lists.before, lists.after).length
    return differing === 0
      ? []
      : [{ entry, ...lists, lacking, onColumns: columnGrants(now, target, lists.before.major) }]
  })
}

function columnGrants(table: SchemaEntry | undefined, side: Side, major: number): Grant[] {
  if (table === undefined || !table.name.startsWith('TABLE ')) return []
  const relation = relationOf(table, side)
  return side.entries
    .filter((e) => e.type === 'ACL' && e.name.startsWith('COLUMN ') && relationOf(e, side) === relation)
    .flatMap((e) => [...grantsOf(e, side, major).grants.values()])
}

/** Both lists of one object; a side without an entry has what everything has at first. */
function listsOf(
  then: { entry: SchemaEntry | undefined; side: Side },
  now: { entry: SchemaEntry | undefined; side: Side },
  counterpart: SchemaEntry | undefined,
): { before: GrantList; after: GrantList } {
  // A right that one of the servers does not know is not compared.
  const major = Math.min(then.side.major, now.side.major)
  const read = (one: typeof then): GrantList | null =>
    one.entry === undefined ? null : grantsOf(one.entry, one.side, major)
  const [after, before] = [read(then), read(now)]
  const like = after ?? before ?? { on: '', prefix: '', owner: '', major, grants: new Map<string, never>() }
  const column = (then.entry ?? now.entry)?.name.startsWith('COLUMN ') === true
  const untouched = untouchedGrants(like, { owner: counterpart?.owner ?? like.owner, column, major })
  return { before: before ?? untouched, after: after ?? untouched }
}

/** Whether an object lies in the chosen tables and schemas. Throws `table_not_found` for a pattern that means nothing. */
function chooser(
  backup: Side,
  target: Side,
  options: ComponentOptions,
): (entry: SchemaEntry, side: Side) => boolean {
  const limited = options.tables.length + options.schemas.length > 0
  const names = [backup, target].flatMap((side) =>
    side.entries.flatMap((e) => (e.schema === null ? [] : [{ schema: e.schema, name: e.name }])),
  )
  const tables = options.tables.map((text) => (tableMatcher(text, names), parseTablePattern(text)))
  const schemas = options.schemas.map((text) => (schemaMatcher(text, names), parseSchemaPattern(text)))
  const excluded = options.excludeTables.map((text) => (tableMatcher(text, names), parseTablePattern(text)))
  return (entry, side) => {
    if (entry.type === 'EXTENSION') return true
    const relation = relationOf(entry, side)
    const table = relation === null ? null : { schema: relation.schema ?? '', name: relation.name }
    if (table !== null && excluded.some((p) => matchesTable(p, table))) return false
    if (!limited) return true
    if (table !== null && tables.some((p) => matchesTable(p, table))) return true
    const schema = schemaOf(entry)
    return schema !== null && schemas.some((p) => matchesSchema(p, schema))
  }
}

/** Grants on a schema lie in it. */
function schemaOf(entry: SchemaEntry): string | null {
  if (entry.type === 'ACL' && entry.name.startsWith('SCHEMA ')) return entry.name.slice('SCHEMA '.length)
  return entry.schema
}
