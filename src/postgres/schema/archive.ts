import { HoldfastError } from '../../lib/errors.ts'

/**
 * An entry of the table of contents of pg_dump's custom archive. Strings hold one byte per character (latin1), so
 * that text of any encoding, or of none, passes through exactly.
 */
export interface ArchiveEntry {
  readonly id: number
  readonly catalogOid: number
  readonly oid: number
  readonly tag: string
  readonly type: string
  readonly section: 'none' | 'pre' | 'data' | 'post'
  readonly definition: string
  readonly drop: string
  readonly schema: string
  /** Null: not for this kind of object; empty: the database's default. */
  readonly tablespace: string | null
  readonly accessMethod: string | null
  /** pg_class.relkind as a letter, empty where there is none. */
  readonly relationKind: string
  readonly owner: string
  readonly dependsOn: readonly number[]
}

export interface Archive {
  /** The encoding's name as the server writes it, e.g. `UTF8`. */
  readonly encoding: string
  readonly entries: readonly ArchiveEntry[]
}

const formatCustom = 1
const sections = ['', 'none', 'pre', 'data', 'post'] as const
const longestInteger = 8

/**
 * Reads the table of contents of an archive of version 1.16, which pg_dump 17 and 18 write. Nothing may follow it:
 * the archives read here hold no rows. Throws `schema_dump_failed` for anything else, and allocates no more than
 * the archive's own size.
 *
 * The layout, as pg_dump writes it: magic `PGDMP`, version (3 bytes), bytes per integer, bytes per offset, format,
 * compression, time of creation (7 integers), 3 strings, the number of entries, the entries. An integer is a sign byte
 * and then the least significant byte first; a string is its length as an integer, -1 for null, and its bytes.
 */
export function parseArchive(bytes: Uint8Array): Archive {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0

  const take = (length: number): number => {
    if (length > data.length - at) throw damaged(`it ends early, at byte ${data.length}`)
    at += length
    return at - length
  }
  const byte = (): number => data.readUInt8(take(1))

  take(5)
  if (data.toString('latin1', 0, 5) !== 'PGDMP') throw damaged('it does not begin as one')
  const version = `${byte()}.${byte()}.${byte()}`
  if (version !== '1.16.0') throw damaged(`its version is ${version}, not 1.16.0`)
  const integerSize = byte()
  const offsetSize = byte()
  if (integerSize < 4 || integerSize > longestInteger || offsetSize > longestInteger)
    throw damaged(`its integers have ${integerSize} and ${offsetSize} bytes`)

  const integer = (): number => {
    const sign = byte()
    if (sign > 1) throw damaged(`byte ${at - 1} is no sign`)
    const start = take(integerSize)
    let value = 0
    for (let i = integerSize - 1; i >= 0; i--) value = value * 256 + data.readUInt8(start + i)
    if (value > 0xffffffff) throw damaged(`the integer at byte ${start} is too large`)
    return sign === 1 ? -value : value
  }
  const text = (): string | null => {
    const length = integer()
    if (length === -1) return null
    if (length < 0) throw damaged(`the length before byte ${at} is negative`)
    const start = take(length)
    return data.toString('latin1', start, start + length)
  }
  const number = (): number => {
    const digits = text()
    if (digits === null || !/^\d{1,10}$/.test(digits)) throw damaged(`no number ends at byte ${at}`)
    return Number(digits)
  }
  const dependencies = (): number[] => {
    const ids: number[] = []
    for (let digits = text(); digits !== null; digits = text()) {
      if (!/^\d{1,10}$/.test(digits)) throw damaged(`no dependency ends at byte ${at}`)
      ids.push(Number(digits))
    }
    return ids
  }

  if (byte() !== formatCustom) throw damaged('it is not in the custom format')
  byte() // compression: concerns rows only
  for (let i = 0; i < 7; i++) integer()
  for (let i = 0; i < 3; i++) text()

  const count = integer()
  const entries: ArchiveEntry[] = []
  const seen = new Set<number>()
  for (let i = 0; i < count; i++) {
    const id = integer()
    if (id <= 0 || seen.has(id)) throw damaged(`entry ${i + 1} has the id ${id}`)
    seen.add(id)
    integer() // whether it holds rows
    const catalogOid = number()
    const oid = number()
    const tag = text() ?? ''
    const type = text() ?? ''
    const section = sections[integer()]
    if (type === '' || section === undefined || section === '') throw damaged(`entry ${id} has no kind`)
    const definition = text() ?? ''
    const drop = text() ?? ''
    text() // the COPY statement
    const schema = text() ?? ''
    const tablespace = text()
    const accessMethod = text()
    const kind = integer()
    const owner = text() ?? ''
    text() // "WITH OIDS", long gone
    const dependsOn = dependencies()
    take(1 + offsetSize) // where its rows are
    const relationKind = kind > 0 && kind < 128 ? String.fromCharCode(kind) : ''
    entries.push({
      id,
      catalogOid,
      oid,
      tag,
      type,
      section,
      definition,
      drop,
      schema,
      tablespace,
      accessMethod,
      relationKind,
      owner,
      dependsOn,
    })
  }
  if (count < 0 || at !== data.length) throw damaged(`${data.length - at} bytes follow its last entry`)
  return { encoding: encodingOf(entries), entries }
}

function encodingOf(entries: readonly ArchiveEntry[]): string {
  const setting = entries.find((entry) => entry.type === 'ENCODING')?.definition ?? ''
  const name = /^SET client_encoding = '(\w+)'/.exec(setting)?.[1]
  if (name === undefined) throw damaged('it does not name its encoding')
  return name
}

function damaged(what: string): HoldfastError {
  return new HoldfastError('schema_dump_failed', `What pg_dump wrote is not a whole archive: ${what}.`, {
    hint: 'Run it again. If it happens again, please report it with the message.',
  })
}
