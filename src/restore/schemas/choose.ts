import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import { outerWords, unquoted } from '../../postgres/schema/words.ts'
import type { BackupContents } from '../../repository/format/contents.ts'
import { entryText } from '../quarantine/plan.ts'
import type { LiveFacts } from './facts.ts'
import { isKeptName } from './state.ts'

/** What becomes of the schemas of the backup, and which of its objects are made: pure. */
export interface Choice {
  /** There, and put aside. */
  readonly replaced: readonly string[]
  /** Not there. */
  readonly added: readonly string[]
  /** There, and left alone although the backup has them, with the reason. */
  readonly left: readonly { readonly schema: string; readonly why: string }[]
  /** There, and not in the backup. */
  readonly untouched: readonly string[]
  /** Schemas of the backup in which an earlier restore had put something aside. */
  readonly keptThen: readonly string[]
  /** Extensions that are in a schema which is replaced, and that the backup has: they go into the new one. */
  readonly moving: readonly { readonly name: string; readonly schema: string }[]
  /** Extensions that are put aside with a schema, because the backup has them not. */
  readonly asideExtensions: readonly string[]
  /** Extensions that the backup has in another schema. */
  readonly elsewhere: readonly { readonly name: string; readonly here: string; readonly backup: string }[]
  /** What is made. */
  readonly entries: readonly SchemaEntry[]
  /** Objects that belong to no schema, of the backup, which are not made: by their kind. */
  readonly outside: ReadonlyMap<string, number>
  /** Of what is made, what it needs that is not: to be looked for in the database. */
  readonly needs: readonly SchemaEntry[]
}

export function chooseSchemas(contents: BackupContents, text: Uint8Array, live: LiveFacts): Choice {
  const all = contents.schema.entries
  const there = new Map(live.schemas.map((s) => [s.name, s]))
  const kept = new Set(live.kept.flatMap((k) => k.schemas.map((s) => s.name)))
  const own = ownSchemas(contents)
  const names = [...new Set([...own, ...all.flatMap((e) => schemaOf(e) ?? [])])].sort()
  const keptThen = names.filter(isKeptName)
  const left: { schema: string; why: string }[] = []
  const replaced: string[] = []
  const added: string[] = []
  for (const name of names) {
    // Grants may be on what the server itself brings.
    if (isKeptName(name) || /^pg_|^information_schema$/.test(name)) continue
    const found = there.get(name)
    if (found === undefined) added.push(name)
    else if (live.managed.has(name)) left.push({ schema: name, why: 'the provider looks after it' })
    else if (found.ofExtensions && !own.has(name))
      left.push({ schema: name, why: 'it holds extensions only' })
    else replaced.push(name)
  }
  const made = new Set([...replaced, ...added])
  const inBackup = new Map(
    all.filter((e) => e.type === 'EXTENSION').map((e) => [e.name, extensionSchema(e, text)]),
  )
  const present = new Set(live.extensions.map((e) => e.name))
  const within = live.extensions.filter((e) => replaced.includes(e.schema))
  const entries = chooseEntries(all, made, present)
  const ids = new Set(entries.map((e) => e.id))
  const byId = new Map(all.map((e) => [e.id, e]))
  const needed = new Set(entries.flatMap((e) => e.dependsOn).filter((id) => !ids.has(id)))
  const outside = new Map<string, number>()
  for (const e of all.filter((one) => !ids.has(one.id) && isOutside(one)))
    outside.set(e.type, (outside.get(e.type) ?? 0) + 1)
  return {
    replaced,
    added,
    left,
    untouched: [...there.keys()].filter((name) => !names.includes(name) && !kept.has(name)),
    keptThen,
    moving: within.filter((e) => inBackup.has(e.name)),
    asideExtensions: within.filter((e) => !inBackup.has(e.name)).map((e) => e.name),
    elsewhere: live.extensions.flatMap((e) => {
      const backup = inBackup.get(e.name)
      return backup === undefined || backup === e.schema ? [] : [{ name: e.name, here: e.schema, backup }]
    }),
    entries,
    outside,
    needs: [...needed].flatMap((id) => byId.get(id) ?? []),
  }
}

/** The backup's contents, of what is made only. `ofExtensions`: tables and sequences of extensions that are there already. */
export function chosenContents(
  contents: BackupContents,
  choice: Choice,
  ofExtensions: ReadonlySet<string>,
  live: LiveFacts,
): BackupContents {
  const made = new Set([...choice.replaced, ...choice.added])
  const isMade = (one: { schema: string; name: string }): boolean =>
    made.has(one.schema) && !ofExtensions.has(JSON.stringify([one.schema, one.name]))
  return {
    ...contents,
    // The database stays what it is.
    database: { ...live.own, settings: [], acl: null, comment: null },
    roles: contents.roles.map((role) => ({ ...role, databaseSettings: [] })),
    schema: { ...contents.schema, entries: choice.entries },
    tables: contents.tables.filter(isMade),
    sequences: contents.sequences.filter(isMade),
    largeObjects: { objects: [], ranges: [] },
  }
}

/** Schemas in which the backup has more than extensions. */
function ownSchemas({ schema, tables }: BackupContents): Set<string> {
  return new Set([...tables.map((t) => t.schema), ...schema.entries.flatMap((e) => e.schema ?? [])])
}

/** The schema that the entry makes or is about; null if it is another kind of thing. */
function schemaOf(entry: SchemaEntry): string | null {
  if (entry.type === 'SCHEMA') return entry.name
  if (entry.schema !== null || !['ACL', 'COMMENT', 'SECURITY LABEL'].includes(entry.type)) return null
  const name = /^SCHEMA (.*)$/s.exec(entry.name)?.[1]
  return name === undefined ? null : unquoted(name)
}

/** What it says it is in: the schema that an extension's objects are made in. */
function extensionSchema(entry: SchemaEntry, text: Uint8Array): string {
  const words = outerWords(Buffer.from(entryText(entry, text), 'latin1').toString('utf8'))
  return unquoted(words[words.indexOf('SCHEMA') + 1] ?? '')
}

function isOutside({ schema, type }: SchemaEntry): boolean {
  return schema === null && !/^(ACL|COMMENT|SECURITY LABEL|SCHEMA|EXTENSION|PUBLICATION .*)$/.test(type)
}

function chooseEntries(
  all: readonly SchemaEntry[],
  made: ReadonlySet<string>,
  present: ReadonlySet<string>,
): SchemaEntry[] {
  const ids = new Set<number>()
  const kept: SchemaEntry[] = []
  for (const entry of all) {
    if (!isChosen(entry, { made, present, ids })) continue
    ids.add(entry.id)
    kept.push(entry)
  }
  return kept
}

function isChosen(
  entry: SchemaEntry,
  o: { made: ReadonlySet<string>; present: ReadonlySet<string>; ids: ReadonlySet<number> },
): boolean {
  // What is published has the schema of the table, and says something of the publication.
  if (entry.type.startsWith('PUBLICATION')) return false
  const schema = entry.schema ?? schemaOf(entry)
  if (schema !== null) return o.made.has(schema)
  if (entry.type === 'EXTENSION') return !o.present.has(entry.name)
  const depends = entry.dependsOn.some((id) => o.ids.has(id))
  // Of what belongs to no schema, what is between types that are made is made with them.
  if (entry.type === 'CAST' || entry.type === 'TRANSFORM') return depends
  if (!/^(ACL|COMMENT|SECURITY LABEL)$/.test(entry.type)) return false
  return depends && /^(CAST|TRANSFORM|EXTENSION) /.test(entry.name)
}
