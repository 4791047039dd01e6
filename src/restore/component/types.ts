import type { Actions } from '../in-place/types.ts'

/** Parts of a schema that can be brought back by themselves, into a database in use. */
export const components = [
  'roles',
  'policies',
  'functions',
  'triggers',
  'views',
  'grants',
  'extensions',
] as const

export type Component = (typeof components)[number]

export interface ComponentOptions {
  readonly components: readonly Component[]
  /** Patterns of tables, schemas and exclusions; all empty: the whole database. They do not limit roles and extensions. */
  readonly tables: readonly string[]
  readonly schemas: readonly string[]
  readonly excludeTables: readonly string[]
  /** About objects as about rows: make what is missing, change what differs, drop what only the target has. */
  readonly actions: Actions
  /** Whose objects they are is neither compared nor restored. */
  readonly noOwner: boolean
  /** Objects that are made get none of their grants. */
  readonly noGrants: boolean
  /** Which missing roles are meant: those that the backup's database uses, or all. */
  readonly roles: 'needed' | 'all'
  /** How long to wait for a lock. */
  readonly lockTimeoutMs: number
}

/** An object that is not in the target as it is in the backup. Printable: no verifier of a password is in it. */
export interface ComponentChange {
  /** Null where a restore is undone, which says no more than which objects. */
  readonly component: Component | null
  /** e.g. `policy shop.orders own_rows` */
  readonly object: string
  readonly found: 'missing' | 'changed' | 'extra'
  /** Null: it is left alone. */
  readonly action: 'make' | 'replace' | 'drop' | null
  /** SQL in the target, and in the backup or before the restore that is undone; null where there is none. */
  readonly before: string | null
  readonly after: string | null
  /** How it is done, or why it is not; null if there is nothing to say. */
  readonly note: string | null
}

/** What restoring components, or undoing that, would do. Printable data. */
export interface ComponentPreview {
  /** Null if what is undone was of none. */
  readonly backup: string | null
  /** When the backup's snapshot was taken, ISO 8601. Null where a restore is undone. */
  readonly moment: string | null
  /** The restore that would be undone. */
  readonly undoes: string | null
  /** Address without password. */
  readonly target: string
  readonly database: string
  /** What was asked for; empty where a restore is undone. */
  readonly components: readonly Component[]
  readonly changes: readonly ComponentChange[]
  readonly warnings: readonly string[]
  /** Why it can't be applied. */
  readonly problems: readonly string[]
}

/** SQL that is run as one, and what it is about, for the error if it fails. */
export interface Step {
  readonly object: string
  /** May hold password verifiers: not to be logged or shown. */
  readonly sql: string
}
