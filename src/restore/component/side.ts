import { HoldfastError } from '../../lib/errors.ts'
import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import { nameDecoder } from '../../postgres/schema/names.ts'
import type { Component } from './types.ts'

/** One of the two schemas that are compared: the backup's, or the target's. */
export interface Side {
  readonly entries: readonly SchemaEntry[]
  readonly byKey: ReadonlyMap<string, SchemaEntry>
  readonly byId: ReadonlyMap<number, SchemaEntry>
  readonly major: number
  /** It is the target's. */
  readonly isTarget: boolean
  /** The place in the dump: what an object needs comes before it. */
  readonly order: ReadonlyMap<SchemaEntry, number>
  /** With the owner's statement, unless owners are left out. */
  sql(entry: SchemaEntry): string
  /** With the owner's statement in any case. */
  wholeSql(entry: SchemaEntry): string
  /** How statements call the object, with its kind: `FUNCTION shop.total(integer)`. Null if it has no owner. */
  objectSql(entry: SchemaEntry): string | null
}

/** Throws `target_lacks` where the text of an object can't be turned into characters and back. */
export function sideOf(o: {
  text: Uint8Array
  entries: readonly SchemaEntry[]
  encoding: string
  major: number
  isTarget: boolean
  noOwner: boolean
}): Side {
  const decode = nameDecoder(o.encoding)
  const bytes = Buffer.from(o.text.buffer, o.text.byteOffset, o.text.byteLength)
  const textOf = (from: number, to: number): string => {
    const raw = bytes.toString('latin1', from, to)
    const text = decode(raw)
    // Statements are sent as characters, so that schemas of databases with other encodings can be compared.
    const known = decode('\x80') !== '\x80' || o.encoding === 'LATIN1'
    if (text.includes('\ufffd') || (!known && /[^\0-\x7f]/.test(text))) {
      throw new HoldfastError(
        'target_lacks',
        `The schema holds text that is not valid in ${o.encoding}, or of an encoding that can't be compared here.`,
      )
    }
    return text
  }
  return {
    entries: o.entries,
    byKey: new Map(o.entries.map((e) => [keyOfEntry(e), e])),
    byId: new Map(o.entries.map((e) => [e.id, e])),
    order: new Map(o.entries.map((e, at) => [e, at])),
    major: o.major,
    isTarget: o.isTarget,
    sql: (e) => textOf(e.offset, e.offset + (o.noOwner ? e.lengthWithoutOwner : e.length)),
    wholeSql: (e) => textOf(e.offset, e.offset + e.length),
    objectSql: (e) => {
      const owner = textOf(e.offset + e.lengthWithoutOwner, e.offset + e.length)
      return /^ALTER ([^]*) OWNER TO "(?:[^"]|"")*";\n$/.exec(owner)?.[1] ?? null
    },
  }
}

/** Tells objects apart: default privileges of several roles have the same name. */
export function keyOfEntry(e: SchemaEntry): string {
  return JSON.stringify([e.type, e.schema, e.name, e.type === 'DEFAULT ACL' ? e.owner : null])
}

const typesOf: Readonly<Record<string, Component>> = {
  POLICY: 'policies',
  'ROW SECURITY': 'policies',
  FUNCTION: 'functions',
  PROCEDURE: 'functions',
  AGGREGATE: 'functions',
  TRIGGER: 'triggers',
  'EVENT TRIGGER': 'triggers',
  VIEW: 'views',
  ACL: 'grants',
  'DEFAULT ACL': 'grants',
  EXTENSION: 'extensions',
}
const remarks = new Set(['COMMENT', 'SECURITY LABEL'])

/** Which component an entry is of; a remark is of what it is about. Null: of none. */
export function componentOf(entry: SchemaEntry, side: Side): Component | null {
  if (!remarks.has(entry.type)) return typesOf[entry.type] ?? null
  const component = subjectsOf(entry, side).map((e) => typesOf[e.type])[0] ?? null
  // Making an extension sets its comment.
  return component === 'extensions' ? null : component
}

/** What a grant or remark is about. */
export function subjectsOf(entry: SchemaEntry, side: Side): SchemaEntry[] {
  const others = entry.dependsOn.flatMap((id) => side.byId.get(id) ?? [])
  return others.flatMap((e) => (e.type === 'ACL' && entry.type === 'ACL' ? subjectsOf(e, side) : [e]))
}

const relations = new Set(['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE'])

/** The table, view or sequence that an entry is, or is part of. */
export function relationOf(entry: SchemaEntry, side: Side): SchemaEntry | null {
  if (relations.has(entry.type)) return entry
  const near = [...subjectsOf(entry, side)]
  for (const e of near) {
    if (relations.has(e.type) && isPartOf(entry, e)) return e
    if (remarks.has(entry.type) && !relations.has(e.type)) near.push(...subjectsOf(e, side))
  }
  return null
}

function isPartOf(entry: SchemaEntry, relation: SchemaEntry): boolean {
  if (entry.type === 'ACL' || remarks.has(entry.type)) return true
  return (
    entry.schema === relation.schema &&
    (entry.name === relation.name || entry.name.startsWith(`${relation.name} `))
  )
}
