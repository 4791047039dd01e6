import type { OnProgress } from '../lib/progress.ts'
import type { ManifestSummary } from '../repository/format/manifest.ts'
import type { Repository } from '../repository/types.ts'
import type { RetentionPolicy } from '../retention/policy.ts'
import type { RetentionDecision } from '../retention/types.ts'

/** What pruning is asked for. */
export interface PruneRequest {
  readonly repository: Repository
  readonly policy: RetentionPolicy
  /** Keyed hashes of the sources that the policy is for; null: all. Backups of others stay. */
  readonly sources: readonly string[] | null
  /** How long what a restore in place has changed can be undone. */
  readonly restoresMs: number
  /** True: what can't be read is no reason to stop, and what only it needs may go. */
  readonly despiteRefused: boolean
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

export type BackupDecision = RetentionDecision<ManifestSummary>

/** What lies in the storage, and is not accepted. */
export interface Refused {
  readonly key: string
  readonly reason: string
}

/** What there is and what of it goes by the policy, as it was read at one time. */
export interface Look {
  readonly decisions: readonly BackupDecision[]
  /** Ids of restores whose safety backups are old enough to go, and not locked. */
  readonly oldRestores: readonly string[]
  readonly refused: readonly Refused[]
}

export interface Amount {
  readonly objects: number
  readonly bytes: number
}

/** What would go, and can't yet. */
export interface Retained extends Amount {
  /** When the last of their locks ends, by the storage's clock; null if there is none. */
  readonly until: Date | null
}

/** What a prune would do, without a trace in the storage. */
export interface PrunePreview extends Look {
  /** Chunks that nothing would need any more, and no lock keeps. */
  readonly frees: Amount
  /** Chunks that nothing would need any more, and locks keep. */
  readonly retained: Retained
  /** True if the storage keeps what is deleted, unseen: then nothing becomes free by it. */
  readonly keepsDeleted: boolean
  readonly plans: readonly PlanState[]
}

/** A plan of an earlier prune. */
export interface PlanState {
  readonly id: string
  readonly made: Date
  /** When it may be carried out, by the storage's clock. */
  readonly due: Date
  readonly backups: readonly string[]
}

/** A plan that had to wait, and what for. */
export interface Waiting {
  readonly plan: string
  /** Since when the writers have been at work that it waits for. */
  readonly writers: readonly Date[]
}

/** What a prune has done. */
export interface PruneReport extends Look {
  readonly removed: {
    readonly backups: readonly string[]
    readonly restores: readonly string[]
    readonly chunks: Amount
  }
  /** What it has planned, for the next prune after the time of grace. Null: there was nothing new to plan. */
  readonly planned: {
    readonly backups: readonly string[]
    readonly restores: readonly string[]
    readonly chunks: Amount
    readonly due: Date
  } | null
  /** Chunks that nothing needs, and locks keep: they are planned when these are over. */
  readonly retained: Retained
  /** As in a preview. */
  readonly keepsDeleted: boolean
  readonly waiting: readonly Waiting[]
  /** Plans of earlier prunes whose time has not come. */
  readonly plans: readonly PlanState[]
}
