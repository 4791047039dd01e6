import type { Wire } from '../wire.ts'
import { message } from './startup.ts'

const query = 0x51
const command = 'LOCK TABLE '
/** What the server says when it has locked tables, in a transaction. */
const done = Buffer.concat([message('C', Buffer.from('LOCK TABLE\0')), message('Z', Buffer.from('T'))])

/** A wire for pg_dump on which its statements that lock tables are answered and not sent. */
export function withoutLocking(
  wire: Pick<Wire, 'exchange' | 'cancel' | 'processId'>,
): Pick<Wire, 'exchange' | 'cancel' | 'processId'> {
  return {
    processId: wire.processId,
    cancel: () => wire.cancel(),
    exchange: async (messages) => (locks(messages) ? done : await wire.exchange(messages)),
  }
}

/** pg_dump sends each as a Query message of its own. */
function locks(messages: Uint8Array): boolean {
  const head = Buffer.from(messages.buffer, messages.byteOffset, messages.length)
  return head[0] === query && head.toString('latin1', 5, 5 + command.length) === command
}
