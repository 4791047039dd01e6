import type { ErrorCode } from '../lib/error-codes.ts'

/** Why a job failed, as every error of Holdfast is told. */
export interface JobError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
  /** The hint is of this very failure, and not that of its code: there are words in other languages for the latter only. */
  readonly ownHint?: true
  /** What the message is made of, for other languages, where that is told: src/lib/sentence.ts. */
  readonly parts?: readonly unknown[]
}

/** How far a job is, as its command tells (src/cli/progress-lines.ts). */
export interface JobProgress {
  readonly phase: string
  readonly done: number
  readonly total: number | null
  readonly unit: string
  readonly percent: number | null
  readonly perSecond: number | null
  readonly secondsLeft: number | null
}

export interface LogLine {
  readonly level: 'info' | 'warning' | 'error'
  readonly text: string
}

/** How an attempt has ended. */
export type Outcome =
  | { readonly status: 'completed'; readonly result: Readonly<Record<string, unknown>> }
  /** `again`: another attempt may go better, and is made if there is one left. */
  | { readonly status: 'failed'; readonly error: JobError; readonly again: boolean }
  | { readonly status: 'cancelled' }
  /** One step of it is done. It goes on when a worker takes it, after so many seconds, or, without that, when somebody agrees. */
  | { readonly status: 'goes on'; readonly afterSeconds: number | null; readonly attempts: number }
