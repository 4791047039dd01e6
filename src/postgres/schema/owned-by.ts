import type { ArchiveEntry } from './archive.ts'

const identifier = String.raw`(?:"((?:[^"]|"")*)"|([^\s."]+))`
const owner = new RegExp(String.raw` OWNED BY ${identifier}\.${identifier}\.${identifier};\s*$`)

/**
 * What entries depend on, by id, without repetition. pg_dump leaves out that the entry which gives a sequence to a
 * column needs the column's table: that stands in its statement only.
 */
export function dependencies(entries: readonly ArchiveEntry[]): ReadonlyMap<number, readonly number[]> {
  const tables = new Map<string, number>()
  for (const { type, schema, tag, id } of entries) {
    if (type === 'TABLE' || type === 'FOREIGN TABLE') tables.set(nameKey(schema, tag), id)
  }
  return new Map(
    entries.map((entry) => {
      const table = entry.type === 'SEQUENCE OWNED BY' ? tables.get(owningTable(entry.definition)) : undefined
      return [entry.id, [...new Set([...entry.dependsOn, ...(table === undefined ? [] : [table])])]]
    }),
  )
}

function owningTable(definition: string): string {
  const [, quotedSchema, schema = '', quotedTable, table = ''] = owner.exec(definition) ?? []
  return nameKey(quotedSchema?.replaceAll('""', '"') ?? schema, quotedTable?.replaceAll('""', '"') ?? table)
}

function nameKey(schema: string, name: string): string {
  return JSON.stringify([schema, name])
}
