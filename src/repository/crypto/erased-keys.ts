import { createHmac, createSecretKey, hkdfSync } from 'node:crypto'

/** What rows are told apart by in one table: the order of the columns is part of it. */
export interface KeyOfTable {
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
}

/**
 * Makes the keyed hash of a key: HMAC-SHA-256, base64url. Who has the hashes can neither read a key out of them nor, without the
 * naming key, find out whether a guess is among them. docs/FORMAT.md "Erasures".
 */
export function keyHasher(o: {
  namingKey: Uint8Array
  of: KeyOfTable
}): (values: readonly string[]) => string {
  // As an object it is made ready once, and not for every row: that is most of the time.
  const key = createSecretKey(
    new Uint8Array(hkdfSync('sha256', o.namingKey, new Uint8Array(), 'holdfast erased 1', 32)),
  )
  const { schema, name, columns } = o.of
  const prefix = Buffer.concat([counted([schema, name]), number(columns.length), counted(columns)])
  return (values) => createHmac('sha256', key).update(prefix).update(counted(values)).digest('base64url')
}

/** Each text with its length before it, so that no two lists give the same bytes. */
function counted(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text)
      return [number(bytes.length), bytes]
    }),
  )
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
