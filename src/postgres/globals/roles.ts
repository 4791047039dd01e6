import type { Connection } from '../connect.ts'
import type { GlobalsGap, RoleDefinition, RoleMembership, RoleParameter, SecurityLabel } from './types.ts'

// to_jsonb() reads columns by name, so that one statement serves servers with and without inherit_option.
const rolesSql = `
SELECT r.rolname AS name, r.oid = 10 AS bootstrap, r.rolsuper AS superuser, r.rolinherit AS inherit,
  r.rolcreaterole AS create_role, r.rolcreatedb AS create_database, r.rolcanlogin AS login,
  r.rolreplication AS replication, r.rolbypassrls AS bypass_rls, r.rolconnlimit AS connection_limit,
  CASE WHEN pg_catalog.isfinite(r.rolvaliduntil) THEN pg_catalog.replace(pg_catalog.to_char(
    r.rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z" BC'), ' AD', '')
    ELSE r.rolvaliduntil::pg_catalog.text END AS valid_until,
  pg_catalog.shobj_description(r.oid, 'pg_authid') AS comment,
  coalesce((SELECT pg_catalog.to_jsonb(s.setconfig) FROM pg_catalog.pg_db_role_setting s
    WHERE s.setrole = r.oid AND s.setdatabase = 0), '[]') AS settings,
  coalesce((SELECT pg_catalog.to_jsonb(s.setconfig) FROM pg_catalog.pg_db_role_setting s
    JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
    WHERE s.setrole = r.oid AND d.datname = coalesce($1, pg_catalog.current_database())), '[]') AS database_settings,
  coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('role', o.rolname, 'grantor', g.rolname,
      'admin', m.admin_option, 'inherit', pg_catalog.to_jsonb(m) -> 'inherit_option',
      'set', pg_catalog.to_jsonb(m) -> 'set_option') ORDER BY o.rolname, g.rolname)
    FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles o ON o.oid = m.roleid
    LEFT JOIN pg_catalog.pg_roles g ON g.oid = m.grantor WHERE m.member = r.oid), '[]') AS member_of,
  coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', p.parname, 'privilege', x.privilege_type,
      'grantable', x.is_grantable) ORDER BY p.parname, x.privilege_type)
    FROM pg_catalog.pg_parameter_acl p, pg_catalog.aclexplode(p.paracl) x WHERE x.grantee = r.oid AND r.oid <> 10), '[]') AS parameters,
  coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('provider', l.provider, 'label', l.label)
      ORDER BY l.provider)
    FROM pg_catalog.pg_shseclabel l
    WHERE l.objoid = r.oid AND l.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass), '[]') AS security_labels
FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY r.rolname`

const passwordsSql = `SELECT rolname AS name, rolpassword AS password FROM pg_catalog.pg_authid
  WHERE rolpassword IS NOT NULL AND rolname !~ '^pg_'`

const rightsSql = `SELECT current_user::pg_catalog.text AS name,
  pg_catalog.has_column_privilege('pg_catalog.pg_authid', 'rolname', 'SELECT')
    AND pg_catalog.has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT') AS passwords,
  coalesce((SELECT pg_catalog.jsonb_agg(DISTINCT p.parname) FROM pg_catalog.pg_parameter_acl p,
    pg_catalog.aclexplode(p.paracl) x WHERE x.grantee = 0), '[]') AS public_parameters`

interface RoleRow extends Record<string, unknown> {
  name: string
  bootstrap: boolean
  superuser: boolean
  inherit: boolean
  create_role: boolean
  create_database: boolean
  login: boolean
  replication: boolean
  bypass_rls: boolean
  connection_limit: number
  valid_until: string | null
  comment: string | null
  settings: string[]
  database_settings: string[]
  member_of: RoleMembership[]
  parameters: RoleParameter[]
  security_labels: SecurityLabel[]
}

interface Rights extends Record<string, unknown> {
  name: string
  passwords: boolean
  public_parameters: string[]
}

/**
 * Every role of the server but the built-in ones (pg_*), ordered by name. Needs no rights; passwords come only where
 * pg_authid is readable, else one gap says so. `database` is whose settings are read, by default the connection's.
 */
export async function readRoles(
  connection: Pick<Connection, 'query'>,
  database?: string,
): Promise<{ roles: RoleDefinition[]; gaps: GlobalsGap[] }> {
  const rows = await connection.query<RoleRow>(rolesSql, [database ?? null])
  const [rights] = await connection.query<Rights>(rightsSql)
  const passwords = new Map<string, string>()
  if (rights?.passwords === true) {
    const secrets = await connection.query<{ name: string; password: string }>(passwordsSql)
    for (const row of secrets) passwords.set(row.name, row.password)
  }
  const roles = rows.map((row) => definition(row, passwords.get(row.name) ?? null))
  return { roles, gaps: rights === undefined ? [] : gapsOf(roles, rights) }
}

function definition(row: RoleRow, password: string | null): RoleDefinition {
  return {
    name: row.name,
    bootstrap: row.bootstrap,
    superuser: row.superuser,
    inherit: row.inherit,
    createRole: row.create_role,
    createDatabase: row.create_database,
    login: row.login,
    replication: row.replication,
    bypassRls: row.bypass_rls,
    connectionLimit: row.connection_limit,
    validUntil: row.valid_until,
    password,
    comment: row.comment,
    settings: row.settings,
    databaseSettings: row.database_settings,
    memberOf: row.member_of,
    parameters: row.parameters,
    securityLabels: row.security_labels,
  }
}

function gapsOf(roles: readonly RoleDefinition[], rights: Rights): GlobalsGap[] {
  const gaps: GlobalsGap[] = []
  const logins = roles.filter((role) => role.login).length
  if (!rights.passwords && logins > 0) {
    const who = logins === 1 ? 'the password of 1 role' : `the passwords of ${logins} roles`
    gaps.push({
      what: 'role passwords',
      why: `Role ${rights.name} may not read pg_catalog.pg_authid, so ${who} that can log in could not be read. Set them with ALTER ROLE ... PASSWORD after a restore, or back up as a role that may read it.`,
    })
  }
  if (rights.public_parameters.length > 0) {
    gaps.push({
      what: 'parameter privileges of PUBLIC',
      why: `All roles may change ${rights.public_parameters.join(', ')}. Restore does not open a server to everybody; use GRANT SET ON PARAMETER ... TO PUBLIC if it is wanted.`,
    })
  }
  return gaps
}
