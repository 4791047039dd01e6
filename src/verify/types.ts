import type { Clock } from '../lib/clock.ts'
import type { HoldfastError } from '../lib/errors.ts'
import type { OnProgress } from '../lib/progress.ts'
import type { BackupContents } from '../repository/format/contents.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import type { HeldBack } from '../repository/held-back.ts'
import type { ChunkReader } from '../repository/types.ts'
import type { RestoredTable, RestoreReport } from '../restore/types.ts'

/** What a drill takes: an opened backup, and how far to go. */
export interface DrillRequest {
  readonly manifest: Manifest
  readonly contents: BackupContents
  /** The schema's SQL. */
  readonly schemaText: Uint8Array
  readonly reader: ChunkReader
  /** What `contents` lack because it was erased. */
  readonly heldBack?: readonly HeldBack[] | undefined
  /** Connections that work at once. */
  readonly jobs: number
  /** One that only goes forward: what it measures is compared with a goal. */
  readonly clock: Clock
  /** Default: the whole backup. */
  readonly part?: DrillPart
  readonly assertions?: readonly Assertion[]
  /** How long each of them may take, in milliseconds. Default: a minute. */
  readonly assertionTimeoutMs?: number
  /** How long a restore may take, in seconds. */
  readonly goalSeconds?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

/** What a drill is limited to. Patterns as a restore has them; empty means everything. */
export interface DrillPart {
  readonly schemas: readonly string[]
  readonly tables: readonly string[]
  readonly excludeTables: readonly string[]
  /** Of these, tables that hold about so many percent of the bytes, chosen at random; the same seed chooses the same ones. */
  readonly sample: { readonly percent: number; readonly seed: number } | null
}

/** A query of the user's own that must return no rows. */
export interface Assertion {
  /** What it is called in messages: the path of its file. */
  readonly name: string
  readonly sql: string
}

/** What a drill found. `error` is null if it passed; it is what a command that was to prove the backup fails with. */
export interface DrillOutcome {
  readonly report: DrillReport
  readonly error: HoldfastError | null
}

export interface DrillReport {
  readonly backup: string
  readonly result: 'passed' | 'failed'
  /** What was left out of the backup, by choice or by chance; null: nothing. */
  readonly part: DrillPart | null
  /** Version of the scratch server; null: none was started, since the backup could not be read so far. */
  readonly server: string | null
  /** In the order in which they were made. */
  readonly checks: readonly DrillCheck[]
  /** Empty if the backup could not be restored. */
  readonly tables: readonly RestoredTable[]
  readonly rows: number
  /** Rows that are not among them because they were erased. */
  readonly heldBack: readonly HeldBack[]
  readonly plainBytes: number
  /** Objects of the schema that were restored. */
  readonly objects: number
  /** What the scratch server can't host or the backup does not hold: never counted as passed. What single checks leave open is theirs. */
  readonly notVerified: readonly Finding[]
  readonly assertions: readonly AssertionResult[]
  /** Of the whole drill. */
  readonly seconds: number
  /** From a server that answers to a database that is restored and compared: what a restore of this backup takes here. */
  readonly restoreSeconds: number
  readonly goal: DrillGoal | null
  readonly phases: RestoreReport['phases']
}

/** How long a restore may take, and whether this one did. A part that is restored in time says nothing of the whole. */
export interface DrillGoal {
  readonly seconds: number
  readonly result: 'met' | 'missed' | 'not verified'
}

/** Something with a name, and what is the matter with it, in words. */
export interface Finding {
  readonly what: string
  readonly why: string
}

export type CheckName =
  'restore' | 'schema' | 'foreign keys' | 'row security' | 'indexes' | 'logins' | 'assertions'

export interface DrillCheck {
  readonly name: CheckName
  /** `not verified`: nothing could be checked. One that passed may still leave things open. */
  readonly result: 'passed' | 'failed' | 'not verified'
  /** How many tables, objects, keys and the like were looked at. */
  readonly checked: number
  readonly failures: readonly Finding[]
  readonly notVerified: readonly Finding[]
}

export interface AssertionResult {
  readonly name: string
  readonly result: 'passed' | 'failed' | 'not verified'
  /** Rows that it returned; null if it failed to run. */
  readonly rows: number | null
  /** The first of them, as texts by column: the user's own data, for their own terminal only. */
  readonly firstRows: readonly Readonly<Record<string, string>>[]
  /** Why it did not pass. */
  readonly why: string | null
  readonly seconds: number
}

/** A check whose result follows from what it found. */
export function checkOf(
  name: CheckName,
  found: {
    readonly checked: number
    readonly failures?: readonly Finding[]
    readonly notVerified?: readonly Finding[]
  },
): DrillCheck {
  const { checked, failures = [], notVerified = [] } = found
  const open = checked === 0 && notVerified.length > 0
  const result = failures.length > 0 ? 'failed' : open ? 'not verified' : 'passed'
  return { name, result, checked, failures: inOrder(failures), notVerified: inOrder(notVerified) }
}

/** Connections that work at once find things in any order. */
function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => (a.what < b.what ? -1 : a.what > b.what ? 1 : 0))
}
