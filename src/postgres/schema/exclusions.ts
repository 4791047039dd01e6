import { ident, literal } from '../quote.ts'
import type { Archive, ArchiveEntry } from './archive.ts'
import { statements, unquoted } from './words.ts'

const identifier = String.raw`(?:"(?:[^"]|"")*"|[^\s."]+)`
const constraint = new RegExp(
  String.raw`^ALTER TABLE ONLY (${identifier}(?:\.${identifier})?)\n +ADD CONSTRAINT (${identifier}) (?:EXCLUDE |[^]* WITHOUT OVERLAPS\))`,
)

interface Part {
  readonly entry: ArchiveEntry
  readonly parent: ArchiveEntry
  readonly attach: ArchiveEntry
}

/**
 * Makes exclusion constraints of partitioned tables, and keys WITHOUT OVERLAPS, as wholes. pg_dump makes those of the partitions by
 * themselves, and attaches them; but the server takes no two of such indexes for alike, and refuses. Made on the topmost table without
 * ONLY they are made on all partitions, and then get the names that they had.
 */
export function withWholeExclusions(archive: Archive): Archive {
  const byId = new Map(archive.entries.map((entry) => [entry.id, entry]))
  const parts = archive.entries.flatMap((attach) => partOf(attach, byId) ?? [])
  if (parts.length === 0) return archive
  const byPart = new Map(parts.map((part) => [part.entry.id, part]))
  const rootOf = (entry: ArchiveEntry): ArchiveEntry => {
    const part = byPart.get(entry.id)
    return part === undefined ? entry : rootOf(part.parent)
  }
  const trees = Map.groupBy(parts, ({ entry }) => rootOf(entry).id)
  const gone = new Set(parts.map(({ attach }) => attach.id))
  const changed = (entry: ArchiveEntry): ArchiveEntry => {
    const own = trees.get(entry.id)
    if (own !== undefined) return { ...entry, definition: whole(entry, own) }
    const part = byPart.get(entry.id)
    if (part !== undefined) return { ...entry, ...without(part.entry, rootOf(part.entry)) }
    // What is about a part comes after the whole, and needs what the part needs, which may be no entry any more.
    const needed = entry.dependsOn
      .flatMap((id) => byPart.get(id) ?? [])
      .map((p) => without(p.entry, rootOf(p.entry)))
    return needed.length === 0
      ? entry
      : { ...entry, dependsOn: [...entry.dependsOn, ...needed.flatMap((n) => n.dependsOn ?? [])] }
  }
  return { ...archive, entries: archive.entries.filter(({ id }) => !gone.has(id)).map(changed) }
}

/** What an entry attaches, if both are such constraints. */
function partOf(attach: ArchiveEntry, byId: ReadonlyMap<number, ArchiveEntry>): Part | undefined {
  if (attach.type !== 'INDEX ATTACH') return undefined
  const constraints = attach.dependsOn
    .flatMap((id) => byId.get(id) ?? [])
    .filter(({ type, definition }) => type === 'CONSTRAINT' && constraint.test(definition))
  const entry = constraints.find((c) => c.schema === attach.schema && c.tag.endsWith(` ${attach.tag}`))
  const parent = constraints.find((c) => entry?.dependsOn.includes(c.id))
  return entry === undefined || parent === undefined ? undefined : { entry, parent, attach }
}

/** What else an entry says of its constraint, which is there when the whole is. */
function without(entry: ArchiveEntry, root: ArchiveEntry): Partial<ArchiveEntry> {
  const rest = [...statements(entry.definition)].slice(1).join('').trimStart()
  const { tablespace } = entry
  const moved =
    tablespace === null || tablespace === '' || tablespace === root.tablespace
      ? ''
      : `ALTER INDEX ${ident(entry.schema)}.${named(entry).name} SET TABLESPACE ${ident(tablespace)};\n`
  return {
    definition: moved + rest,
    tablespace: null,
    dependsOn: [...new Set([...entry.dependsOn, root.id])],
  }
}

function whole(root: ArchiveEntry, parts: readonly Part[]): string {
  const [first = '', ...rest] = statements(root.definition)
  const wanted = parts.map(({ entry }) => named(entry)).sort((a, b) => (a.table < b.table ? -1 : 1))
  const { table, name } = named(root)
  const made = `WITH RECURSIVE made AS (
      SELECT oid, conrelid, conname FROM pg_catalog.pg_constraint
      WHERE conrelid = ${literal(table)}::pg_catalog.regclass AND conname = ${literal(unquoted(name))}
      UNION ALL SELECT c.oid, c.conrelid, c.conname FROM made m JOIN pg_catalog.pg_constraint c ON c.conparentid = m.oid)
    SELECT m.oid, m.conrelid::pg_catalog.regclass AS part, m.conname AS is, w.name AS wanted FROM made m
    JOIN (VALUES ${wanted.map((w) => `(${literal(w.table)}, ${literal(w.name)})`).join(', ')}) w (part, name)
      ON pg_catalog.to_regclass(w.part) = m.conrelid`
  // Twice, since the name that one is to have may be another's as yet.
  const body = `DECLARE one record; BEGIN
  FOR one IN ${made} LOOP
    EXECUTE pg_catalog.format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', one.part, one.is, 'holdfast ' || one.oid);
  END LOOP;
  FOR one IN ${made} LOOP
    EXECUTE pg_catalog.format('ALTER TABLE %s RENAME CONSTRAINT %I TO %s', one.part, one.is, one.wanted);
  END LOOP;
END`
  return [first.replace(/^ALTER TABLE ONLY /, 'ALTER TABLE '), ...rest, `\n\nDO ${literal(body)};\n`].join('')
}

/** Table and constraint as SQL. */
function named({ definition }: ArchiveEntry): { table: string; name: string } {
  const [, table = '', name = ''] = constraint.exec(definition) ?? []
  return { table, name }
}
