import { HoldfastError } from '../../lib/errors.ts'
import { qualified } from '../../postgres/quote.ts'
import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import type { Wire } from '../../postgres/wire.ts'
import { entryLabel } from '../entries.ts'
import type { Difference, GrantDifference } from './compare.ts'
import { dependentsOfFunction, dependentsOfViews, mayReplaceView, type SessionFacts } from './facts.ts'
import { without, type Grant } from './grants.ts'
import { beforeWord, queryOfView } from './read-sql.ts'
import { keyOfEntry, type Side } from './side.ts'
import { dropSql, type GrantStep, type Held, type ObjectStep } from './statements.ts'
import type { ComponentChange, ComponentOptions } from './types.ts'

/** A difference, and what is done about it. */
export type DecidedObject = ObjectStep & {
  readonly component: Difference['component']
  readonly found: ComponentChange['found']
  readonly action: ComponentChange['action']
  readonly note: string | null
  readonly problems: readonly string[]
  readonly object: string
}

interface Question {
  readonly wire: Wire
  readonly found: readonly Difference[]
  readonly backup: Side
  readonly target: Side
  readonly options: ComponentOptions
  readonly session: SessionFacts
}

/** Decides by what was asked for, and finds how each object can be changed. */
export async function decideObjects(o: Question): Promise<DecidedObject[]> {
  const decided: DecidedObject[] = []
  /** What will be there, of the backup's objects. */
  const there = new Set(o.target.byKey.keys())
  for (const difference of o.found) {
    const one = await decide(o, difference, there)
    if (one.action === 'make') there.add(difference.key)
    decided.push(one)
  }
  return await withReadingViews(o, decided)
}

async function decide(o: Question, d: Difference, there: ReadonlySet<string>): Promise<DecidedObject> {
  const { actions } = o.options
  const { component } = d
  const plain = { component, object: labelOf(d), recreated: false, note: null, problems: [] }
  if (d.before === null) {
    const { after } = d
    if (after === null) throw new HoldfastError('internal', 'An object is in neither of two schemas.')
    const found = { ...plain, before: null, after, found: 'missing' as const }
    if (!actions.create) return { ...found, action: null }
    const lacks = lackingFor(after, there)
    if (lacks !== null) return { ...found, action: null, note: `it needs ${lacks}, which is not there` }
    return { ...found, action: 'make', ...aboutExtension(after.entry, o.session) }
  }
  const { before } = d
  if (d.after === null) {
    const why = whyNeverDropped(before)
    const action = actions.delete && why === null ? 'drop' : null
    return { ...plain, before, after: null, found: 'extra', action, note: actions.delete ? why : null }
  }
  const found = { ...plain, before, after: d.after, found: 'changed' as const }
  if (component === 'extensions')
    return { ...found, action: null, note: 'an extension that is there is left as it is' }
  if (!actions.update) return { ...found, action: null }
  const lacks = lackingFor(d.after, there)
  if (lacks !== null) return { ...found, action: null, note: `it needs ${lacks}, which is not there` }
  return { ...found, action: 'replace', ...(await howReplaced(o, before, d.after)) }
}

function labelOf({ before, after }: Pick<Difference, 'before' | 'after'>): string {
  const held = after ?? before
  return held === null ? '' : entryLabel(held.entry)
}

/** An object or schema that must be there first, in words; null: all are. */
function lackingFor({ entry, side }: Held, there: ReadonlySet<string>): string | null {
  const home = entry.schema === null ? undefined : side.entries.find((e) => isSchema(e, entry.schema))
  const needs = [...entry.dependsOn.flatMap((id) => side.byId.get(id) ?? []), ...(home ? [home] : [])]
  const lacking = needs.find((e) => !there.has(keyOfEntry(e)) && !isSchema(e, 'public'))
  return lacking === undefined ? null : entryLabel(lacking)
}

function isSchema(entry: SchemaEntry, name: string | null): boolean {
  return entry.type === 'SCHEMA' && entry.name === name
}

function aboutExtension(entry: SchemaEntry, session: SessionFacts): Partial<DecidedObject> {
  if (entry.type !== 'EXTENSION') return {}
  const version = session.extensions.get(entry.name)
  if (version === undefined)
    return { problems: [`The extension ${entry.name} is not installed on the server.`] }
  return { note: `in version ${version}, the server's own; the backup does not say which it was` }
}

/** What is left alone even if extra objects are to go. */
function whyNeverDropped({ entry, side }: Held): string | null {
  if (entry.type === 'EXTENSION') return 'extensions are never dropped'
  // Switching it off would show rows to those who may not see them.
  if (entry.type === 'ROW SECURITY') return 'row level security is never switched off'
  return dropSql(entry, side) === null ? 'it can not be dropped by itself' : null
}

async function howReplaced(o: Question, before: Held, after: Held): Promise<Partial<DecidedObject>> {
  const { type } = after.entry
  if (type === 'COMMENT' || type === 'SECURITY LABEL' || type === 'ROW SECURITY') return {}
  if (type === 'POLICY' || type === 'TRIGGER' || type === 'EVENT TRIGGER')
    return { recreated: dropSql(before.entry, before.side) !== null }
  if (type === 'VIEW') {
    const name = qualified(before.entry.schema ?? '', before.entry.name)
    const query = queryOfView(after.side.sql(after.entry))
    const may = query !== null && (await mayReplaceView(o.wire, name, query))
    return may ? {} : { recreated: true, note: 'dropped and made again: its columns change' }
  }
  const head = ({ entry, side }: Held): string | null => beforeWord(side.sql(entry), 'LANGUAGE')
  if (type === 'AGGREGATE' || head(before) === head(after)) return {}
  const dependents = await dependentsOfFunction(o.wire, before.entry.oid)
  const label = entryLabel(after.entry)
  return {
    recreated: true,
    note: 'dropped and made again: its signature changes',
    problems:
      dependents.length === 0
        ? []
        : [`${label} must be dropped to be replaced, and this depends on it: ${dependents.join(', ')}.`],
  }
}

/** Views that read one which is dropped go with it, and come back: as in the backup, or as they are if it has none. */
async function withReadingViews(o: Question, decided: DecidedObject[]): Promise<DecidedObject[]> {
  const dropped = decided.filter((d) => d.recreated && d.after?.entry.type === 'VIEW')
  const oids = dropped.flatMap((d) => d.before?.entry.oid ?? [])
  if (oids.length === 0) return decided
  const { views, others } = await dependentsOfViews(o.wire, oids)
  const names = dropped.map((d) => d.object).join(', ')
  const own = new Map(decided.map((d) => [d.before?.entry, d]))
  const result = [...decided]
  for (const entry of o.target.entries) {
    if (entry.type !== 'VIEW' || !views.has(entry.oid)) continue
    const known = own.get(entry)
    if (known?.recreated === true || known?.action === 'drop') continue
    const before = { entry, side: o.target }
    const then = o.backup.byKey.get(keyOfEntry(entry))
    const after = then === undefined ? before : { entry: then, side: o.backup }
    const note = `dropped and made again, because it reads ${names}`
    const one = { component: 'views' as const, found: 'changed' as const, action: 'replace' as const }
    const object = entryLabel(entry)
    const made = { ...one, object, before, after, recreated: true, note, problems: [] }
    if (known === undefined) result.push(made)
    else result[result.indexOf(known)] = made
  }
  if (others.length === 0) return result
  const problem = `${names} must be dropped to be replaced, and this depends on it: ${others.join(', ')}.`
  return result.map((d) => (d === dropped[0] ? { ...d, problems: [...d.problems, problem] } : d))
}

/** Grants of one object, and what is done about them. */
export interface DecidedGrant extends GrantStep {
  readonly before: GrantDifference['before']
  readonly after: GrantDifference['after']
  readonly found: ComponentChange['found']
  readonly note: string | null
  /** Not null: there is no such object in the target. */
  readonly left: string | null
}

/** What the backup has and the target has not is granted; what only the target has is taken, if changes are to be taken back. */
export function decideGrants(
  found: readonly GrantDifference[],
  objects: readonly DecidedObject[],
  { actions }: ComponentOptions,
): DecidedGrant[] {
  const made = new Set(
    objects.flatMap((d) => (d.action === 'make' && d.after !== null ? [d.after.entry.id] : [])),
  )
  const dropped = new Set(objects.flatMap((d) => (d.action === 'drop' ? [d.before?.entry] : [])))
  return found.flatMap(({ entry, before, after, lacking, onColumns }) => {
    // They come with the object.
    if (lacking && entry.dependsOn.some((id) => made.has(id))) return []
    if ([...dropped].some((d) => d !== undefined && entry.dependsOn.includes(d.id))) return []
    const missing = without(after, before)
    const extra = without(before, after)
    const give: Grant[] = actions.create && !lacking ? missing : []
    const take: Grant[] = actions.update && !lacking ? extra : []
    return [
      {
        object: `grants on ${after.on === '' ? before.on : after.on}${entry.type === 'ACL' ? '' : ' by default'}`,
        key: keyOfEntry(entry),
        column: entry.name.startsWith('COLUMN '),
        list: { ...before, on: after.on === '' ? before.on : after.on },
        give,
        take,
        onColumns,
        before,
        after,
        found: extra.length === 0 ? 'missing' : missing.length === 0 ? 'extra' : 'changed',
        note: lacking ? 'there is no such object' : null,
        left: lacking ? entryLabel(entry) : null,
      },
    ]
  })
}
