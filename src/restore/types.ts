import type { Sentence } from '../lib/sentence.ts'
import type { DatabasePlan } from '../postgres/globals/plan-database.ts'
import type { RolePlan } from '../postgres/globals/plan-roles.ts'
import type { CurrentRole } from '../postgres/globals/role-target.ts'
import type { TargetAbilities } from '../postgres/schema/adapt.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import type { Gap, TableContents } from '../repository/format/contents.ts'
import type { QuarantineItem } from './quarantine/plan.ts'
import type { Quarantined } from './quarantine/record.ts'
import type { HeldBack } from '../repository/held-back.ts'

/** What a person can choose of a restore into a new or empty database. */
export interface RestoreOptions {
  /** Make the database; refused if there is one of this name. */
  readonly createDatabase: boolean
  /** Patterns; empty means everything. */
  readonly schemas: readonly string[]
  readonly tables: readonly string[]
  readonly excludeTables: readonly string[]
  readonly noOwner: boolean
  readonly noGrants: boolean
  /** Which missing roles are made: those the database's objects and grants refer to, all of the backup's, or none. */
  readonly roles: 'needed' | 'all' | 'none'
  /** Clear what an interrupted restore left in the target before beginning. */
  readonly restart: boolean
  /** Whatever would work by itself or call other systems stays off until it is released. */
  readonly quarantine: boolean
  /** Drills only: a locale the scratch server lacks is replaced by C.UTF-8, which is reported. */
  readonly allowLocaleFallback: boolean
  /** Drills only: extensions that the scratch server lacks; what needs them is left out, which is reported. */
  readonly withoutExtensions: readonly string[]
}

/** A whole restore that takes no liberties. */
export const defaultRestoreOptions: RestoreOptions = {
  createDatabase: false,
  schemas: [],
  tables: [],
  excludeTables: [],
  noOwner: false,
  noGrants: false,
  roles: 'needed',
  restart: false,
  quarantine: false,
  allowLocaleFallback: false,
  withoutExtensions: [],
}

/** What will be done, made before anything is touched: printable data. */
export interface RestorePlan {
  readonly backup: string
  readonly moment: string
  /** Without password. */
  readonly target: string
  /** Null: the database exists, and keeps its own owner, grants and settings. */
  readonly database: DatabasePlan | null
  readonly roles: RolePlan
  readonly current: CurrentRole
  /** Owners that the restoring role makes itself a member of until the restore ends. */
  readonly joins: readonly string[]
  readonly entries: readonly SchemaEntry[]
  readonly tables: readonly TableContents[]
  /** Entries of the backup that are not restored, with the reason. */
  readonly leftOut: readonly { readonly type: string; readonly name: string; readonly why: string }[]
  /** Rows that the tables lack because they were erased. */
  readonly heldBack: readonly HeldBack[]
  readonly totals: { readonly tables: number; readonly rows: number; readonly plainBytes: number }
  /** Worth knowing before going on; nothing that prevents it. */
  readonly warnings: readonly string[]
  /** Why it can't be done. Empty in a plan that may be run. */
  readonly problems: readonly RestoreProblem[]
  /** What `warnings` are made of. */
  readonly parts: readonly Sentence[]
  readonly options: RestoreOptions
  /** Large objects are restored with the whole database only. */
  readonly largeObjects: boolean
  /** What will be off in the restored database; empty without `quarantine`. */
  readonly quarantine: readonly QuarantineItem[]
  readonly abilities: TargetAbilities
}

export interface RestoreProblem {
  readonly code:
    | 'target_too_old'
    | 'target_not_empty'
    | 'target_exists'
    | 'target_unfinished'
    | 'target_lacks'
    | 'database_missing'
    | 'target_in_use'
    | 'target_replicated'
    | 'target_entangled'
    | 'locks_exhausted'
  readonly message: string
  /** What the message is made of. */
  readonly said: Sentence
}

/** What was done, and what it was compared with. */
export interface RestoreReport {
  readonly backup: string
  readonly target: string
  readonly tables: readonly RestoredTable[]
  readonly rows: number
  readonly plainBytes: number
  /** ISO 8601. */
  readonly started: string
  readonly finished: string
  readonly seconds: number
  readonly phases: readonly { readonly name: string; readonly seconds: number }[]
  readonly warnings: readonly string[]
  /** What `warnings` are made of. */
  readonly parts: readonly Sentence[]
  readonly gaps: readonly Gap[]
  /** Rows that were not restored because they were erased. */
  readonly heldBack: readonly HeldBack[]
  readonly rolesCreated: readonly string[]
  /** What is off until it is released. */
  readonly quarantined: readonly Quarantined[]
}

export interface RestoredTable {
  readonly schema: string
  readonly name: string
  readonly rows: number
  /** How far it was compared with the source's own fingerprint. `counted`: exact count; `sampled`, `hashed`: contents too. */
  readonly compared: 'counted' | 'sampled' | 'hashed' | 'not held'
}
