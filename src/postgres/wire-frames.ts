import { HoldfastError } from '../lib/errors.ts'

/** One backend message that is not CopyData: its type byte and its body without the header. */
export interface Message {
  readonly type: number
  readonly body: Uint8Array
}

/** What one piece of the server's byte stream held. */
export interface Frames {
  /** The payloads of all CopyData in the piece, as one view into the piece itself. Empty if there were none. */
  readonly rows: Uint8Array
  /** How many CopyData messages, that is rows, end in `rows`. */
  readonly rowEnds: number
  /** The last byte of `rows` is the last of a row. */
  readonly endsRow: boolean
  /** The other messages that were completed by the piece, in order. */
  readonly messages: readonly Message[]
}

const COPY_DATA = 0x64
const HEADER_BYTES = 5

/**
 * Cuts the server's stream into messages, in whatever pieces it arrives. CopyData payloads are moved together in
 * place, which overwrites the piece: a row costs one `copyWithin` (some 10 ns; a view per row costs four times
 * that), and the consumer sees one view per piece. A row is never held back, however large it is; other messages are
 * collected until they are whole.
 */
export function createFrameReader(): { push(piece: Uint8Array): Frames } {
  const header = new Uint8Array(HEADER_BYTES)
  let headerFilled = 0
  /** Payload bytes of the current CopyData that have not arrived. */
  let copyLeft: number | undefined
  let message: { readonly type: number; readonly body: Uint8Array; filled: number } | undefined

  return {
    push(piece) {
      const size = piece.length
      const messages: Message[] = []
      let at = 0
      let from = 0
      let to = 0
      let rowEnds = 0
      let endsRow = false
      for (;;) {
        if (copyLeft !== undefined) {
          const take = Math.min(copyLeft, size - at)
          if (take > 0) {
            if (from === to) from = to = at
            else piece.copyWithin(to, at, at + take)
            to += take
            at += take
            copyLeft -= take
            endsRow = false
          }
          if (copyLeft > 0) break
          copyLeft = undefined
          rowEnds++
          endsRow = true
        } else if (message !== undefined) {
          const take = Math.min(message.body.length - message.filled, size - at)
          message.body.set(piece.subarray(at, at + take), message.filled)
          message.filled += take
          at += take
          if (message.filled < message.body.length) break
          messages.push({ type: message.type, body: message.body })
          message = undefined
        }

        let type: number
        let length: number
        if (headerFilled === 0 && size - at >= HEADER_BYTES) {
          type = piece[at] ?? 0
          length = int32(piece, at + 1)
          at += HEADER_BYTES
        } else {
          while (headerFilled < HEADER_BYTES && at < size) header[headerFilled++] = piece[at++] ?? 0
          if (headerFilled < HEADER_BYTES) break
          headerFilled = 0
          type = header[0] ?? 0
          length = int32(header, 1)
        }
        if (length < 4) throw brokenProtocol(type, length)
        if (type === COPY_DATA) copyLeft = length - 4
        else message = { type, body: new Uint8Array(length - 4), filled: 0 }
      }
      return { rows: piece.subarray(from, to), rowEnds, endsRow, messages }
    },
  }
}

/** How many ReadyForQuery the server sends for whole frontend messages: one per Query, Sync and FunctionCall. */
export function countExpectedReady(messages: Uint8Array): number {
  let expected = 0
  for (let at = 0; at + HEADER_BYTES <= messages.length; at += 1 + int32(messages, at + 1)) {
    const type = messages[at] ?? 0
    if (type === 0x51 || type === 0x53 || type === 0x46) expected++
    if (int32(messages, at + 1) < 4) throw brokenProtocol(type, int32(messages, at + 1))
  }
  return expected
}

function int32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  )
}

function brokenProtocol(type: number, length: number): HoldfastError {
  return new HoldfastError(
    'connection_lost',
    `What arrives is not the Postgres protocol (message ${type}, length ${length}).`,
  )
}
