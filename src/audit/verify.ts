import { hashOf, noHash, type AuditEntry } from './entry.ts'

/** What a look at the whole trail has shown. */
export interface AuditVerdict {
  /** How many entries were looked at: up to the first that is not as it must be. */
  readonly entries: number
  /** Of the last good entry, to be kept elsewhere; null if there is none. */
  readonly head: { readonly number: number; readonly hash: string } | null
  /** The first entry that is not as it must be. */
  readonly broken: { readonly number: number; readonly why: string } | null
  /** The head that was noted before is not in the trail, although nothing else is wrong: its end was cut off, and maybe written anew. */
  readonly cut: boolean
}

/**
 * Looks at every entry: each has its number, follows the one before, and has the hash of what it says. That the end is there only a head shows that was
 * noted elsewhere: `head`, in hex.
 */
export async function verifyTrail(
  entries: AsyncIterable<AuditEntry>,
  head: string | null,
): Promise<AuditVerdict> {
  let last: { number: number; hash: string } | null = null
  let count = 0
  let seen = head === null
  for await (const entry of entries) {
    count += 1
    const why = wrongWith(entry, last)
    if (why !== null) return { entries: count, head: last, broken: { number: entry.number, why }, cut: false }
    last = { number: entry.number, hash: entry.hash }
    seen ||= entry.hash === head
  }
  return { entries: count, head: last, broken: null, cut: !seen }
}

function wrongWith(entry: AuditEntry, last: AuditVerdict['head']): string | null {
  const expected = (last?.number ?? 0) + 1
  if (entry.number !== expected)
    return `It follows on entry ${expected - 1}: entries are missing, or out of order.`
  if (entry.previous !== (last?.hash ?? noHash))
    return 'It does not follow on the entry before, which was changed.'
  return entry.hash === hashOf(entry) ? null : 'It was changed: its hash is that of another one.'
}
