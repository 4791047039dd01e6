import { HoldfastError } from '../lib/errors.ts'
import { nameDecoder } from '../postgres/schema/names.ts'
import type { BackupContents } from '../repository/format/contents.ts'
import { mostKeys, noPrimaryKey, onlyTable, requireAmong, type RowKeys } from './live-keys.ts'

/**
 * Keys from the text of a file: one a line, as Postgres prints the value; of several columns, a line is a JSON array of texts. Empty lines
 * are none. Throws `usage`, and names the line but not what is on it.
 */
export function parseKeys(text: string, columns: number): string[][] {
  const keys: string[][] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === '') continue
    const key = columns === 1 ? [line] : parseArray(line, index + 1)
    if (key.length !== columns) {
      throw new HoldfastError('usage', `Line ${index + 1} has ${key.length} values, and the key ${columns}.`)
    }
    if (keys.push(key) > mostKeys) {
      throw new HoldfastError('usage', `More than ${mostKeys} keys: erase them in parts.`)
    }
  }
  return keys
}

function parseArray(line: string, number: number): string[] {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    value = null
  }
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw new HoldfastError('usage', `Line ${number} is not a JSON array of texts.`, {
    hint: 'The key has several columns: write ["7", "2026-11-01"], with every value in quotes.',
  })
}

/** The table that is meant, and its key, as a backup describes them. Throws `table_not_found`, `usage`. */
export function keyOfBackup(o: {
  contents: BackupContents
  /** The SQL of its schema. */
  schemaText: Uint8Array
  /** Pattern that must mean one table. */
  table: string
  /** Null: the primary key. */
  columns: readonly string[] | null
}): Pick<RowKeys, 'schema' | 'name' | 'columns'> {
  const { contents } = o
  const candidates = new Map(
    contents.tables.map((table) => {
      const { schema, name } = table.parents.at(-1) ?? table
      return [JSON.stringify([schema, name]), { schema, name, columns: table.columns.map((c) => c.name) }]
    }),
  )
  const table = onlyTable(o.table, [...candidates.values()])
  const columns = o.columns ?? primaryKeyOf(o, table)
  requireAmong(columns, table.columns, table)
  return { schema: table.schema, name: table.name, columns }
}

function primaryKeyOf(
  o: { contents: BackupContents; schemaText: Uint8Array },
  table: { readonly schema: string; readonly name: string },
): string[] {
  for (const entry of o.contents.schema.entries) {
    if (entry.type !== 'CONSTRAINT' || entry.schema !== table.schema) continue
    if (!entry.name.startsWith(`${table.name} `)) continue
    const bytes = Buffer.from(o.schemaText.subarray(entry.offset, entry.offset + entry.length))
    const sql = nameDecoder(o.contents.server.encoding)(bytes.toString('latin1'))
    const list =
      /\bADD CONSTRAINT (?:"(?:[^"]|"")+"|[^\s"]+) PRIMARY KEY \(((?:"(?:[^"]|"")+"|[^()"])+)\)/.exec(sql)
    if (list !== null) return namesOf(list[1] ?? '')
  }
  throw noPrimaryKey(table)
}

/** Names in SQL, between commas. */
function namesOf(list: string): string[] {
  return [...list.matchAll(/"((?:[^"]|"")+)"|([^\s,"]+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}
