import type { ErrorCode } from '../lib/error-codes.ts'

/** What is known of a source, as far as it says how safe it is. Times by the catalog's clock. */
export interface SourceFacts {
  readonly now: Date
  /** When it was added. */
  readonly added: Date
  /** Rows are left out by choice: what is safe is not everything that the database holds. */
  readonly partly: boolean
  /** When the newest backup's snapshot was taken; never later than it was seen. Null: there is none. */
  readonly newest: Date | null
  /** Since when a backup is late, as the alarms have it; null: none is. */
  readonly lateSince: Date | null
  /** Backups that have failed since one was completed, and why the last of them. */
  readonly failures: {
    readonly count: number
    readonly at: Date
    readonly code: ErrorCode
    readonly message: string
  } | null
  /** Damage was found in its repository, and not mended. */
  readonly damaged: boolean
  /** The newest whole restore that a drill compared and found equal. */
  readonly proof: Proof | null
  /** A drill that failed after that. */
  readonly drillFailed: Date | null
  /** Null: no backup is running. */
  readonly running: { readonly percent: number | null } | null
  /** When the next backup is begun. */
  readonly nextRun: Date | null
}

export interface Proof {
  readonly at: Date
  /** Of the backup that was restored. */
  readonly moment: Date
  readonly tables: number
  readonly rows: number
  /** Of so many tables the contents were compared, whole; of the others a part, or only how many rows there are. */
  readonly hashed: number
  /** How many things the drill left open. */
  readonly notVerified: number
}

/** `new`: there is nothing yet and nothing wrong. `attention`: it is backed up, and something is not as it should be, or was never proven. */
export type Level = 'safe' | 'attention' | 'danger' | 'new'

/** A sentence, and what it is made of for whoever says it in another language. */
export interface Part {
  readonly key: PartKey
  readonly values: Readonly<Record<string, string | number>>
  readonly text: string
}

export type PartKey =
  | 'first_running'
  | 'nothing_yet'
  | 'never'
  | 'late'
  | 'safe'
  | 'safe_chosen'
  | 'backed_up'
  | 'backed_up_chosen'
  | 'failing'
  | `reason_${Reason}`
  | 'damaged'
  | 'proven'
  | 'proven_partly'
  | 'drill_failed'
  | 'never_proven'
  | 'running'
  | 'next'
  | 'not_scheduled'

/** Why backups fail, in as many kinds as there are things to do about it. */
export type Reason =
  'login' | 'unreachable' | 'rights' | 'storage' | 'storage_full' | 'key' | 'worker' | 'other'

export interface SourceState {
  readonly level: Level
  readonly parts: readonly Part[]
  /** The parts, one after the other. */
  readonly sentence: string
}
