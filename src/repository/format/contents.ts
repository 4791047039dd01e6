import type { SchemaEntry } from '../../postgres/schema/entry.ts'
import type { DatabaseProperties, RoleDefinition } from '../../postgres/globals/types.ts'

/**
 * The sealed part of a backup: everything there is to know to restore it, but the rows. Stored as JSON in a chunk of
 * its own. docs/FORMAT.md "Contents".
 */
export interface BackupContents {
  /** 2: with `server.horizon`, `server.incarnation`, and `filenode` of tables, which are null in one of format 1. */
  readonly format: 1 | 2
  readonly server: ServerFacts
  readonly database: DatabaseProperties
  /** All roles of the server that are not built in; restore decides which of them it needs. */
  readonly roles: readonly RoleDefinition[]
  /** Names of the roles that the database's objects, grants and policies refer to. */
  readonly usedRoles: readonly string[]
  /** SQL of the schema: `pieces` in order make one text in the database's encoding, which `entries` cut up. */
  readonly schema: { readonly pieces: readonly Piece[]; readonly entries: readonly SchemaEntry[] }
  readonly tables: readonly TableContents[]
  readonly sequences: readonly SequenceValue[]
  readonly largeObjects: LargeObjectContents
  /** What this backup does not hold although a reader might expect it, in plain words. */
  readonly gaps: readonly Gap[]
  /** What was asked for, as patterns. Empty arrays mean everything. */
  readonly scope: BackupScope
  readonly proof: 'counts' | 'sampled' | 'full'
}

export interface ServerFacts {
  /** e.g. `17.10` */
  readonly version: string
  readonly major: number
  readonly systemIdentifier: string | null
  readonly timeline: number | null
  readonly inRecovery: boolean
  readonly encoding: string
  /**
   * The oldest transaction that was running when the snapshot was taken (xid8, decimal text): rows of older ones are in the backup, unless
   * they were deleted by then. Lets a restore into the same server tell quickly which rows nobody has touched since.
   */
  readonly horizon: string | null
  /**
   * When the server process was started, by its own clock, to the microsecond: the same value means the same run of it. Within a run
   * transactions are numbered on; after a storage snapshot was put back, their numbers come a second time.
   */
  readonly incarnation: string | null
}

export interface BackupScope {
  readonly schemas: readonly string[]
  readonly tables: readonly string[]
  readonly excludeTables: readonly string[]
  readonly excludeData: readonly string[]
}

/** A run of bytes inside a chunk. `chunk` is an index into `Manifest.chunks`. */
export interface Piece {
  readonly chunk: number
  readonly offset: number
  readonly length: number
}

/** One table that holds rows of its own: an ordinary table or a partition without partitions. */
export interface TableContents {
  readonly oid: number
  /** Of the file that held its rows: another one means that the table was rewritten. Null for one that has none. */
  readonly filenode: number | null
  readonly schema: string
  readonly name: string
  /** Columns in COPY order; generated columns and dropped ones are not among them. */
  readonly columns: readonly ColumnFacts[]
  /** Rows received, equal to what the server said it sent. */
  readonly rows: number
  /** Bytes as COPY text. */
  readonly plainBytes: number
  /** Extension configuration tables: only rows that meet this condition are held. Null: all rows. */
  readonly condition: string | null
  /** Whether the rows are held; `excluded` ones exist in the schema only. */
  readonly data: 'held' | 'excluded' | 'unreadable'
  /**
   * Set where rows must be loaded through a partitioned table above, because they may belong to another of its
   * partitions in another database (by a hash of an enum): the topmost such table, so that all leaves below it have it.
   */
  readonly loadVia: { readonly schema: string; readonly name: string } | null
  /** Partitioned tables that this is a partition of, nearest first. */
  readonly parents: readonly { readonly schema: string; readonly name: string }[]
  readonly ranges: readonly RowRange[]
  readonly fingerprint: Fingerprint | null
}

export interface ColumnFacts {
  readonly name: string
  /** As format_type() gives it. */
  readonly type: string
}

/** The rows of pages `from` up to, not including, `to` (null: to the end), in physical order, as COPY text. */
export interface RowRange {
  readonly from: number
  readonly to: number | null
  readonly rows: number
  /** In order, one stream of COPY text; a row may be cut by a border between pieces. */
  readonly pieces: readonly Piece[]
}

/** Computed by the source in the backup's snapshot, by other queries than those that copied the rows. */
export interface Fingerprint {
  /** Exact count(*). */
  readonly rows: number
  /** SQL expression over one row (alias `t`) whose sum is the content hash; see `src/postgres/rowhash.ts`. Null with `counts`. */
  readonly expression: string | null
  /** Sum over all rows, as decimal text. Only with `full`. */
  readonly hash: string | null
  /** Sums over single ranges (index into `ranges`). Only with `sampled`. */
  readonly samples: readonly { readonly range: number; readonly rows: number; readonly hash: string }[]
}

export interface SequenceValue {
  readonly schema: string
  readonly name: string
  /** Decimal text: a bigint does not fit a JSON number. */
  readonly lastValue: string
  readonly isCalled: boolean
}

export interface LargeObjectContents {
  readonly objects: readonly LargeObject[]
  /** COPY text of (loid oid, pageno int4, data bytea), pages of 2048 bytes, ordered. */
  readonly ranges: readonly { readonly rows: number; readonly pieces: readonly Piece[] }[]
}

export interface LargeObject {
  readonly oid: number
  readonly owner: string
  /** As aclitem texts, null for the default. */
  readonly acl: readonly string[] | null
  readonly comment: string | null
}

export interface Gap {
  /** What is missing, e.g. `role passwords`. */
  readonly what: string
  /** Why, and what can be done. */
  readonly why: string
}
