import type { ServerFailure } from '../failures.ts'
import { Backend, decodeError } from '../wire-messages.ts'

/** The first error among the whole messages that a server sent. */
export function firstError(reply: Uint8Array): ServerFailure | null {
  const bytes = Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength)
  for (let at = 0; at + 5 <= bytes.length; at += 1 + bytes.readUInt32BE(at + 1)) {
    if (bytes[at] !== Backend.error) continue
    const body = bytes.subarray(at + 5, at + 1 + bytes.readUInt32BE(at + 1))
    return decodeError(body, (text) => Buffer.from(text).toString())
  }
  return null
}
