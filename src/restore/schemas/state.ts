import type { Connection } from '../../postgres/connect.ts'
import { ident, literal } from '../../postgres/quote.ts'

/**
 * What a kept schema is, as its comment tells: its owner may set that, in the transaction that renames it, and it goes with the schema. All
 * schemas that one restore has put aside have the same `id`.
 */
export interface KeptState {
  /** Its name as the live one. */
  readonly of: string
  readonly id: string
  /** The one that took its place. */
  readonly backup: string
  /** ISO 8601: when it was put aside. */
  readonly at: string
  /** The comment that it had as the live one. */
  readonly comment: string | null
  /** Names of all schemas that are live in place of those of this id; some had nobody to take the place of. */
  readonly replacedBy: readonly string[]
  /** Extensions that were in one of these schemas, and went over into the one that took its place. */
  readonly moved: readonly string[]
}

export interface KeptSchema extends KeptState {
  readonly name: string
  readonly oid: number
  /** Of its tables, with indexes. */
  readonly bytes: number
}

/** Schemas that were put aside together. */
export interface KeptSchemas extends Pick<KeptState, 'id' | 'backup' | 'at' | 'replacedBy' | 'moved'> {
  readonly schemas: readonly KeptSchema[]
  readonly bytes: number
}

const prefix = 'holdfast schemas: '

export function stateSql(schema: string, state: KeptState): string {
  return commentSql(schema, prefix + JSON.stringify(state))
}

export function commentSql(schema: string, comment: string | null): string {
  return `COMMENT ON SCHEMA ${ident(schema)} IS ${comment === null ? 'NULL' : literal(comment)}`
}

/** What restores have put aside in the database, newest first. */
export async function readKept(connection: Connection): Promise<KeptSchemas[]> {
  const rows = await connection.query<{ name: string; oid: number; comment: string; bytes: string }>(
    `SELECT n.nspname AS name, n.oid, pg_catalog.obj_description(n.oid, 'pg_namespace') AS comment,
       (SELECT coalesce(sum(pg_catalog.pg_total_relation_size(c.oid)), 0) FROM pg_catalog.pg_class c
         WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'm')) AS bytes
     FROM pg_catalog.pg_namespace n
     WHERE pg_catalog.starts_with(pg_catalog.obj_description(n.oid, 'pg_namespace'), ${literal(prefix)}) ORDER BY 1`,
  )
  const byId = new Map<string, KeptSchema[]>()
  for (const { name, oid, comment, bytes } of rows) {
    const state = parseState(comment.slice(prefix.length))
    if (state === null) continue
    byId.set(state.id, [...(byId.get(state.id) ?? []), { ...state, name, oid, bytes: Number(bytes) }])
  }
  const groups = [...byId.values()].flatMap((schemas) => {
    const [first] = schemas
    if (first === undefined) return []
    const { id, backup, at, replacedBy, moved } = first
    return [
      { id, backup, at, replacedBy, moved, schemas, bytes: schemas.reduce((sum, s) => sum + s.bytes, 0) },
    ]
  })
  return groups.sort((a, b) => b.at.localeCompare(a.at))
}

/** Null: somebody else has written it. */
function parseState(text: string): KeptState | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { of, id, backup, at, comment, replacedBy, moved } = value as Record<string, unknown>
  if (![of, id, backup, at].every((one) => typeof one === 'string')) return null
  if (!isTexts(replacedBy) || !isTexts(moved)) return null
  return {
    of: String(of),
    id: String(id),
    backup: String(backup),
    at: String(at),
    comment: typeof comment === 'string' ? comment : null,
    replacedBy,
    moved,
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

/** Postgres cuts names after so many bytes. */
const nameBytes = 63

/** `holdfast_old_public_1f2e3d4c`. A long name is cut, and no character in two; two that begin alike are told apart by `taken`. */
export function keptName(o: {
  readonly schema: string
  readonly word: 'old' | 'new'
  readonly id: string
  readonly taken: ReadonlySet<string>
}): string {
  for (let more = 0; ; more++) {
    const ending = `${more === 0 ? '' : `_${more}`}_${o.id}`
    let name = `holdfast_${o.word}_`
    for (const character of o.schema) {
      if (Buffer.byteLength(name + character + ending) > nameBytes) break
      name += character
    }
    if (!o.taken.has(name + ending)) return name + ending
  }
}

/** True of a name as `keptName` gives it: what is in a backup under one was put aside when that was made. */
export function isKeptName(name: string): boolean {
  return /^holdfast_(old|new)_.*_[0-9a-f]{8}$/.test(name)
}
