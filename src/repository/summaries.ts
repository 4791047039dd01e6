import { createHash } from 'node:crypto'
import type { ManifestSummary } from './format/manifest.ts'
import type { Repository } from './types.ts'

/** A place on this machine for one text, of which nothing depends but how long a list takes. Neither method fails. */
export interface SummaryStore {
  /** Which Holdfast this is. What another one has written is not believed: it may have checked less, or know other fields. */
  readonly holdfast: string
  /** What was written last; null if there is nothing, or others may have written it. */
  read(): Promise<string | null>
  write(text: string): Promise<void>
}

/** What is kept of a manifest that was read and accepted. */
export interface KeptSummary {
  /** Of the object that it was read from; `modified` in milliseconds, by the storage's clock. */
  readonly key: string
  readonly size: number
  readonly modified: number
  /** SHA-256 of the whole object, hex. */
  readonly sha256: string
  /** What a mark of a drill of this backup has as its `content`. */
  readonly content: string
  readonly summary: ManifestSummary
}

interface Summaries {
  readonly holdfast: string
  readonly repository: string
  readonly ownerKey: string
  /** By the host's id, the key that its manifests were verified with. */
  readonly hostKeys: Readonly<Record<string, string>>
  readonly kept: readonly KeptSummary[]
}

/** Writes a line with the SHA-256 of the rest, so that a text that was cut or hurt is known, then JSON. */
export async function keepSummaries(
  { id, keyset }: Repository,
  store: SummaryStore,
  kept: readonly KeptSummary[],
): Promise<void> {
  const { holdfast } = store
  const { ownerKey } = keyset
  const hostKeys = Object.fromEntries(keyset.hosts.map((host) => [host.id, host.publicKey]))
  const json = JSON.stringify({ holdfast, repository: id, ownerKey, hostKeys, kept } satisfies Summaries)
  await store.write(`${digest(json)}\n${json}\n`)
}

/**
 * What is kept, by key, as far as it would be accepted today: of this repository and owner, by hosts that have the same key still,
 * and were not revoked, or only after this very object. None if there is any doubt of the text.
 */
export async function readSummaries(
  { id, keyset }: Repository,
  store: SummaryStore,
): Promise<ReadonlyMap<string, KeptSummary>> {
  const text = (await store.read()) ?? ''
  const end = text.indexOf('\n')
  const json = text.slice(end + 1, -1)
  if (end < 0 || text.slice(0, end) !== digest(json)) return new Map()
  const found = JSON.parse(json) as Summaries
  if (found.holdfast !== store.holdfast || found.repository !== id || found.ownerKey !== keyset.ownerKey)
    return new Map()
  const hosts = new Map(keyset.hosts.map((host) => [host.id, host]))
  const accepted = found.kept.filter(({ sha256, summary }) => {
    const host = hosts.get(summary.host)
    if (host === undefined || found.hostKeys[host.id] !== host.publicKey) return false
    return host.revoked === null || host.revoked.accepts.includes(sha256)
  })
  return new Map(accepted.map((one) => [one.key, one]))
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
