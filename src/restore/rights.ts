import type { Connection } from '../postgres/connect.ts'

/** What the role that restores may make in the target, beyond what every owner of a database may. */
export interface TargetRights {
  /**
   * True if rights are what Postgres itself gives. Managed servers let some roles that are no superusers do what
   * otherwise only a superuser can, and no catalog says what.
   */
  readonly plain: boolean
  /** Extensions of the server that only a superuser can install. */
  readonly untrustedExtensions: ReadonlySet<string>
  /** Languages there are, and whether the role may make functions in them. */
  readonly languages: ReadonlyMap<string, 'usable' | 'not granted' | 'untrusted'>
  /** Has the rights of pg_create_subscription, which is there from 16 on. */
  readonly subscribes: boolean
}

/** Settings of these libraries are no sign that anybody is given more: those that come with Postgres, and others that many have. */
const harmless =
  'auth_delay|auto_explain|basebackup_to_shell|basic_archive|isn|passwordcheck|pg_prewarm|pg_stat_statements|pg_trgm|pgcrypto|plperl|plpgsql|pltcl|postgres_fdw|sepgsql' +
  '|cron|hnsw|ivfflat|pg_hint_plan|pg_partman_bgw|pg_qualstats|pg_wait_sampling|pgaudit|postgis|timescaledb'

/** What providers call the role that they give a customer in place of a superuser. */
const administrators =
  'superuser$|^(akmadmin|avnadmin|azure_pg_admin|doadmin|ibm-cloud-base-user|mdb_admin|tsdbadmin|upadmin|vultradmin)$'

/**
 * Asks the target; changes nothing. Whether it is plain can be told by libraries only, which can lift any rule and show
 * themselves by their settings (supautils, rds, azure, cloudsql, neon), and by names of roles.
 */
export async function readRights(connection: Connection): Promise<TargetRights> {
  interface Row extends Record<string, unknown> {
    plain: boolean
    extensions: string[]
    languages: [string, 'usable' | 'not granted' | 'untrusted'][]
    subscribes: boolean
  }
  const [row] = await connection.query<Row>(
    `SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name ~ '[.]' AND name !~ $1)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles a
          WHERE a.rolname ~ $2 AND pg_catalog.pg_has_role(r.oid, a.oid, 'MEMBER')) AS plain,
      (SELECT coalesce(pg_catalog.json_agg(a.name), '[]') FROM pg_catalog.pg_available_extensions a
        JOIN pg_catalog.pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version
        WHERE v.superuser AND NOT v.trusted) AS extensions,
      (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(lanname, CASE WHEN NOT lanpltrusted THEN 'untrusted'
        WHEN pg_catalog.has_language_privilege(oid, 'USAGE') THEN 'usable' ELSE 'not granted' END)) FROM pg_catalog.pg_language) AS languages,
      EXISTS (SELECT FROM pg_catalog.pg_roles a
        WHERE a.rolname = 'pg_create_subscription' AND pg_catalog.pg_has_role(r.oid, a.oid, 'USAGE')) AS subscribes
     FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`,
    [`^(${harmless})[.]`, administrators],
  )
  if (row === undefined) throw new Error('the server does not know its own user')
  return {
    plain: row.plain,
    untrustedExtensions: new Set(row.extensions),
    languages: new Map(row.languages),
    subscribes: row.subscribes,
  }
}
