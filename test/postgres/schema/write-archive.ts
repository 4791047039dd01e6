import type { ArchiveEntry } from '../../../src/postgres/schema/archive.ts'

/** An archive as pg_dump would write it. */
export function writeArchive(entries: readonly ArchiveEntry[]): Buffer {
  const parts: Buffer[] = [Buffer.from('PGDMP'), Buffer.from([1, 16, 0, 4, 8, 1, 0])]
  const integer = (value: number): void => {
    const bytes = Buffer.alloc(5)
    bytes[0] = value < 0 ? 1 : 0
    bytes.writeUInt32LE(Math.abs(value), 1)
    parts.push(bytes)
  }
  const text = (value: string | null): void => {
    integer(value === null ? -1 : value.length)
    if (value !== null) parts.push(Buffer.from(value, 'latin1'))
  }
  for (const part of [1, 2, 3, 4, 5, 126, -1]) integer(part)
  for (const name of ['database', '18.4', '18.4']) text(name)
  integer(entries.length)
  for (const entry of entries) {
    integer(entry.id)
    integer(0)
    for (const value of [String(entry.catalogOid), String(entry.oid), entry.tag, entry.type]) text(value)
    integer(['', 'none', 'pre', 'data', 'post'].indexOf(entry.section))
    for (const value of [entry.definition, entry.drop, null, entry.schema]) text(value)
    text(entry.tablespace)
    text(entry.accessMethod)
    integer(entry.relationKind === '' ? 0 : entry.relationKind.charCodeAt(0))
    text(entry.owner)
    text('false')
    for (const id of entry.dependsOn) text(String(id))
    text(null)
    parts.push(Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0]))
  }
  return Buffer.concat(parts)
}
