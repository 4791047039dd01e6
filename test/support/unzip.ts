import assert from 'node:assert/strict'
import { crc32, inflateRawSync } from 'node:zlib'

export interface Unzipped {
  readonly name: string
  readonly mode: number
  readonly bytes: Buffer
}

/** Reads a zip file by the directory at its end, and compares what it says with what stands before and after each file. Throws if it has no end. */
export function unzip(zip: Buffer): Unzipped[] {
  const end = zip.length - 22
  assert.equal(zip.readUInt32LE(end), 0x06054b50, 'a zip file has an end')
  const count = zip.readUInt16LE(end + 10)
  let at = zip.readUInt32LE(end + 16)
  const files: Unzipped[] = []
  for (let i = 0; i < count; i++) {
    assert.equal(zip.readUInt32LE(at), 0x02014b50)
    assert.equal(zip.readUInt16LE(at + 8), 0x0808, 'UTF-8, sizes behind')
    const [crc, packed, size] = [
      zip.readUInt32LE(at + 16),
      zip.readUInt32LE(at + 20),
      zip.readUInt32LE(at + 24),
    ]
    const [nameLength, extra] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30)]
    const mode = zip.readUInt32LE(at + 38) >>> 16
    const local = zip.readUInt32LE(at + 42)
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength)
    assert.equal(zip.readUInt32LE(local), 0x04034b50)
    assert.equal(zip.toString('utf8', local + 30, local + 30 + nameLength), name)
    const begun = local + 30 + nameLength
    const bytes = inflateRawSync(zip.subarray(begun, begun + packed))
    assert.deepEqual([bytes.length, crc32(bytes)], [size, crc])
    assert.deepEqual(
      [0, 4, 8, 12].map((offset) => zip.readUInt32LE(begun + packed + offset)),
      [0x08074b50, crc, packed, size],
    )
    files.push({ name, mode, bytes })
    at += 46 + nameLength + extra
  }
  assert.equal(at, end)
  return files
}
