/** Type bytes of messages that a server sends. */
export const copyData = 0x64
export const commandComplete = 0x43

/**
 * For `tcpProxy`: gives every whole message of the server to `change`, and passes on what it returns; more than one, or nothing. A
 * message begins with its type byte and its length.
 */
export function changeMessages(change: (message: Buffer) => Buffer): () => (bytes: Buffer) => Buffer {
  return () => {
    let rest = Buffer.alloc(0)
    let begun = false
    return (bytes) => {
      rest = Buffer.concat([rest, bytes])
      const passed: Buffer[] = []
      // The answer to a request for encryption is a single byte; no session begins with a message of these types.
      if (!begun && (rest[0] === 0x4e || rest[0] === 0x53)) {
        passed.push(rest.subarray(0, 1))
        rest = rest.subarray(1)
      }
      while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
        begun = true
        const end = 1 + rest.readUInt32BE(1)
        passed.push(change(rest.subarray(0, end)))
        rest = rest.subarray(end)
      }
      return Buffer.concat(passed)
    }
  }
}
