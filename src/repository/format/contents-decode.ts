import type {
  DatabaseProperties,
  RoleDefinition,
  RoleMembership,
  RoleParameter,
  SecurityLabel,
} from '../../postgres/globals/types.ts'
import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import type {
  BackupContents,
  BackupScope,
  ColumnFacts,
  Fingerprint,
  Gap,
  LargeObject,
  LargeObjectContents,
  Piece,
  RowRange,
  SequenceValue,
  ServerFacts,
  TableContents,
} from './contents.ts'
import { boolean, integer, list, nullable, object, oneOf, ShapeError, string, text } from './shape.ts'
import type { Check } from './shape.ts'
import { decodeJson } from './signed.ts'

/** Sums of 64-bit hashes, and values of sequences: larger than a JSON number. */
const decimal = text(/^-?\d{1,40}$/)
const count = integer(0)
const oid = integer(0, 4294967295)
const texts = list(string)
const tableName = object<{ schema: string; name: string }>({ schema: string, name: string })
const labels = list(object<SecurityLabel>({ provider: string, label: string }))
const pieces = list(object<Piece>({ chunk: count, offset: count, length: count }))

const server = {
  version: string,
  major: integer(1, 1000),
  systemIdentifier: nullable(decimal),
  timeline: nullable(count),
  inRecovery: boolean,
  encoding: string,
}

const database = object<DatabaseProperties>({
  name: string,
  owner: string,
  encoding: string,
  collate: string,
  ctype: string,
  localeProvider: oneOf('libc', 'icu', 'builtin'),
  locale: nullable(string),
  icuRules: nullable(string),
  tablespace: string,
  connectionLimit: integer(-2),
  isTemplate: boolean,
  allowConnections: boolean,
  comment: nullable(string),
  acl: nullable(texts),
  settings: texts,
  securityLabels: labels,
})

const role = object<RoleDefinition>({
  name: string,
  bootstrap: boolean,
  superuser: boolean,
  inherit: boolean,
  createRole: boolean,
  createDatabase: boolean,
  login: boolean,
  replication: boolean,
  bypassRls: boolean,
  connectionLimit: integer(-1),
  validUntil: nullable(string),
  password: nullable(string),
  comment: nullable(string),
  settings: texts,
  databaseSettings: texts,
  memberOf: list(
    object<RoleMembership>({
      role: string,
      grantor: nullable(string),
      admin: boolean,
      inherit: nullable(boolean),
      set: nullable(boolean),
    }),
  ),
  parameters: list(
    object<RoleParameter>({ name: string, privilege: oneOf('SET', 'ALTER SYSTEM'), grantable: boolean }),
  ),
  securityLabels: labels,
})

const entry = object<SchemaEntry>({
  id: integer(1),
  type: string,
  phase: oneOf('pre', 'post', 'acl', 'last'),
  schema: nullable(string),
  name: string,
  owner: nullable(string),
  catalogOid: oid,
  oid,
  dependsOn: list(integer(1)),
  offset: count,
  length: count,
  lengthWithoutOwner: count,
})

const fingerprint = object<Fingerprint>({
  rows: count,
  expression: nullable(string),
  hash: nullable(decimal),
  samples: list(object<Fingerprint['samples'][number]>({ range: count, rows: count, hash: decimal })),
})

const table = {
  oid,
  schema: string,
  name: string,
  columns: list(object<ColumnFacts>({ name: string, type: string })),
  rows: count,
  plainBytes: count,
  condition: nullable(string),
  data: oneOf('held', 'excluded', 'unreadable'),
  loadVia: nullable(tableName),
  parents: list(tableName),
  ranges: list(object<RowRange>({ from: count, to: nullable(count), rows: count, pieces })),
  fingerprint: nullable(fingerprint),
}

const largeObjects = object<LargeObjectContents>({
  objects: list(object<LargeObject>({ oid, owner: string, acl: nullable(texts), comment: nullable(string) })),
  ranges: list(object<LargeObjectContents['ranges'][number]>({ rows: count, pieces })),
})

const common = {
  database,
  roles: list(role),
  usedRoles: texts,
  schema: object<BackupContents['schema']>({ pieces, entries: list(entry) }),
  sequences: list(
    object<SequenceValue>({ schema: string, name: string, lastValue: decimal, isCalled: boolean }),
  ),
  largeObjects,
  gaps: list(object<Gap>({ what: string, why: string })),
  scope: object<BackupScope>({ schemas: texts, tables: texts, excludeTables: texts, excludeData: texts }),
  proof: oneOf('counts', 'sampled', 'full'),
} as const

const first = object<First>({
  ...common,
  format: oneOf(1),
  server: object<First['server']>(server),
  tables: list(object<First['tables'][number]>(table)),
})

const second = object<BackupContents>({
  ...common,
  format: oneOf(2),
  server: object<ServerFacts>({
    ...server,
    horizon: nullable(text(/^\d{1,20}$/)),
    incarnation: nullable(string),
  }),
  tables: list(object<TableContents>({ ...table, filenode: nullable(oid) })),
})

/** Contents of format 1 say less. */
interface First extends Omit<BackupContents, 'server' | 'tables'> {
  readonly server: Omit<ServerFacts, 'horizon' | 'incarnation'>
  readonly tables: readonly Omit<TableContents, 'filenode'>[]
}

const fields: Check<BackupContents> = (value, place) => {
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined
  if (format !== 1) return second(value, place)
  const old = first(value, place)
  return {
    ...old,
    server: { ...old.server, horizon: null, incarnation: null },
    tables: old.tables.map((one) => ({ ...one, filenode: null })),
  }
}

/**
 * The contents of a backup from the plain bytes of their chunk, which was stored under `key`. Throws
 * `repository_too_new` for an unknown format, and `object_damaged` that names the field otherwise.
 */
export function decodeContents(key: string, bytes: Uint8Array): BackupContents {
  return decodeJson(key, bytes, check, 2)
}

/** Besides the shape: what refers into another part of the contents must hit it. */
const check: Check<BackupContents> = (value, place) => {
  const contents = fields(value, place)
  const schemaBytes = contents.schema.pieces.reduce((sum, piece) => sum + piece.length, 0)
  contents.schema.entries.forEach(({ offset, length, lengthWithoutOwner }, index) => {
    if (offset + length > schemaBytes || lengthWithoutOwner > length)
      throw new ShapeError(`${place}.schema.entries[${index}] lies outside of the schema's text`)
  })
  contents.tables.forEach((one, index) => {
    const at = one.fingerprint?.samples.findIndex((sample) => sample.range >= one.ranges.length) ?? -1
    if (at >= 0)
      throw new ShapeError(
        `${place}.tables[${index}].fingerprint.samples[${at}].range is not a range of the table`,
      )
  })
  return contents
}
