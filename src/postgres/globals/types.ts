/** A role as pg_dumpall would restore it. docs/FORMAT.md "Roles". */
export interface RoleDefinition {
  readonly name: string
  /** The superuser that initdb made: what it grants, a superuser of another server grants in its place. */
  readonly bootstrap: boolean
  readonly superuser: boolean
  readonly inherit: boolean
  readonly createRole: boolean
  readonly createDatabase: boolean
  readonly login: boolean
  readonly replication: boolean
  readonly bypassRls: boolean
  readonly connectionLimit: number
  /** ISO 8601 or `infinity`; null: no limit. */
  readonly validUntil: string | null
  /** SCRAM or MD5 verifier; null: none, or not readable (then there is a gap). A secret: never in a message. */
  readonly password: string | null
  readonly comment: string | null
  /** Settings for all databases, `name=value` as in pg_db_role_setting. */
  readonly settings: readonly string[]
  /** Settings in the backed up database only. */
  readonly databaseSettings: readonly string[]
  readonly memberOf: readonly RoleMembership[]
  readonly parameters: readonly RoleParameter[]
  readonly securityLabels: readonly SecurityLabel[]
}

export interface RoleMembership {
  readonly role: string
  /** Null where the role that granted it is gone (before 16). */
  readonly grantor: string | null
  readonly admin: boolean
  /** Null on servers before 16, which have no such option. */
  readonly inherit: boolean | null
  readonly set: boolean | null
}

/** A configuration parameter that the role may change (GRANT ... ON PARAMETER). */
export interface RoleParameter {
  readonly name: string
  readonly privilege: 'SET' | 'ALTER SYSTEM'
  readonly grantable: boolean
}

export interface SecurityLabel {
  readonly provider: string
  readonly label: string
}

/** The database itself: what `CREATE DATABASE` and `ALTER DATABASE` set. */
export interface DatabaseProperties {
  readonly name: string
  readonly owner: string
  /** e.g. `UTF8`, `SQL_ASCII`, `LATIN1` */
  readonly encoding: string
  readonly collate: string
  readonly ctype: string
  /** `libc`, `icu` or `builtin` */
  readonly localeProvider: string
  /** ICU or builtin locale; null with libc. */
  readonly locale: string | null
  readonly icuRules: string | null
  readonly tablespace: string
  readonly connectionLimit: number
  readonly isTemplate: boolean
  readonly allowConnections: boolean
  readonly comment: string | null
  /** aclitem texts, null for the default. */
  readonly acl: readonly string[] | null
  /** `name=value` for all roles. */
  readonly settings: readonly string[]
  readonly securityLabels: readonly SecurityLabel[]
}

/** Something that could not be read or will not be restored, in plain words. */
export interface GlobalsGap {
  readonly what: string
  readonly why: string
}
