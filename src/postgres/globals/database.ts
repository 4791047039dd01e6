import { HoldfastError } from '../../lib/errors.ts'
import type { Connection } from '../connect.ts'
import type { DatabaseProperties, SecurityLabel } from './types.ts'

// to_jsonb() reads columns by name: the ICU locale is daticulocale before 17 and datlocale since, rules came with 16.
const sql = `
SELECT d.datname AS name, pg_catalog.pg_get_userbyid(d.datdba) AS owner,
  pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
  CASE d.datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS locale_provider,
  coalesce(j.d ->> 'datlocale', j.d ->> 'daticulocale') AS locale, j.d ->> 'daticurules' AS icu_rules,
  t.spcname AS tablespace, d.datconnlimit AS connection_limit, d.datistemplate AS is_template,
  d.datallowconn AS allow_connections, pg_catalog.shobj_description(d.oid, 'pg_database') AS comment,
  pg_catalog.to_jsonb(d.datacl::pg_catalog.text[]) AS acl,
  coalesce((SELECT pg_catalog.to_jsonb(s.setconfig) FROM pg_catalog.pg_db_role_setting s
    WHERE s.setdatabase = d.oid AND s.setrole = 0), '[]') AS settings,
  coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('provider', l.provider, 'label', l.label)
      ORDER BY l.provider)
    FROM pg_catalog.pg_shseclabel l
    WHERE l.objoid = d.oid AND l.classoid = 'pg_catalog.pg_database'::pg_catalog.regclass), '[]') AS security_labels
FROM pg_catalog.pg_database d
JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace
CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(d) AS d) j
WHERE d.datname = coalesce($1, pg_catalog.current_database())`

interface Row extends Record<string, unknown> {
  name: string
  owner: string
  encoding: string
  collate: string
  ctype: string
  locale_provider: string
  locale: string | null
  icu_rules: string | null
  tablespace: string
  connection_limit: number
  is_template: boolean
  allow_connections: boolean
  comment: string | null
  acl: string[] | null
  settings: string[]
  security_labels: SecurityLabel[]
}

/** The properties of the database that the connection is in, or of another one of its server. Needs no rights. */
export async function readDatabase(
  connection: Connection,
  name: string | null = null,
): Promise<DatabaseProperties> {
  const [row] = await connection.query<Row>(sql, [name])
  if (row === undefined) throw new HoldfastError('internal', 'pg_database has no row of the database')
  return {
    name: row.name,
    owner: row.owner,
    encoding: row.encoding,
    collate: row.collate,
    ctype: row.ctype,
    localeProvider: row.locale_provider,
    locale: row.locale,
    icuRules: row.icu_rules,
    tablespace: row.tablespace,
    connectionLimit: row.connection_limit,
    isTemplate: row.is_template,
    allowConnections: row.allow_connections,
    comment: row.comment,
    acl: row.acl,
    settings: row.settings,
    securityLabels: row.security_labels,
  }
}
