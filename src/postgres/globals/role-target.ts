import { HoldfastError } from '../../lib/errors.ts'
import type { Connection } from '../connect.ts'
import { readRoles } from './roles.ts'
import { splitSetting } from './settings.ts'
import type { RoleDefinition } from './types.ts'

/** What planning needs to know of the server that is restored into. */
export interface RoleTarget {
  readonly major: number
  /** Name of the database that is restored into; it need not exist yet. */
  readonly database: string
  /** Its roles but the built-in ones, with their settings in `database`. */
  readonly roles: ReadonlyMap<string, RoleDefinition>
  /** Names of its built-in roles (pg_*). */
  readonly builtIn: ReadonlySet<string>
  readonly current: CurrentRole
  /** Of the settings asked about: those that this role may not store here, or that this server does not know. */
  readonly refusedSettings: ReadonlySet<string>
}

/** The role that restores, and what it may hand out. */
export interface CurrentRole {
  readonly name: string
  readonly superuser: boolean
  readonly createRole: boolean
  readonly createDatabase: boolean
  readonly replication: boolean
  readonly bypassRls: boolean
  /** Existing roles, built-in ones too, in which it may make others members. */
  readonly mayGrant: ReadonlySet<string>
}

// Before 16 CREATEROLE suffices for every role that is no superuser; since then it takes ADMIN OPTION.
const currentSql = `
SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolcreaterole AS create_role, r.rolcreatedb AS create_database,
  r.rolreplication AS replication, r.rolbypassrls AS bypass_rls,
  pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000 AS major,
  coalesce((SELECT pg_catalog.jsonb_agg(o.rolname) FROM pg_catalog.pg_roles o WHERE r.rolsuper OR (NOT o.rolsuper
    AND (pg_catalog.pg_has_role(o.oid, 'MEMBER WITH ADMIN OPTION')
      OR (r.rolcreaterole AND pg_catalog.current_setting('server_version_num')::pg_catalog.int4 < 160000)))), '[]')
    AS may_grant,
  (SELECT pg_catalog.jsonb_agg(o.rolname) FROM pg_catalog.pg_roles o WHERE o.rolname ~ '^pg_') AS built_in
FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`

// `role` and `session_authorization` are settings that pg_settings does not list.
const refusedSql = `
SELECT s.name FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) s (name)
LEFT JOIN pg_catalog.pg_settings p ON pg_catalog.lower(p.name) = pg_catalog.lower(s.name)
WHERE NOT CASE
  WHEN pg_catalog.lower(s.name) IN ('role', 'session_authorization') THEN true
  WHEN p.context = 'user' THEN true
  WHEN p.name IS NULL AND pg_catalog.strpos(s.name, '.') = 0 THEN false
  WHEN pg_catalog.current_setting('is_superuser')::pg_catalog.bool THEN true
  ELSE pg_catalog.has_parameter_privilege(s.name, 'SET') END`

interface CurrentRow extends Record<string, unknown> {
  name: string
  superuser: boolean
  create_role: boolean
  create_database: boolean
  replication: boolean
  bypass_rls: boolean
  major: number
  may_grant: string[]
  built_in: string[]
}

/** Reads the facts. `settings` are the stored settings (`name=value`) that a plan would make. */
export async function readRoleTarget(
  connection: Connection,
  options: { readonly database: string; readonly settings: Iterable<string> },
): Promise<RoleTarget> {
  const [row] = await connection.query<CurrentRow>(currentSql)
  if (row === undefined) throw new HoldfastError('internal', 'pg_roles has no row of the current role')
  const { roles } = await readRoles(connection, options.database)
  const names = [...new Set([...options.settings].map((setting) => splitSetting(setting).name))]
  const refused = await connection.query<{ name: string }>(refusedSql, [JSON.stringify(names)])
  return {
    major: row.major,
    database: options.database,
    roles: new Map(roles.map((role) => [role.name, role])),
    builtIn: new Set(row.built_in),
    current: {
      name: row.name,
      superuser: row.superuser,
      createRole: row.create_role,
      createDatabase: row.create_database,
      replication: row.replication,
      bypassRls: row.bypass_rls,
      mayGrant: new Set(row.may_grant),
    },
    refusedSettings: new Set(refused.map((r) => r.name)),
  }
}
