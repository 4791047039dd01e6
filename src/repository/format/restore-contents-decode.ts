import type { ColumnFacts, Piece } from './contents.ts'
import { backupId, timestamp } from './fields.ts'
import type {
  RecordedTable,
  RestoreRecord,
  SafetyContents,
  SafetyDroppedTable,
  SafetyMadeTable,
  SafetyObject,
  SafetySchema,
  SafetyStatement,
  SafetyTable,
  SafetyTarget,
} from './restore-contents.ts'
import { amount, boolean, integer, list, nullable, object, oneOf, ShapeError, string, text } from './shape.ts'
import type { Check } from './shape.ts'
import { decodeJson } from './signed.ts'

const count = integer(0)

const target = object<SafetyTarget>({
  address: string,
  database: string,
  databaseOid: integer(0, 4294967295),
  systemIdentifier: nullable(text(/^\d{1,20}$/)),
  timeline: nullable(count),
  major: integer(1, 1000),
  encoding: string,
})

const tableFields = object<SafetyTable>({
  schema: string,
  name: string,
  columns: list(object<ColumnFacts>({ name: string, type: string })),
  key: nullable(list(string)),
  created: count,
  updated: count,
  deleted: count,
  pieces: list(object<Piece>({ chunk: count, offset: count, length: count })),
})

/** Besides the shape: what tells rows apart must be among what is known of them. */
const table: Check<SafetyTable> = (value, place) => {
  const one = tableFields(value, place)
  const names = new Set(one.columns.map(({ name }) => name))
  if (names.size !== one.columns.length) throw new ShapeError(`${place}.columns has a column twice`)
  if (one.key !== null && (one.key.length === 0 || one.key.some((name) => !names.has(name))))
    throw new ShapeError(`${place}.key is not made of the table's columns`)
  return one
}

const common = {
  target,
  transaction: text(/^\d{1,20}$/),
  tables: list(table),
} as const

const madeTable = {
  schema: string,
  name: string,
  rows: count,
  expression: string,
  hash: text(/^-?\d{1,40}$/),
} as const

const statements = list(object<SafetyStatement>({ object: string, sql: string }))

const first = object<First>({
  ...common,
  format: oneOf(1),
  madeTables: list(object<First['madeTables'][number]>(madeTable)),
})

/** Contents of format 1 say less. */
interface First extends Omit<SafetyContents, 'droppedTables' | 'schema' | 'madeTables'> {
  readonly madeTables: readonly Omit<SafetyMadeTable, 'keptRows'>[]
}

const second = object<SafetyContents>({
  ...common,
  format: oneOf(2),
  madeTables: list(object<SafetyMadeTable>({ ...madeTable, keptRows: boolean })),
  droppedTables: list(
    object<SafetyDroppedTable>({ schema: string, name: string, keptRows: boolean, noOwner: boolean }),
  ),
  schema: nullable(
    object<SafetySchema>({
      back: statements,
      forth: statements,
      objects: list(
        object<SafetyObject>({
          key: string,
          object: string,
          before: nullable(string),
          after: nullable(string),
        }),
      ),
    }),
  ),
})

const safety: Check<SafetyContents> = (value, place) => {
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined
  if (format !== 1) return second(value, place)
  const old = first(value, place)
  const madeTables = old.madeTables.map((one) => ({ ...one, keptRows: false }))
  return { ...old, madeTables, droppedTables: [], schema: null }
}

const record = object<RestoreRecord>({
  format: oneOf(1),
  kind: oneOf('new database', 'in place', 'undo', 'swap'),
  backup: nullable(text(backupId)),
  moment: nullable(timestamp),
  undoes: nullable(text(backupId)),
  target: string,
  who: string,
  started: timestamp,
  finished: timestamp,
  seconds: amount,
  scope: list(string),
  tables: list(
    object<RecordedTable>({
      schema: string,
      name: string,
      created: count,
      updated: count,
      deleted: count,
      unchanged: count,
      conflicts: count,
    }),
  ),
  checks: list(object<RestoreRecord['checks'][number]>({ what: string, result: string })),
  warnings: list(string),
})

/**
 * The contents of a safety backup from the plain bytes of their chunk, which was stored under `key`. Throws
 * `repository_too_new` for an unknown format, and `object_damaged` that names the field otherwise.
 */
export function decodeSafetyContents(key: string, bytes: Uint8Array): SafetyContents {
  return decodeJson(key, bytes, safety, 2)
}

/** The record of a restore, as `decodeSafetyContents`. */
export function decodeRestoreRecord(key: string, bytes: Uint8Array): RestoreRecord {
  return decodeJson(key, bytes, record)
}
