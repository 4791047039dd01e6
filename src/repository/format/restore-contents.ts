import type { ColumnFacts, Piece } from './contents.ts'

/*
 * The sealed parts of what a restore leaves in the repository: JSON, each in a chunk of its own. docs/FORMAT.md "Restores".
 */

/** What undoing a restore needs: every row it was about to change, as it was and as it was to become. */
export interface SafetyContents {
  /** As it was stored. In 1 no table is dropped, and no part of the schema is changed by itself. */
  readonly format: 1 | 2
  readonly target: SafetyTarget
  /** The transaction that makes the changes, xid8 as decimal text: the target's pg_xact_status() tells whether it was committed. */
  readonly transaction: string
  readonly tables: readonly SafetyTable[]
  /** Tables that the restore makes; undoing drops them. Their rows are not in `tables`. */
  readonly madeTables: readonly SafetyMadeTable[]
  /** Tables that are dropped, because the restore that is undone had made them from the backup; undoing that makes them again from it. */
  readonly droppedTables: readonly SafetyDroppedTable[]
  /** What is changed of the schema, where parts of it are restored and no rows; null: nothing is. */
  readonly schema: SafetySchema | null
}

export interface SafetyDroppedTable {
  readonly schema: string
  readonly name: string
  /** False: its rows are those of the backup. True: somebody had changed them, and they are in `tables`, as deleted. */
  readonly keptRows: boolean
  /** It belonged to another role than in the backup, as what is restored without owners does. */
  readonly noOwner: boolean
}

/** Changes of the schema, and what leads from either side of them to the other. */
export interface SafetySchema {
  /** Statements that take the changes back, and those that make them, in the order in which they run. May hold password verifiers. */
  readonly back: readonly SafetyStatement[]
  readonly forth: readonly SafetyStatement[]
  /** Everything that is another in the schema and among the roles when the changes are made. */
  readonly objects: readonly SafetyObject[]
}

export interface SafetyStatement {
  /** What it is about, for people: `policy shop.orders own_rows`. */
  readonly object: string
  /** One or more statements. */
  readonly sql: string
}

export interface SafetyObject {
  /** Tells objects apart. */
  readonly key: string
  /** For people. */
  readonly object: string
  /** SQL of the object as the target's server writes it, before and after; null: it is not there. Of a role, without the verifier of its password. */
  readonly before: string | null
  readonly after: string | null
}

/** A table that was made, and what tells whether its rows are still the ones it was made with. */
export interface SafetyMadeTable {
  readonly schema: string
  readonly name: string
  readonly rows: number
  /** SQL over one row with the alias `t`, whose sum over all rows is `hash` (decimal text), as in a backup's fingerprints. */
  readonly expression: string
  readonly hash: string
  /** Its rows are not those of the backup, but some that were kept when it was dropped. */
  readonly keptRows: boolean
}

/** The database whose rows are changed: only there they can be put back. */
export interface SafetyTarget {
  /** Without password. */
  readonly address: string
  readonly database: string
  readonly databaseOid: number
  /** Decimal text; null where the role may not ask. */
  readonly systemIdentifier: string | null
  readonly timeline: number | null
  readonly major: number
  /** Of the database, and so of the rows. */
  readonly encoding: string
}

/** The rows of one table that are changed. */
export interface SafetyTable {
  readonly schema: string
  readonly name: string
  /** Columns that are written, in the order of the stream. */
  readonly columns: readonly ColumnFacts[]
  /** Names of the columns that tell rows apart; null: the whole row, and equal rows are counted. */
  readonly key: readonly string[] | null
  readonly created: number
  readonly updated: number
  readonly deleted: number
  /**
   * One stream of COPY text, a line for each row that is changed: the action (`c`, `u` or `d`), then `columns` as they were (null
   * for c), then `columns` as they become (null for d). Indexes of pieces are into the document's `chunks`.
   */
  readonly pieces: readonly Piece[]
}

/** What a restore has done, for people and for programs that ask later. */
export interface RestoreRecord {
  readonly format: 1
  readonly kind: 'new database' | 'in place' | 'undo' | 'swap'
  /** Id of the backup that was restored, and when it was taken; null where a restore was undone. */
  readonly backup: string | null
  readonly moment: string | null
  /** Id of the restore that was undone. */
  readonly undoes: string | null
  /** Address without password. */
  readonly target: string
  /** Database role, and where from: `admin (shop-laptop)`. */
  readonly who: string
  readonly started: string
  readonly finished: string
  readonly seconds: number
  /** What was asked for, in words or as options. */
  readonly scope: readonly string[]
  readonly tables: readonly RecordedTable[]
  /** What was compared afterwards, and what came out. */
  readonly checks: readonly { readonly what: string; readonly result: string }[]
  readonly warnings: readonly string[]
}

/** What a restore has done to one table, in rows. */
export interface RecordedTable {
  readonly schema: string
  readonly name: string
  readonly created: number
  readonly updated: number
  readonly deleted: number
  /** Were as they are in the backup. */
  readonly unchanged: number
  /** Were left alone because they had changed since. */
  readonly conflicts: number
}
