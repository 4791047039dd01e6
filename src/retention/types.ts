import type { Period } from './calendar.ts'
import type { RetentionPolicy } from './policy.ts'

/** What planning has to know of a backup. */
export interface RetainableBackup {
  readonly id: string
  /** What was backed up: backups of one source, kind and scope make a series, and rules count within it. */
  readonly source: string
  readonly kind: string
  /** Which rows were asked for; null: all. Where it is not told they are taken for all. */
  readonly scope?: string | null
  /** ISO 8601: when the snapshot was taken, by the clock of who backed up. */
  readonly moment: string
  readonly sequence: number
}

export interface RetentionFacts<B extends RetainableBackup = RetainableBackup> {
  readonly backups: readonly B[]
  readonly policy: RetentionPolicy
  readonly now: Date
  /** Reason by id of the backups that people have pinned. */
  readonly pins: ReadonlyMap<string, string>
  /** By id of the backup, what its newest drill of the whole has shown. */
  readonly verified: ReadonlyMap<string, 'passed' | 'failed'>
  /** Ids of backups that are known to lack something. */
  readonly damaged: ReadonlySet<string>
  /** Ids of backups that are being read. */
  readonly used: ReadonlySet<string>
}

/** Why a backup stays or goes: a word for programs, and a few words for people. */
export interface RetentionReason {
  readonly rule:
    | 'last'
    | 'within'
    | Period
    | 'newest'
    | 'verified'
    | 'future'
    | 'pinned'
    | 'used'
    | 'locked'
    | 'other'
    | 'max-count'
    | 'none'
  readonly text: string
  /** Of rules that have several things to say, which it is; else the rule says it. */
  readonly key?: 'failed' | 'damaged'
  /** What the rule alone does not say, for other languages: why it is pinned; until when it is locked, ISO 8601. */
  readonly value?: string
}

export interface RetentionDecision<B extends RetainableBackup = RetainableBackup> {
  readonly backup: B
  readonly keep: boolean
  /** All of them, at least one. */
  readonly reasons: readonly RetentionReason[]
}
