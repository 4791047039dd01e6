import { ident } from '../quote.ts'
import type { Wire } from '../wire.ts'
import type { Archive, ArchiveEntry } from './archive.ts'
import { statements } from './words.ts'

/** What a column keeps by the default of its type, while a table it inherits from does not: by the inheriting table's object id. */
export type UsualColumns = ReadonlyMap<number, readonly UsualColumn[]>

interface UsualColumn {
  /** Quoted, one byte per character as in an archive. */
  readonly name: string
  /** `STORAGE EXTENDED`, `COMPRESSION default`. */
  readonly usual: string
}

/**
 * Reads them. CREATE TABLE ... INHERITS takes over how the parent stores a column, and pg_dump says only what is not the type's default: a
 * column that was set back to it would come back as the parent's. Partitions are made alone, and take nothing over.
 */
export async function readUsualColumns(wire: Wire): Promise<UsualColumns> {
  const rows = await wire.query(`
    SELECT c.oid, pg_catalog.encode(pg_catalog.textsend(pg_catalog.quote_ident(a.attname)), 'hex'), v.usual
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount > 0
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    CROSS JOIN LATERAL (
      SELECT pg_catalog.bool_or(p.attstorage <> t.typstorage) AS storage, pg_catalog.bool_or(p.attcompression <> '') AS compression
      FROM pg_catalog.pg_inherits i
      JOIN pg_catalog.pg_attribute p ON p.attrelid = i.inhparent AND p.attname = a.attname
      WHERE i.inhrelid = c.oid) parent
    CROSS JOIN LATERAL (VALUES
      (parent.storage AND a.attstorage = t.typstorage,
        'STORAGE ' || CASE t.typstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END),
      (parent.compression AND a.attcompression = '' AND c.relkind = 'r', 'COMPRESSION default')) v (differs, usual)
    WHERE c.relkind IN ('r', 'f') AND NOT c.relispartition AND v.differs
    ORDER BY c.oid, a.attnum, v.usual`)
  const found = new Map<number, UsualColumn[]>()
  for (const [oid, name, usual] of rows) {
    const columns = found.get(Number(oid)) ?? []
    columns.push({ name: Buffer.from(name ?? '', 'hex').toString('latin1'), usual: usual ?? '' })
    found.set(Number(oid), columns)
  }
  return found
}

/**
 * Adds the statements that set such columns back, behind the one that makes their table. And takes away what pg_dump says of a
 * foreign table's compression, which no server executes: it has none, and takes its parent's setting over by itself.
 */
export function withColumnStorage(archive: Archive, columns: UsualColumns): Archive {
  const corrected = (entry: ArchiveEntry): ArchiveEntry => {
    if (entry.type !== 'TABLE' && entry.type !== 'FOREIGN TABLE') return entry
    const table = `${ident(entry.schema)}.${ident(entry.tag)}`
    const added = (columns.get(entry.oid) ?? []).map(
      ({ name, usual }) => `ALTER TABLE ONLY ${table} ALTER COLUMN ${name} SET ${usual};\n`,
    )
    const definition = entry.type === 'TABLE' ? entry.definition : withoutCompression(entry.definition)
    return { ...entry, definition: definition + added.join('') }
  }
  return { ...archive, entries: archive.entries.map(corrected) }
}

const compression = /^ALTER FOREIGN TABLE ONLY [^]* SET COMPRESSION \w+;\n*$/

function withoutCompression(sql: string): string {
  if (!sql.includes(' SET COMPRESSION ')) return sql
  return [...statements(sql)].filter((statement) => !compression.test(statement)).join('')
}
