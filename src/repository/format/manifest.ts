/**
 * The clear part of a manifest: what anyone who can read the storage may know, and all that listing, pruning and checking
 * presence need. It names no table and holds no row. docs/FORMAT.md "Manifests".
 */
export interface Manifest {
  /** The least that holds it: 3 only with a lock. */
  readonly format: 1 | 2 | 3
  /** `20261121T013131Z-8f3a9c21`: the source's clock to the second, and 4 bytes: newId. */
  readonly id: string
  /** One more than the highest sequence the writer saw: orders backups even where clocks were wrong. */
  readonly sequence: number
  readonly kind: 'full' | 'incremental' | 'differential' | 'snapshot'
  readonly name: string | null
  readonly description: string | null
  /** Keyed hash of what was backed up (system identifier and database), so that backups of one source can be told apart without naming it. */
  readonly source: string
  /**
   * Keyed hash of which rows were asked for: equal for backups of one scope. Null: all of them. Not there in format 1, which does not
   * tell.
   */
  readonly scope?: string | null
  /** Until when, by the storage's clock, and how everything that the backup needs was locked in the storage it was made in. Only in format 3. */
  readonly lock?: ManifestLock
  /** Id of the admitted host that signed this. */
  readonly host: string
  readonly holdfast: string
  /** ISO 8601, UTC, by the writer's clock. `moment` is when the snapshot was taken. */
  readonly started: string
  readonly moment: string
  readonly finished: string
  /** WAL position at the snapshot, e.g. `0/1A2B3C4D`. */
  readonly lsn: string
  /** Server's major version, e.g. 17. */
  readonly major: number
  /** Epoch whose key the objects written by this backup are sealed to. Reused chunks may be of an earlier epoch. */
  readonly epoch: string
  readonly totals: ManifestTotals
  /** Name of the chunk that holds the backup's contents (`BackupContents` as JSON). It is also in `chunks`. */
  readonly contents: string
  /** Every chunk this backup needs: [name, plain bytes, stored bytes]. */
  readonly chunks: readonly ManifestChunk[]
}

/** A manifest with the number of its chunks in place of their list: small, whatever the size of the backup. */
export type ManifestSummary = Omit<Manifest, 'chunks'> & { readonly chunks: number }

export function summarize({ chunks, ...rest }: Manifest): ManifestSummary {
  return { ...rest, chunks: chunks.length }
}

export type ManifestChunk = readonly [name: string, plainBytes: number, storedBytes: number]

export interface ManifestLock {
  /** ISO 8601, UTC. */
  readonly until: string
  readonly mode: 'governance' | 'compliance'
}

export interface ManifestTotals {
  readonly tables: number
  readonly rows: number
  /** Bytes as COPY text, before compression. */
  readonly plainBytes: number
  /** Bytes that this backup's chunks take in the storage, new and reused. */
  readonly storedBytes: number
  readonly newChunks: number
  readonly newStoredBytes: number
  readonly reusedChunks: number
  readonly gaps: number
}
