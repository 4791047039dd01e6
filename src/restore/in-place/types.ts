import type { TableContents } from '../../repository/format/contents.ts'
import type { Sentence } from '../../lib/sentence.ts'
import type { HeldBack } from '../../repository/held-back.ts'
import type { Renewal } from './copies/renewal.ts'
import type { LiveTable } from './live.ts'

/** The three switches: what a restore in place does about rows that differ. All three together are "replace". */
export interface Actions {
  /** Rows of the backup that the target lacks are made again. */
  readonly create: boolean
  /** Rows that differ become what they were in the backup. */
  readonly update: boolean
  /** Rows that the backup does not have are deleted. */
  readonly delete: boolean
}

/** What people want most: what was deleted comes back, and nothing else is touched. */
export const recoverDeleted: Actions = { create: true, update: false, delete: false }

export interface InPlaceOptions {
  /** Patterns of tables, schemas and exclusions, as elsewhere; all empty: every table of the backup. */
  readonly tables: readonly string[]
  readonly schemas: readonly string[]
  readonly excludeTables: readonly string[]
  /** SQL condition over the columns of the one table that is chosen; null: all its rows. */
  readonly where: string | null
  readonly actions: Actions
  /** Chosen rows come as new ones beside whatever is there, under new keys, with the rows that refer to them. Only with creating. */
  readonly newIds: boolean
  /** Rows whose value of this column is later in the target than in the backup are left alone; null: none are. */
  readonly keepNewer: string | null
  /**
   * Rows that the restored ones refer to, in tables that were not chosen, and that are gone in the target: `bring` them back
   * too, `skip` the rows that need them, or null: undecided, which is a question, and nothing can be applied.
   */
  readonly missingReferences: 'bring' | 'skip' | null
  /** How long to wait for a lock on a table. */
  readonly lockTimeoutMs: number
}

/** One table to be compared and changed: as the target has it, and the tables of the backup whose rows belong to it. */
export interface Unit {
  /** Numbers the unit's temporary tables. */
  readonly index: number
  readonly live: LiveTable
  /** The table itself, or the leaves of a partitioned one. */
  readonly from: readonly TableContents[]
  /** Names of the columns that tell rows apart; null: the whole row does, and equal rows are counted. */
  readonly key: readonly KeyColumn[] | null
  /** Columns that are compared and written, in the target's order. */
  readonly shared: readonly string[]
  /** Stored columns that the target has and the backup does not. */
  readonly added: readonly string[]
  /** Columns of the backup that the target has no more, or computes by now. */
  readonly dropped: readonly string[]
  /** True if it was not chosen, and only rows that others refer to come back. */
  readonly pulledIn: boolean
  /** Not chosen: its rows come along because they refer to rows of these tables, which come under new keys. Empty for all others. */
  readonly along: readonly string[]
  /** What becomes of its keys where rows come under new ones; null: rows keep their keys, and are compared by them. */
  readonly renewal: Renewal | null
  readonly drift: readonly Drift[]
}

export interface KeyColumn {
  readonly name: string
  /** Its equality as an operator with schema: there is no search path, and types of extensions are not in pg_catalog. */
  readonly equals: string
}

/** A column that is not the same in the backup and the target, and what is done about it. */
export interface Drift {
  readonly column: string
  readonly what: string
  readonly effect: string
}

/** `c` create, `u` update, `d` delete; what was only counted: `C`, `U`, `D` not asked for, `k` newer in the target, `x` in conflict. */
export type ChangeAction = 'c' | 'u' | 'd' | 'C' | 'U' | 'D' | 'k' | 'x'

/** What a restore in place would do, counted and sampled: computed by the target over its own rows. Printable data. */
export interface Preview {
  /** Null if the restore that is undone was of no backup. */
  readonly backup: string | null
  /** When the backup's snapshot was taken, ISO 8601. Null for the undoing of a restore. */
  readonly moment: string | null
  /** The restore that would be undone. */
  readonly undoes: string | null
  /** Address without password. */
  readonly target: string
  readonly database: string
  readonly actions: Actions
  /** Rows come as new ones, under new keys. */
  readonly newIds: boolean
  readonly where: string | null
  readonly keepNewer: string | null
  readonly tables: readonly TablePreview[]
  readonly totals: Counts
  /** Tables that the target lacks, and that would be made, with the other objects that come with them. */
  readonly makes: readonly MadeTable[]
  /** Tables that would go, because the restore that is undone has made them. */
  readonly drops: readonly MadeTable[]
  /** Rows that are neither brought nor compared, because they were erased. */
  readonly heldBack: readonly HeldBack[]
  /** What must be answered before it can be applied. */
  readonly questions: readonly Question[]
  readonly warnings: readonly string[]
  /** Why it can't be applied. */
  readonly problems: readonly string[]
  /** What warnings, problems, questions, notes and reasons are made of, each once: who has words for a key says them in place of the text. */
  readonly parts: readonly Sentence[]
  readonly estimate: Estimate
}

/** `references`: rows that others need and that were not chosen; `conflicts`: rows that would break a key. */
export interface Question {
  readonly about: 'references' | 'conflicts'
  readonly text: string
}

export interface Counts {
  readonly create: number
  readonly update: number
  readonly delete: number
  readonly unchanged: number
  /** Left out, because applying them would break a key; `samples` say which. */
  readonly conflicts: number
}

export interface TablePreview extends Counts {
  readonly schema: string
  readonly name: string
  /** Columns that tell rows apart; null: whole rows. */
  readonly key: readonly string[] | null
  /** Rows that differ and stay as they are, because it was not asked for. */
  readonly leftAlone: {
    readonly missing: number
    readonly changed: number
    readonly extra: number
    readonly newer: number
  }
  /** Not chosen: rows of it are brought, because rows of these tables refer to them. */
  readonly neededBy: readonly string[]
  /** Not chosen: rows of it come along, because they refer to rows of these tables. */
  readonly along: readonly string[]
  /** Columns that get new values, and in how many rows. */
  readonly renewed: readonly { readonly name: string; readonly rows: number }[]
  readonly changedColumns: readonly { readonly name: string; readonly rows: number }[]
  readonly samples: readonly Sample[]
  readonly drift: readonly Drift[]
  /** Triggers that stay silent, columns that are computed, sequences, row level security. */
  readonly notes: readonly string[]
}

export interface Sample {
  readonly action: 'create' | 'update' | 'delete' | 'newer' | 'conflict'
  readonly why: string | null
  /** All stored columns; texts are cut. */
  readonly columns: readonly {
    readonly name: string
    readonly key: boolean
    readonly before: string | null
    readonly after: string | null
    readonly changed: boolean
    /** `after` is the value of the backup: what it becomes is not known before the row is written. */
    readonly renewed: boolean
  }[]
}

/** Of a few rows that came under new keys, which. */
export interface RenewedKeys {
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
  /** As text, cut. */
  readonly rows: readonly {
    readonly old: readonly (string | null)[]
    readonly new: readonly (string | null)[]
  }[]
}

export interface MadeTable {
  readonly schema: string
  readonly name: string
  readonly rows: number
}

export interface Estimate {
  /** Applying alone, roughly, by how long comparing took. */
  readonly seconds: number
  /** Tables that nobody else can write to meanwhile. */
  readonly locks: readonly string[]
  /** Those that nobody else can read either: rules and columns that are always generated can't be switched under a weaker lock. */
  readonly closed: readonly string[]
  /** Of temporary tables in the target, for the time of the session. */
  readonly temporaryBytes: number
}
