import { createHash } from 'node:crypto'

/** How it ended: `refused` by the service, `failed` on the way. */
export type AuditResult = 'done' | 'refused' | 'failed'

/** An entry of the audit trail, as it is hashed: everything but the number is text, or nothing. */
export interface AuditEntry {
  /** From 1, without gaps, in the order of the commits. */
  readonly number: number
  /** ISO 8601 in UTC, with microseconds. */
  readonly at: string
  /** The subject of the claims: `key:<id>`. Of what no caller has asked for `worker:<name>`, `schedule:<id>` or `database:<role>`. */
  readonly who: string
  readonly role: string | null
  readonly address: string | null
  readonly agent: string | null
  /** Which request it belongs to. */
  readonly request: string | null
  /** `sources.change` and the like. */
  readonly action: string
  readonly about: string
  /** Id of the source that it belongs to. */
  readonly source: string | null
  readonly result: AuditResult
  /** Of what was refused or has failed. */
  readonly code: string | null
  /** JSON, of what was changed. */
  readonly before: string | null
  readonly after: string | null
  /** Hash of the entry before; of the first one 64 zeros. Hex. */
  readonly previous: string
  readonly hash: string
}

/** The columns of an export, in this order. */
export const entryFields = [
  'number', 'at', 'who', 'role', 'address', 'agent', 'request', 'action', 'about', 'source', 'result', 'code', 'before', 'after',
  'previous', 'hash',
] as const satisfies readonly (keyof AuditEntry)[] // prettier-ignore

/** What the first entry has as the hash before it. */
export const noHash = '0'.repeat(64)

/**
 * The hash that the entry must have: SHA-256 over its fields one after the other, each as its length in bytes, a colon, its bytes in UTF-8 and a
 * newline, or a minus and a newline where there is none. The catalog computes the same when the entry is committed (migrations/030-audit.sql);
 * docs/AUDIT.md tells it to strangers.
 */
export function hashOf(entry: Omit<AuditEntry, 'hash'>): string {
  const fields = [
    'holdfast-audit-1', entry.previous, String(entry.number), entry.at, entry.who, entry.role, entry.address, entry.agent, entry.request,
    entry.action, entry.about, entry.source, entry.result, entry.code, entry.before, entry.after,
  ] // prettier-ignore
  const hash = createHash('sha256')
  for (const field of fields) {
    hash.update(field === null ? '-\n' : `${Buffer.byteLength(field)}:${field}\n`)
  }
  return hash.digest('hex')
}
