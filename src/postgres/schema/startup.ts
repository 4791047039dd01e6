/**
 * The server's side of the start of a connection, played locally: pg_dump speaks over a connection that is
 * authenticated already, so it is told that all is well, with that connection's own parameters.
 */

const sslRequest = 80877103
const encryptionRequest = 80877104
const protocolMajor = 3

/** What to answer to the first message of a client, without its type: `null` if it is no message of a start-up. */
export function answerStartup(
  code: number,
  session: { parameters: Iterable<readonly [string, string]>; processId: number },
): Buffer | null {
  if (code === sslRequest || code === encryptionRequest) return Buffer.from('N')
  if (code >>> 16 !== protocolMajor) return null
  const ok = Buffer.alloc(4)
  const key = Buffer.alloc(8)
  key.writeInt32BE(session.processId, 0)
  return Buffer.concat([
    message('R', ok),
    ...Array.from(session.parameters, ([name, value]) => message('S', Buffer.from(`${name}\0${value}\0`))),
    message('K', key),
    message('Z', Buffer.from('I')),
  ])
}

/** A message of the server. */
export function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type, 0, 'latin1')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

/**
 * Cuts what a client writes, in pieces of any size, into whole messages. The first ones of a connection have no type:
 * they are given as type ''. `body` is the message as it was sent, with type and length.
 */
export function frontendMessages(): {
  push(piece: Uint8Array): void
  next(): { type: string; body: Buffer } | null
  started(): void
} {
  let pieces: Buffer[] = []
  let held = 0
  let head = 4

  const join = (): Buffer => {
    const whole = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, held)
    pieces = [whole]
    return whole
  }
  let needed = head

  return {
    push(piece) {
      pieces.push(Buffer.from(piece)) // a copy: the writer reuses its memory
      held += piece.length
    },
    next() {
      if (held < Math.max(needed, head)) return null
      const bytes = join()
      needed = head - 4 + bytes.readUInt32BE(head - 4)
      if (held < needed) return null
      const body = bytes.subarray(0, needed)
      pieces = [bytes.subarray(needed)]
      held -= needed
      needed = head
      return { type: head === 4 ? '' : body.toString('latin1', 0, 1), body }
    },
    started() {
      head = 5
      needed = head
    },
  }
}
