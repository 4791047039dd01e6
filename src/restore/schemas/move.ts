import { ident } from '../../postgres/quote.ts'

/** A schema that gets another name. */
export interface Renaming {
  readonly from: string
  readonly to: string
}

export function renameSql({ from, to }: Renaming): string {
  return `ALTER SCHEMA ${ident(from)} RENAME TO ${ident(to)}`
}

/**
 * Makes the schema `public` as initdb does: no dump makes it, and what a dump says of its owner, grants and comment is said of one
 * that is so.
 */
export function makePublicSql({ noOwner }: { readonly noOwner: boolean }): string[] {
  return [
    'CREATE SCHEMA public',
    ...(noOwner ? [] : ['ALTER SCHEMA public OWNER TO pg_database_owner']),
    'GRANT USAGE ON SCHEMA public TO PUBLIC',
    `COMMENT ON SCHEMA public IS 'standard public schema'`,
  ]
}

/** An extension that was renamed away with its schema goes into the one that has the name now. */
export function moveExtensionSql({
  name,
  schema,
}: {
  readonly name: string
  readonly schema: string
}): string {
  return `ALTER EXTENSION ${ident(name)} SET SCHEMA ${ident(schema)}`
}

/**
 * What the role has told the server to grant on everything that it makes would be granted on what is restored, too. Two statements: the
 * first takes it back for the time being and answers with the second, which tells it again.
 */
export const defaultPrivileges = `WITH told AS (
    SELECT d.defaclobjtype AS type, d.defaclacl AS acl,
      pg_catalog.acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole) AS usual
    FROM pg_catalog.pg_default_acl d JOIN pg_catalog.pg_roles r ON r.oid = d.defaclrole
    WHERE d.defaclnamespace = 0 AND r.rolname = current_user
  ), lists AS (
    SELECT type, 'quiet' AS goal, acl AS have, usual AS want FROM told UNION ALL SELECT type, 'again', usual, acl FROM told
  ), statements AS (
    SELECT l.goal, 1 AS step, pg_catalog.format('ALTER DEFAULT PRIVILEGES REVOKE ALL ON %s FROM %s', k.kind, g.name) AS sql
      FROM lists l JOIN (VALUES ('r', 'TABLES'), ('S', 'SEQUENCES'), ('f', 'FUNCTIONS'), ('T', 'TYPES'), ('n', 'SCHEMAS'), ('L', 'LARGE OBJECTS')) k (type, kind)
        ON k.type = l.type::pg_catalog.text
      CROSS JOIN LATERAL (SELECT DISTINCT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END AS name
        FROM pg_catalog.aclexplode(l.have) x) g
    UNION ALL
    SELECT l.goal, 2, pg_catalog.format('ALTER DEFAULT PRIVILEGES GRANT %s ON %s TO %s%s', x.privilege_type, k.kind,
        CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END,
        CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM lists l JOIN (VALUES ('r', 'TABLES'), ('S', 'SEQUENCES'), ('f', 'FUNCTIONS'), ('T', 'TYPES'), ('n', 'SCHEMAS'), ('L', 'LARGE OBJECTS')) k (type, kind)
        ON k.type = l.type::pg_catalog.text
      CROSS JOIN LATERAL pg_catalog.aclexplode(l.want) x
  )
  SELECT goal, sql FROM statements ORDER BY goal, step, sql`

/**
 * For the rest of the session event triggers do not fire, if the role may say so: what the application does at every definition that changes is
 * none of a restore's business, and may need what has no name yet. No row of a table that stays may be written.
 */
export const silenceSql = `SELECT CASE
  WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 170000
    THEN CASE WHEN pg_catalog.has_parameter_privilege('event_triggers', 'SET') THEN pg_catalog.set_config('event_triggers', 'off', false) END
  WHEN pg_catalog.has_parameter_privilege('session_replication_role', 'SET') THEN pg_catalog.set_config('session_replication_role', 'replica', false)
END`
