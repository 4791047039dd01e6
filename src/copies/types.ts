import type { Clock } from '../lib/clock.ts'
import type { OnProgress } from '../lib/progress.ts'
import type { Opener } from '../repository/crypto/opener.ts'
import type { HostCredentials, Keyset, Repository } from '../repository/types.ts'

/** What is to be brought from one copy of a repository into another. */
export interface CopyRequest {
  readonly from: Repository
  readonly to: Repository
  /** The newest of both. */
  readonly keyset: Keyset
  /** Of an admitted host: it says in `to` that a writer is at work. */
  readonly credentials: HostCredentials
  /** Ids of the only backups that are meant; null: all, and what restores left. */
  readonly backups: ReadonlySet<string> | null
  /** Opens what is read, to see that it is what its name says; null: only its size is looked at. */
  readonly opener: Opener | null
  /** True to read what `to` has as well, and replace what is damaged. Needs an opener. */
  readonly repair: boolean
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/** What is missing in a copy. */
export interface CopyPreview {
  /** Keys of the documents that it lacks, in the order in which they are copied. */
  readonly documents: readonly string[]
  /** Chunks that it lacks, of those documents and of those that it has. */
  readonly objects: number
  readonly bytes: number
  /** What is not accepted in the copy that is read, and so is not copied. */
  readonly refused: readonly Left[]
  /** What this copy has and the other has not: numbers of backups and erasures. */
  readonly onlyHere: { readonly backups: number; readonly erasures: number }
}

/** A document that was not copied, or an object that was not repaired, and why. */
export interface Left {
  readonly key: string
  readonly code: string
  readonly reason: string
}

export interface CopyReport {
  /** Keys of the documents that were copied. */
  readonly documents: readonly string[]
  /** Pins and marks of drills. */
  readonly pins: number
  readonly marks: number
  /** Chunks that were put. */
  readonly objects: number
  readonly bytes: number
  /** Keys of objects that were damaged and are replaced. */
  readonly replaced: readonly string[]
  /** Keys of documents that need chunks which a prune plan of this copy lists: they can be copied when it is in force no more. */
  readonly waiting: readonly string[]
  readonly failed: readonly Left[]
  readonly refused: readonly Left[]
  readonly onlyHere: CopyPreview['onlyHere']
}
