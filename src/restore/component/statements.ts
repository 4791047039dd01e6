import { ident } from '../../postgres/quote.ts'
import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import { entryLabel } from '../entries.ts'
import { grantStatements, type Grant, type GrantList } from './grants.ts'
import { beforeWord, nameAndTable } from './read-sql.ts'
import { subjectsOf, type Side } from './side.ts'
import type { Step } from './types.ts'

/** An object as one of the sides has it. */
export interface Held {
  readonly entry: SchemaEntry
  readonly side: Side
}

/** An object that becomes another: from nothing, to nothing, or both. */
export interface ObjectStep {
  readonly before: Held | null
  readonly after: Held | null
  /** It is dropped and made again: the statement can't replace it. */
  readonly recreated: boolean
}

export interface GrantStep {
  readonly object: string
  /** `keyOfEntry` of the entry, which may be there on one side only. */
  readonly key: string
  /** They are on a column. */
  readonly column: boolean
  /** As the target has them before the step. */
  readonly list: GrantList
  readonly give: readonly Grant[]
  readonly take: readonly Grant[]
  /** Grants on columns that taking takes with it, and that are given again. */
  readonly onColumns: readonly Grant[]
}

export interface Changes {
  readonly objects: readonly ObjectStep[]
  readonly grants: readonly GrantStep[]
  /** Of `SessionFacts`. */
  readonly grantedByDefault: readonly string[] | null
  readonly noGrants: boolean
}

/** The same changes from the other end: what takes them back. */
export function reversed(changes: Changes): Changes {
  return {
    ...changes,
    noGrants: false,
    objects: changes.objects.map((o) => ({ ...o, before: o.after, after: o.before })),
    grants: changes.grants.map((g) => ({ ...g, give: g.take, take: g.give })),
  }
}

/** The statements in the order in which they can be run: what depends on another goes before it, and comes after it. */
export function stepsOf(changes: Changes): Step[] {
  const { objects, grants } = changes
  const gone = objects.flatMap((o) =>
    o.before !== null && (o.after === null || o.recreated) ? [o.before] : [],
  )
  const made = objects.filter((o) => o.after !== null)
  return [
    ...inOrder(gone).reverse().flatMap(dropStep),
    ...inOrder(made.flatMap((o) => o.after ?? [])).flatMap((after) => {
      const step = made.find((o) => o.after === after)
      return step === undefined ? [] : [makeStep(after, step, changes)]
    }),
    ...broughtAlong(changes).map((held) => ({
      object: entryLabel(held.entry),
      sql: held.side.sql(held.entry),
    })),
    ...[...grants].sort((a, b) => Number(a.column) - Number(b.column)).map(grantStep),
  ]
}

/** Columns come behind their table. */
function grantStep({ object, list, give, take, onColumns }: GrantStep): Step {
  const again = take.length === 0 ? [] : onColumns
  const sql = [
    ...grantStatements(list, take, 'REVOKE'),
    ...grantStatements(list, again, 'GRANT'),
    ...grantStatements(list, give, 'GRANT'),
  ]
  return { object, sql: sql.join('\n') }
}

/** By the order of their dump; those of the target, which may read those of the backup, behind them. */
function inOrder(held: readonly Held[]): Held[] {
  const [first] = held
  const place = (h: Held): number => h.side.order.get(h.entry) ?? 0
  return [...held].sort((a, b) =>
    a.side === b.side ? place(a) - place(b) : Number(a.side !== first?.side) - Number(b.side !== first?.side),
  )
}

function dropStep({ entry, side }: Held): Step[] {
  const sql = dropSql(entry, side)
  return sql === null ? [] : [{ object: entryLabel(entry), sql }]
}

/** Null where an object can't be dropped by itself. */
export function dropSql(entry: SchemaEntry, side: Side): string | null {
  const sql = side.sql(entry)
  if (entry.type === 'COMMENT' || entry.type === 'SECURITY LABEL') {
    const head = beforeWord(sql, 'IS')
    return head === null ? null : `${head}IS NULL;`
  }
  if (entry.type === 'ROW SECURITY') return sql.replace(' ENABLE ROW', ' DISABLE ROW')
  if (entry.type === 'EXTENSION') return `DROP EXTENSION ${ident(entry.name)};`
  if (entry.type === 'POLICY' || entry.type === 'TRIGGER') {
    const found = sql.startsWith('CREATE ') ? nameAndTable(sql) : null
    return found === null ? null : `DROP ${entry.type} ${found.name} ON ${found.table};`
  }
  const object = side.objectSql(entry)
  return object === null ? null : `DROP ${object};`
}

const replaceable = /^CREATE (FUNCTION|PROCEDURE|AGGREGATE|VIEW) /

function makeStep({ entry, side }: Held, step: ObjectStep, changes: Changes): Step {
  const sql = side.sql(entry)
  const object = entryLabel(entry)
  if (step.before !== null && !step.recreated)
    return { object, sql: sql.replace(replaceable, 'CREATE OR REPLACE $1 ') }
  return { object, sql: sql + asNobodyGranted(entry, side, changes.grantedByDefault) }
}

/** Takes from a new object what default privileges of the target gave: its own grants are about one that has none. */
function asNobodyGranted(entry: SchemaEntry, side: Side, byDefault: readonly string[] | null): string {
  const named = side.objectSql(entry)
  if (byDefault === null || named === null || entry.type === 'EVENT TRIGGER') return ''
  const isView = entry.type === 'VIEW'
  const object = isView ? named.replace(/^VIEW/, 'TABLE') : named.replace(/^AGGREGATE/, 'FUNCTION')
  const owner = side.sql(entry).endsWith(` OWNER TO ${ident(entry.owner ?? '')};\n`)
  const names = [...new Set([...byDefault, 'PUBLIC'])].join(', ')
  return [
    `REVOKE ALL ON ${object} FROM ${names};`,
    `GRANT ALL ON ${object} TO ${owner ? ident(entry.owner ?? '') : 'CURRENT_USER'};`,
    ...(isView ? [] : [`GRANT EXECUTE ON ${object} TO PUBLIC;`]),
  ].join('\n')
}

const partTypes = new Set(['ACL', 'COMMENT', 'DEFAULT', 'RULE', 'SECURITY LABEL', 'TRIGGER'])

/**
 * What goes with an object that is dropped, and comes with one that is made: grants, remarks, and the triggers and rules of views. Of one
 * that is made again, as the target has it: these are other components.
 */
export function broughtAlong({ objects, noGrants }: Changes): Held[] {
  const own = new Set(objects.flatMap((o) => [o.before?.entry, o.after?.entry]))
  const found: Held[] = []
  for (const { before, after, recreated } of objects) {
    if (after === null || (before !== null && !recreated)) continue
    const from = before !== null && before.side.isTarget ? before : after
    for (const entry of from.side.entries) {
      if (!partTypes.has(entry.type) || own.has(entry) || found.some((f) => f.entry === entry)) continue
      if (noGrants && before === null && entry.type === 'ACL') continue
      if (subjectsOf(entry, from.side).some((s) => s === from.entry && isPart(entry, s)))
        found.push({ entry, side: from.side })
    }
  }
  return inOrder(found)
}

/** A trigger depends on its function, too, and is no part of it. */
function isPart(entry: SchemaEntry, subject: SchemaEntry): boolean {
  if (['ACL', 'COMMENT', 'SECURITY LABEL'].includes(entry.type)) return true
  return (
    subject.type === 'VIEW' && entry.schema === subject.schema && entry.name.startsWith(`${subject.name} `)
  )
}
