import { ident } from '../quote.ts'
import type { Archive, ArchiveEntry } from './archive.ts'
import type { SchemaDump, SchemaEntry } from './entry.ts'
import { nameDecoder } from './names.ts'
import { dependencies } from './owned-by.ts'
import { ownerStatement } from './owner.ts'

/** Settings of the session, which whoever restores makes by itself. */
const settings = new Set(['ENCODING', 'STDSTRINGS', 'SEARCHPATH'])
/** The database itself is restored from its own description. */
const ofDatabase = new Set(['DATABASE', 'DATABASE PROPERTIES'])
/** Rows, sequences' values and large objects are not part of the schema. */
const data = new Set(['TABLE DATA', 'SEQUENCE SET', 'BLOB', 'BLOBS', 'BLOB METADATA', 'STATISTICS DATA'])
const aboutOthers = new Set(['ACL', 'COMMENT', 'SECURITY LABEL'])
const usualAccessMethod = 'heap'

/** Makes the schema's text and its index of a dump of pg_dump. */
export function assembleSchema(archive: Archive): SchemaDump {
  const decode = nameDecoder(archive.encoding)
  const orNull = (text: string): string | null => (text === '' ? null : decode(text))
  const dependsOn = dependencies(archive.entries)
  const pieces: string[] = []
  const entries: SchemaEntry[] = []
  let offset = 0
  let section: 'pre' | 'post' = 'pre'
  for (const entry of archive.entries) {
    if (entry.section === 'pre' || entry.section === 'post') section = entry.section
    if (!belongs(entry)) continue
    const body = bodyOf(entry)
    const text = body + ownerStatement(entry)
    if (text === '') continue
    pieces.push(text)
    entries.push({
      id: entry.id,
      type: entry.type,
      phase: phaseOf(entry) ?? section,
      schema: orNull(entry.schema),
      name: decode(entry.tag),
      owner: orNull(entry.owner),
      catalogOid: entry.catalogOid,
      oid: entry.oid,
      dependsOn: dependsOn.get(entry.id) ?? [],
      offset,
      length: text.length,
      lengthWithoutOwner: body.length,
    })
    offset += text.length
  }
  const kept = new Set(entries.map(({ id }) => id))
  const early = neededEarly(entries)
  return {
    text: Buffer.from(pieces.join(''), 'latin1'),
    entries: entries.map((entry) => ({
      ...entry,
      phase: early.has(entry.id) ? 'pre' : entry.phase,
      dependsOn: entry.dependsOn.filter((id) => kept.has(id)),
    })),
  }
}

/**
 * What pg_dump has put behind the rows, and something before them needs all the same: a primary key that the body of a function
 * groups by, which gives a table's column its default.
 */
function neededEarly(entries: readonly SchemaEntry[]): Set<number> {
  const early = new Set<number>()
  // What an entry needs stands before it.
  for (const entry of entries.toReversed()) {
    if (entry.phase !== 'pre' && !early.has(entry.id)) continue
    for (const id of entry.dependsOn) early.add(id)
  }
  return new Set(entries.filter((e) => e.phase === 'post' && early.has(e.id)).map((e) => e.id))
}

function belongs({ type, tag, section }: ArchiveEntry): boolean {
  if (section === 'data' || settings.has(type) || ofDatabase.has(type) || data.has(type)) return false
  return !(aboutOthers.has(type) && /^(DATABASE|LARGE OBJECTS?) /.test(tag))
}

/**
 * Grants come after everything they may speak of, and what runs functions of the user's comes after the grants that
 * it may need. Comments come with what they are about. Null: by the section.
 */
function phaseOf({ type, tag }: ArchiveEntry): 'acl' | 'last' | null {
  if (type === 'ACL' || type === 'DEFAULT ACL') return 'acl'
  if (type === 'EVENT TRIGGER' || type === 'MATERIALIZED VIEW DATA') return 'last'
  return aboutOthers.has(type) && tag.startsWith('EVENT TRIGGER ') ? 'last' : null
}

/**
 * An entry's SQL but for its owner, able to run by itself in a session that has the settings of `schemaSession`:
 * other tablespaces and access methods are set before and set back after.
 */
function bodyOf(entry: ArchiveEntry): string {
  // A schema that every database has (public) is noted with a comment in place of its statement.
  const definition = entry.type === 'SCHEMA' && entry.definition.startsWith('--') ? '' : entry.definition
  if (definition.trim() === '') return ''
  let body = definition.replace(/\n*$/, '\n')
  const { tablespace, accessMethod } = entry
  if (tablespace !== null && tablespace !== '')
    body = `SET default_tablespace = ${ident(tablespace)};\n${body}SET default_tablespace = '';\n`
  if (accessMethod === null) return body
  // A partitioned table stores nothing, and takes no access method when it is created.
  if (entry.relationKind === 'p')
    return `${body}ALTER TABLE ${ident(entry.schema)}.${ident(entry.tag)} SET ACCESS METHOD ${ident(accessMethod)};\n`
  if (accessMethod === usualAccessMethod) return body
  return (
    `SET default_table_access_method = ${ident(accessMethod)};\n` +
    `${body}SET default_table_access_method = ${usualAccessMethod};\n`
  )
}
