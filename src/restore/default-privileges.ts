/**
 * What the role has told the server to grant on everything that it makes would be granted on what is restored, too. Two lists of statements: those of
 * the goal `quiet` take it back for the time being, and those of `again` tell it again. `inSchemas`: also what is told of single schemas, as
 * far as the role may make anything there.
 */
export function defaultPrivileges({ inSchemas }: { readonly inSchemas: boolean }): string {
  const where = inSchemas
    ? `d.defaclnamespace = 0 OR pg_catalog.has_schema_privilege(d.defaclnamespace, 'CREATE')`
    : 'd.defaclnamespace = 0'
  return `WITH told AS (
    SELECT 'ALTER DEFAULT PRIVILEGES' || coalesce(' IN SCHEMA ' || pg_catalog.quote_ident(n.nspname), '') AS head, k.kind, d.defaclacl AS acl,
      CASE WHEN n.oid IS NULL THEN pg_catalog.acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole) END AS usual
    FROM pg_catalog.pg_default_acl d JOIN pg_catalog.pg_roles r ON r.oid = d.defaclrole
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
    JOIN (VALUES ('r', 'TABLES'), ('S', 'SEQUENCES'), ('f', 'FUNCTIONS'), ('T', 'TYPES'), ('n', 'SCHEMAS'), ('L', 'LARGE OBJECTS')) k (type, kind)
      ON k.type = d.defaclobjtype::pg_catalog.text
    WHERE r.rolname = current_user AND (${where})
  ), lists AS (
    SELECT told.*, 'quiet' AS goal, acl AS have, usual AS want FROM told UNION ALL SELECT told.*, 'again', usual, acl FROM told
  ), statements AS (
    SELECT l.goal, 1 AS step, pg_catalog.format('%s REVOKE ALL ON %s FROM %s', l.head, l.kind, g.name) AS sql
      FROM lists l
      CROSS JOIN LATERAL (SELECT DISTINCT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END AS name
        FROM pg_catalog.aclexplode(l.have) x) g
    UNION ALL
    SELECT l.goal, 2, pg_catalog.format('%s GRANT %s ON %s TO %s%s', l.head, x.privilege_type, l.kind,
        CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END,
        CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM lists l CROSS JOIN LATERAL pg_catalog.aclexplode(l.want) x
  )
  SELECT goal, sql FROM statements ORDER BY goal, step, sql`
}
