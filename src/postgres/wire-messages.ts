import type { ServerFailure } from './failures.ts'

/** Type bytes of the backend messages that we tell apart. */
export const Backend = {
  commandComplete: 0x43,
  copyInResponse: 0x47,
  copyOutResponse: 0x48,
  dataRow: 0x44,
  error: 0x45,
  parameterStatus: 0x53,
  readyForQuery: 0x5a,
} as const

/** A simple Query message; `sql` is text in the connection's client encoding. */
export function queryMessage(sql: Uint8Array): Uint8Array {
  const message = Buffer.alloc(sql.length + 6)
  message[0] = 0x51
  message.writeUInt32BE(sql.length + 5, 1)
  message.set(sql, 5)
  return message
}

/** The header of a CopyData message whose payload of `length` bytes follows. */
export function copyDataHeader(length: number): Uint8Array {
  const message = Buffer.alloc(5)
  message[0] = 0x64
  message.writeUInt32BE(length + 4, 1)
  return message
}

export const copyDoneMessage: Uint8Array = Uint8Array.of(0x63, 0, 0, 0, 4)
export const terminateMessage: Uint8Array = Uint8Array.of(0x58, 0, 0, 0, 4)

export function copyFailMessage(reason: string): Uint8Array {
  const message = Buffer.alloc(Buffer.byteLength(reason) + 6)
  message[0] = 0x66
  message.writeUInt32BE(message.length - 1, 1)
  message.write(reason, 5)
  return message
}

/** The texts of a DataRow; NULL is null. */
export function decodeDataRow(body: Uint8Array, decode: (bytes: Uint8Array) => string): (string | null)[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const row: (string | null)[] = []
  let at = 2
  for (let column = view.getUint16(0); column > 0; column--) {
    const length = view.getInt32(at)
    at += 4
    if (length < 0) row.push(null)
    else row.push(decode(body.subarray(at, at + length)))
    if (length > 0) at += length
  }
  return row
}

/** The fields of an ErrorResponse that we use. */
export function decodeError(body: Uint8Array, decode: (bytes: Uint8Array) => string): ServerFailure {
  const fields = new Map<string, string>()
  let at = 0
  while (at < body.length && body[at] !== 0) {
    const end = body.indexOf(0, at + 1)
    fields.set(String.fromCharCode(body[at] ?? 0), decode(body.subarray(at + 1, end)))
    at = end + 1
  }
  return {
    sqlstate: fields.get('C') ?? 'XX000',
    message: fields.get('M') ?? 'unknown error',
    fatal: fields.get('V') === 'FATAL' || fields.get('V') === 'PANIC',
    detail: fields.get('D'),
    hint: fields.get('H'),
    context: fields.get('W'),
    schema: fields.get('s'),
    table: fields.get('t'),
    column: fields.get('c'),
    constraint: fields.get('n'),
  }
}

/** Name and value of a ParameterStatus. */
export function decodeParameter(body: Uint8Array): [name: string, value: string] {
  const [name = '', value = ''] = Buffer.from(body).toString('utf8').split('\0')
  return [name, value]
}

/** The rows of a CommandComplete such as `COPY 12`; undefined if it is not that of a COPY. */
export function copyCount(body: Uint8Array): number | undefined {
  const digits = /^COPY (\d+)\0$/.exec(Buffer.from(body).toString('latin1'))?.[1]
  return digits === undefined ? undefined : Number(digits)
}
