/** The records of a zip file (PKWARE's APPNOTE 6.3), with 64-bit numbers where 32 do not do. */

export interface ZipEntryStart {
  /** Its path, with `/`. */
  readonly name: string
  readonly modified: Date
  readonly executable: boolean
  /** Where its local header begins. */
  readonly offset: number
}

export interface ZipEntry extends ZipEntryStart {
  readonly crc: number
  /** In bytes, and as it is packed. */
  readonly size: number
  readonly packed: number
}

const most32 = 0xffffffff
const most16 = 0xffff
/** What a reader must know: 2.0 for deflate, 4.5 for 64-bit numbers. */
const [plainVersion, wideVersion] = [20, 45]
/** Sizes follow the bytes (bit 3); names are UTF-8 (bit 11). */
const flags = 0x0808
const deflated = 8
const unix = 3 << 8

/** Before the bytes. What is not known yet is zero. */
export function zipLocalHeader({ name, modified }: ZipEntryStart): Uint8Array {
  const text = Buffer.from(name)
  const head = record([4, 0x04034b50], [2, plainVersion], [2, flags], [2, deflated], [4, dosTime(modified)], [4, 0], [4, 0], [4, 0], [2, text.length], [2, 0]) // prettier-ignore
  return Buffer.concat([head, text])
}

/** After the bytes. Its numbers have 64 bits where that entry of the directory has. */
export function zipDescriptor({ crc, size, packed }: ZipEntry): Uint8Array {
  const width = size >= most32 || packed >= most32 ? 8 : 4
  return record([4, 0x08074b50], [4, crc], [width, packed], [width, size])
}

/** What the directory says of a file. */
export function zipDirectory({
  name,
  modified,
  executable,
  offset,
  crc,
  size,
  packed,
}: ZipEntry): Uint8Array {
  const text = Buffer.from(name)
  const isWide = size >= most32 || packed >= most32 || offset >= most32
  const extra = isWide ? record([2, 1], [2, 24], [8, size], [8, packed], [8, offset]) : Buffer.alloc(0)
  const [sizeShown, packedShown, offsetShown] = isWide ? [most32, most32, most32] : [size, packed, offset]
  // An ordinary file for its owner only.
  const mode = (0o100600 | (executable ? 0o100 : 0)) * 0x10000
  const version = isWide ? wideVersion : plainVersion
  const head = record(
    [4, 0x02014b50],
    [2, unix | version],
    [2, version],
    [2, flags],
    [2, deflated],
    [4, dosTime(modified)],
    [4, crc],
    [4, packedShown],
    [4, sizeShown],
    [2, text.length],
    [2, extra.length],
    [2, 0],
    [2, 0],
    [2, 0],
    [4, mode],
    [4, offsetShown],
  )
  return Buffer.concat([head, text, extra])
}

/** What ends the file: where the directory begins, how long it is, and of how many files. */
export function zipEnd({
  entries,
  start,
  bytes,
}: {
  entries: number
  start: number
  bytes: number
}): Uint8Array {
  const isWide = entries >= most16 || start >= most32 || bytes >= most32
  const wide = isWide
    ? Buffer.concat([
        record([4, 0x06064b50], [8, 44], [2, unix | wideVersion], [2, wideVersion], [4, 0], [4, 0], [8, entries], [8, entries], [8, bytes], [8, start]), // prettier-ignore
        record([4, 0x07064b50], [4, 0], [8, start + bytes], [4, 1]),
      ])
    : Buffer.alloc(0)
  const [count, length, at] = isWide ? [most16, most32, most32] : [entries, bytes, start]
  return Buffer.concat([wide, record([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, length], [4, at], [2, 0])]) // prettier-ignore
}

/** Numbers of these widths in bytes, the smallest byte first. */
function record(...fields: readonly (readonly [2 | 4 | 8, number])[]): Buffer {
  const bytes = Buffer.alloc(fields.reduce((sum, [width]) => sum + width, 0))
  let at = 0
  for (const [width, value] of fields) {
    if (width === 8) bytes.writeBigUInt64LE(BigInt(value), at)
    else bytes.writeUIntLE(value, at, width)
    at += width
  }
  return bytes
}

/** Time, then date, as they are in zip files: without a zone, from 1980, to two seconds. Given in UTC. */
function dosTime(moment: Date): number {
  const time = (moment.getUTCHours() << 11) | (moment.getUTCMinutes() << 5) | (moment.getUTCSeconds() >> 1)
  const year = Math.min(Math.max(moment.getUTCFullYear() - 1980, 0), 127)
  const date = (year << 9) | ((moment.getUTCMonth() + 1) << 5) | moment.getUTCDate()
  return date * 0x10000 + time
}
