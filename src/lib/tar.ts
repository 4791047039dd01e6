/**
 * The members of a plain tar file (POSIX ustar), in the one form that is written here: files of one owner, with names of at most 100 ASCII
 * characters and less than 8 GiB. What is read must be that form to the byte, so that whatever was changed is noticed.
 */

export const tarBlock = 512
/** What ends the file: two empty blocks, and nothing after them. */
export const tarEnd: Uint8Array = new Uint8Array(2 * tarBlock)

const mostBytes = 8 ** 11 - 1
const mostSeconds = 8 ** 11 - 1

export interface TarMember {
  readonly name: string
  /** In bytes. */
  readonly size: number
  /** To the second; what is smaller is dropped. */
  readonly modified: Date
}

/** The block before a member's bytes. Throws RangeError for what this form can't say. */
export function tarHeader({ name, size, modified }: TarMember): Uint8Array {
  const seconds = Math.floor(modified.getTime() / 1000)
  const isName = /^[\x21-\x7e]{1,100}$/.test(name)
  if (!isName || !isWithin(size, mostBytes) || !isWithin(seconds, mostSeconds))
    throw new RangeError(`${name} can't be a member of a tar file.`)
  const block = Buffer.alloc(tarBlock)
  block.write(name, 0, 'latin1')
  block.write('0000600\0' + '0000000\0'.repeat(2), 100, 'latin1')
  block.write(`${octal(size, 11)}\0${octal(seconds, 11)}\0`, 124, 'latin1')
  // The sum is taken with spaces in its own place; then come the type, an ordinary file, and the format.
  block.write('        0', 148, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1')
  return block
}

/** What a block says; null if it is none that `tarHeader` writes. */
export function parseTarHeader(block: Uint8Array): TarMember | null {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  const nameEnd = bytes.subarray(0, 100).indexOf(0)
  const number = (from: number): number => Number.parseInt(bytes.toString('latin1', from, from + 11), 8)
  const [size, seconds] = [number(124), number(136)]
  if (Number.isNaN(size) || Number.isNaN(seconds)) return null
  const name = bytes.toString('latin1', 0, nameEnd === -1 ? 100 : nameEnd)
  const member = { name, size, modified: new Date(seconds * 1000) }
  try {
    return bytes.equals(tarHeader(member)) ? member : null
  } catch {
    return null
  }
}

/** How many zeroes follow a member's bytes. */
export function tarPadding(size: number): number {
  return (tarBlock - (size % tarBlock)) % tarBlock
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

function isWithin(value: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= most
}
