import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { HoldfastError } from '../../lib/errors.ts'

/** One recipient's line and body in the header of an age file. */
export interface AgeStanza {
  readonly type: string
  readonly args: readonly string[]
  readonly body: Uint8Array
}

export interface AgeHeader {
  readonly stanzas: readonly AgeStanza[]
  /** What the MAC is computed over: the header up to and with `---`. */
  readonly signed: Uint8Array
  readonly mac: Uint8Array
  /** Where the payload begins. */
  readonly end: number
}

const versionLine = 'age-encryption.org/v1'
const bodyColumns = 64
const printable = /^[\x21-\x7e]+$/
/** Far above any header with a sane number of recipients; keeps a damaged file from being searched to its end. */
const longestHeader = 1 << 20

/** The header of an age file with these stanzas. */
export function encodeAgeHeader(stanzas: readonly AgeStanza[], fileKey: Uint8Array): Buffer {
  const lines = [versionLine]
  for (const { type, args, body } of stanzas) {
    const text = base64(body)
    lines.push(['->', type, ...args].join(' '))
    // The last line is always shorter than a full one, so it may have to be empty.
    for (let at = 0; at <= text.length; at += bodyColumns) lines.push(text.slice(at, at + bodyColumns))
  }
  const signed = `${lines.join('\n')}\n---`
  return Buffer.from(`${signed} ${base64(headerMac(Buffer.from(signed), fileKey))}\n`)
}

/** Reads a header by the letter of the specification. Throws `object_damaged` for any deviation. */
export function decodeAgeHeader(file: Uint8Array): AgeHeader {
  const bytes = Buffer.from(file.buffer, file.byteOffset, Math.min(file.byteLength, longestHeader))
  let at = 0
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at)
    if (end < 0) throw damagedAge('its header does not end')
    const text = bytes.toString('latin1', at, end)
    at = end + 1
    return text
  }

  if (line() !== versionLine) throw damagedAge('it does not begin as one')
  const stanzas: AgeStanza[] = []
  for (;;) {
    const start = at
    const text = line()
    if (text.startsWith('-> ')) {
      stanzas.push(decodeStanza(text, line))
      continue
    }
    const mac = text.startsWith('--- ') ? fromBase64(text.slice(4)) : null
    if (mac?.length !== 32 || stanzas.length === 0) throw damagedAge('its header is malformed')
    return { stanzas, signed: bytes.subarray(0, start + 3), mac, end: at }
  }
}

/** Throws `object_damaged` unless the header was made by someone who knows the file key. */
export function checkAgeHeader(header: AgeHeader, fileKey: Uint8Array): void {
  if (!timingSafeEqual(headerMac(header.signed, fileKey), header.mac))
    throw damagedAge('its header was changed')
}

/** Unpadded base64, as age writes it. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64').replaceAll('=', '')
}

/** The bytes of canonical unpadded base64, or null. */
export function fromBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return base64(bytes) === text ? bytes : null
}

export function damagedAge(reason: string): HoldfastError {
  return new HoldfastError('object_damaged', `Not a whole age file: ${reason}.`)
}

function decodeStanza(first: string, line: () => string): AgeStanza {
  const [type = '', ...args] = first.slice(3).split(' ')
  if (![type, ...args].every((word) => printable.test(word))) throw damagedAge('its header is malformed')
  let text = ''
  for (;;) {
    const part = line()
    text += part
    if (part.length > bodyColumns) throw damagedAge('its header is malformed')
    if (part.length < bodyColumns) break
  }
  const body = fromBase64(text)
  if (body === null) throw damagedAge('its header is malformed')
  return { type, args, body }
}

function headerMac(signed: Uint8Array, fileKey: Uint8Array): Buffer {
  const key = new Uint8Array(hkdfSync('sha256', fileKey, '', 'header', 32))
  return createHmac('sha256', key).update(signed).digest()
}
