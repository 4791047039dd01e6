/** A place in the write-ahead log, in bytes from its beginning; 64 bits. */
export type Lsn = bigint

/** Reads `16/B374D848`. Throws TypeError if the text is not an LSN. */
export function parseLsn(text: string): Lsn {
  const parts = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text)
  if (parts === null) throw new TypeError(`Not an LSN: ${text}`)
  return (BigInt(`0x${parts[1]}`) << 32n) | BigInt(`0x${parts[2]}`)
}

/** Prints an LSN as Postgres up to 18 does: two hexadecimal halves without leading zeros. */
export function formatLsn(lsn: Lsn): string {
  const half = (value: bigint): string => value.toString(16).toUpperCase()
  return `${half(lsn >> 32n)}/${half(lsn & 0xffffffffn)}`
}

/** For sorting: negative if `a` is before `b`. */
export function compareLsn(a: Lsn, b: Lsn): number {
  return a < b ? -1 : a > b ? 1 : 0
}
