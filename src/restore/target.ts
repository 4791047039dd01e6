import { isHoldfastError } from '../lib/errors.ts'
import { connect, type Connection, type ServerAddress } from '../postgres/connect.ts'
import { readDatabase } from '../postgres/globals/database.ts'
import type { DatabaseProperties } from '../postgres/globals/types.ts'
import { withDatabase } from '../postgres/server-address.ts'
import { readRights, type TargetRights } from './rights.ts'

/** What must be known of a target before a restore is planned. */
export interface TargetFacts {
  readonly major: number
  readonly exists: boolean
  /** Dropping it was begun and broken off: it is no database any more, but for its name. */
  readonly halfDropped: boolean
  readonly encoding: string | null
  /** Names of what the database holds, at most 20 and the count in words; empty if it holds nothing. */
  readonly holds: readonly string[]
  readonly holdsCount: number
  readonly unfinished: UnfinishedRestore | null
  /** How the database orders text; null where there is none. */
  readonly locale: Pick<DatabaseProperties, 'localeProvider' | 'collate' | 'ctype' | 'locale'> | null
  readonly extensionsAvailable: ReadonlySet<string>
  readonly extensionsPresent: readonly string[]
  readonly tablespaces: ReadonlySet<string>
  readonly lz4: boolean
  readonly user: string
  readonly superuser: boolean
  readonly createDatabase: boolean
  readonly createRole: boolean
  /** Roles whose objects the user may make and work on: those it may SET ROLE to and has the rights of; null for a superuser: all. */
  readonly mayActAs: ReadonlySet<string> | null
  readonly rights: TargetRights
  /** Other roles that it may make itself such a member of, and leave again. */
  readonly mayJoin: ReadonlySet<string>
  /** The same of roles that it makes. */
  readonly mayJoinMade: boolean
}

export interface UnfinishedRestore {
  readonly backup: string
  readonly started: string
  /** It made the database itself. */
  readonly madeDatabase: boolean
}

/** Where an unfinished restore leaves word of itself. */
export const markerSchema = 'holdfast_restore'

/** Databases to connect to while the target does not exist. */
const maintenance = ['postgres', 'template1']

/** A connection to some database of the server that is not the target. */
export async function connectMaintenance(address: ServerAddress, signal?: AbortSignal): Promise<Connection> {
  let last: unknown
  for (const name of maintenance) {
    if (name === address.database) continue
    try {
      return await connect({ address: withDatabase(address, name), signal })
    } catch (error) {
      if (!isHoldfastError(error, 'database_missing')) throw error
      last = error
    }
  }
  throw last
}

/** Asks the target; changes nothing. */
export async function inspectTarget(address: ServerAddress, signal?: AbortSignal): Promise<TargetFacts> {
  try {
    await using own = await connect({ address, signal })
    return await readFacts(own, true)
  } catch (error) {
    // 55000: of a database that is half dropped, and of others.
    const mayBeHalf = isHoldfastError(error, 'connection_failed') && error.details['sqlstate'] === '55000'
    if (!mayBeHalf && !isHoldfastError(error, 'database_missing')) throw error
    await using other = await connectMaintenance(address, signal)
    const [half] = await other.query(
      'SELECT FROM pg_catalog.pg_database WHERE datname = $1 AND datconnlimit = -2',
      [address.database],
    )
    if (mayBeHalf && half === undefined) throw error
    return { ...(await readFacts(other, false)), halfDropped: half !== undefined }
  }
}

interface ServerRow extends Record<string, unknown> {
  encoding: string
  lz4: boolean
  user: string
  superuser: boolean
  createdb: boolean
  createrole: boolean
  available: string[]
  present: string[]
  tablespaces: string[]
  roles: string[]
  joinable: string[]
  inherit: boolean
}

/**
 * May `r`, the user, make itself a member of `a`? Where it is one by its own doing nothing is added, since that could not be
 * told apart when it is taken back. Before 16 CREATEROLE is enough, and what a member inherits is a matter of the member.
 */
const joinable = (major: number): string =>
  `a.rolname !~ '^pg_' AND NOT a.rolsuper AND NOT pg_catalog.pg_has_role(a.oid, r.oid, 'MEMBER') AND ` +
  (major >= 16
    ? `EXISTS (SELECT FROM pg_catalog.pg_auth_members m WHERE m.roleid = a.oid AND m.member = r.oid AND m.admin_option)
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members m WHERE m.roleid = a.oid AND m.member = r.oid AND m.grantor = r.oid)`
    : `r.rolcreaterole AND r.rolinherit
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members m WHERE m.roleid = a.oid AND m.member = r.oid)`)

async function readFacts(connection: Connection, exists: boolean): Promise<TargetFacts> {
  const major = Math.floor(connection.version / 10_000)
  const [row] = await connection.query<ServerRow>(
    `SELECT pg_catalog.current_setting('server_encoding') AS encoding,
      (SELECT 'lz4' = ANY (enumvals) FROM pg_catalog.pg_settings WHERE name = 'default_toast_compression') AS lz4,
      current_user::pg_catalog.text AS user, r.rolsuper AS superuser, r.rolcreatedb AS createdb, r.rolcreaterole AS createrole,
      (SELECT coalesce(pg_catalog.json_agg(name), '[]') FROM pg_catalog.pg_available_extensions) AS available,
      (SELECT coalesce(pg_catalog.json_agg(extname), '[]') FROM pg_catalog.pg_extension) AS present,
      (SELECT pg_catalog.json_agg(spcname) FROM pg_catalog.pg_tablespace) AS tablespaces,
      (SELECT coalesce(pg_catalog.json_agg(a.rolname), '[]') FROM pg_catalog.pg_roles a
        WHERE pg_catalog.pg_has_role(current_user, a.oid, '${major >= 16 ? 'SET' : 'MEMBER'}')
          AND pg_catalog.pg_has_role(current_user, a.oid, 'USAGE')) AS roles,
      (SELECT coalesce(pg_catalog.json_agg(a.rolname), '[]') FROM pg_catalog.pg_roles a WHERE ${joinable(major)}) AS joinable,
      r.rolinherit AS inherit
     FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`,
  )
  if (row === undefined) throw new Error('the server does not know its own user')
  const holds = exists ? await readHoldings(connection) : []
  return {
    major,
    exists,
    halfDropped: false,
    encoding: exists ? row.encoding : null,
    holds: holds.slice(0, 20),
    holdsCount: holds.length,
    unfinished: exists ? await readMarker(connection) : null,
    locale: exists ? await readDatabase(connection) : null,
    extensionsAvailable: new Set(row.available),
    extensionsPresent: exists ? row.present : [],
    tablespaces: new Set(row.tablespaces),
    lz4: row.lz4,
    user: row.user,
    superuser: row.superuser,
    createDatabase: row.superuser || row.createdb,
    createRole: row.superuser || row.createrole,
    mayActAs: row.superuser ? null : new Set(row.roles),
    rights: await readRights(connection),
    mayJoin: new Set(row.joinable),
    mayJoinMade: major >= 16 || row.inherit,
  }
}

/**
 * Everything that somebody made in the database: objects with an id above those that initdb gives. Members of
 * extensions are not named one by one, and extensions are listed elsewhere. The schema `public` is there from the start,
 * also where it was dropped and made again, as clearing an unfinished restore does.
 */
export async function readHoldings(connection: Connection): Promise<string[]> {
  const rows = await connection.query<{ label: string }>(`
    WITH made AS (
      SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS class, c.oid,
        CASE c.relkind WHEN 'S' THEN 'sequence ' WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'f' THEN 'foreign table ' ELSE 'table ' END
          || n.nspname || '.' || c.relname AS label
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r','p','S','v','m','f') AND n.nspname !~ '^pg_(toast|temp)'
      UNION ALL SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 'function ' || n.nspname || '.' || p.proname
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      UNION ALL SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 'type ' || n.nspname || '.' || t.typname
        FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
        WHERE (t.typtype IN ('d', 'e', 'r', 'b', 'p') OR c.relkind = 'c') AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
      UNION ALL SELECT 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, 'operator ' || n.nspname || '.' || o.oprname
        FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
      UNION ALL SELECT 'pg_catalog.pg_opfamily'::pg_catalog.regclass, o.oid, 'operator family ' || n.nspname || '.' || o.opfname
        FROM pg_catalog.pg_opfamily o JOIN pg_catalog.pg_namespace n ON n.oid = o.opfnamespace
      UNION ALL SELECT 'pg_catalog.pg_collation'::pg_catalog.regclass, o.oid, 'collation ' || n.nspname || '.' || o.collname
        FROM pg_catalog.pg_collation o JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace
      UNION ALL SELECT 'pg_catalog.pg_conversion'::pg_catalog.regclass, o.oid, 'conversion ' || n.nspname || '.' || o.conname
        FROM pg_catalog.pg_conversion o JOIN pg_catalog.pg_namespace n ON n.oid = o.connamespace
      UNION ALL SELECT 'pg_catalog.pg_ts_config'::pg_catalog.regclass, o.oid, 'text search configuration ' || n.nspname || '.' || o.cfgname
        FROM pg_catalog.pg_ts_config o JOIN pg_catalog.pg_namespace n ON n.oid = o.cfgnamespace
      UNION ALL SELECT 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, o.oid, 'text search dictionary ' || n.nspname || '.' || o.dictname
        FROM pg_catalog.pg_ts_dict o JOIN pg_catalog.pg_namespace n ON n.oid = o.dictnamespace
      UNION ALL SELECT 'pg_catalog.pg_ts_parser'::pg_catalog.regclass, o.oid, 'text search parser ' || n.nspname || '.' || o.prsname
        FROM pg_catalog.pg_ts_parser o JOIN pg_catalog.pg_namespace n ON n.oid = o.prsnamespace
      UNION ALL SELECT 'pg_catalog.pg_ts_template'::pg_catalog.regclass, o.oid, 'text search template ' || n.nspname || '.' || o.tmplname
        FROM pg_catalog.pg_ts_template o JOIN pg_catalog.pg_namespace n ON n.oid = o.tmplnamespace
      UNION ALL SELECT 'pg_catalog.pg_am'::pg_catalog.regclass, oid, 'access method ' || amname FROM pg_catalog.pg_am
      UNION ALL SELECT 'pg_catalog.pg_transform'::pg_catalog.regclass, oid, 'transform of ' || trftype::pg_catalog.regtype FROM pg_catalog.pg_transform
      UNION ALL SELECT 'pg_catalog.pg_foreign_server'::pg_catalog.regclass, oid, 'foreign server ' || srvname FROM pg_catalog.pg_foreign_server
      UNION ALL SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass, oid, 'schema ' || nspname FROM pg_catalog.pg_namespace
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', '${markerSchema}')
      UNION ALL SELECT 'pg_catalog.pg_event_trigger'::pg_catalog.regclass, oid, 'event trigger ' || evtname FROM pg_catalog.pg_event_trigger
      UNION ALL SELECT 'pg_catalog.pg_publication'::pg_catalog.regclass, oid, 'publication ' || pubname FROM pg_catalog.pg_publication
      UNION ALL SELECT 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, oid, 'foreign data wrapper ' || fdwname FROM pg_catalog.pg_foreign_data_wrapper
      UNION ALL SELECT 'pg_catalog.pg_cast'::pg_catalog.regclass, oid, 'cast ' || castsource::pg_catalog.regtype || ' to ' || casttarget::pg_catalog.regtype FROM pg_catalog.pg_cast
      UNION ALL SELECT 'pg_catalog.pg_language'::pg_catalog.regclass, oid, 'language ' || lanname FROM pg_catalog.pg_language
      UNION ALL SELECT 'pg_catalog.pg_largeobject_metadata'::pg_catalog.regclass, oid, 'large object ' || oid FROM pg_catalog.pg_largeobject_metadata
      UNION ALL SELECT 'pg_catalog.pg_default_acl'::pg_catalog.regclass, d.oid, 'default privileges of ' || r.rolname
        FROM pg_catalog.pg_default_acl d JOIN pg_catalog.pg_roles r ON r.oid = d.defaclrole
      UNION ALL SELECT 'pg_catalog.pg_subscription'::pg_catalog.regclass, s.oid, 'subscription ' || s.subname FROM pg_catalog.pg_subscription s
        WHERE s.subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    )
    SELECT label FROM made m WHERE (oid >= 16384 OR class = 'pg_catalog.pg_largeobject_metadata'::pg_catalog.regclass)
      AND label NOT LIKE '% ${markerSchema}.%'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = m.class AND d.objid = m.oid AND d.deptype IN ('e', 'i'))
    ORDER BY 1`)
  return [...rows.map((r) => r.label), ...(await readExtensionRows(connection))]
}

/** Tables of extensions that hold rows as a dump would take them: somebody put them there, and a restore would mix its own with them. */
async function readExtensionRows(connection: Connection): Promise<string[]> {
  const tables = await connection.query<{ label: string; sql: string }>(`
    SELECT n.nspname || '.' || c.relname AS label, pg_catalog.format('SELECT EXISTS (SELECT FROM ONLY %s %s) AS filled', c.oid::pg_catalog.regclass, x.condition) AS sql
    FROM pg_catalog.pg_extension e, ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) x (id, condition)
    JOIN pg_catalog.pg_class c ON c.oid = x.id JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') ORDER BY 1`)
  const filled: string[] = []
  for (const { label, sql } of tables) {
    const [row] = await connection.query<{ filled: boolean }>(sql)
    if (row?.filled) filled.push(`rows of ${label}`)
  }
  return filled
}

async function readMarker(connection: Connection): Promise<UnfinishedRestore | null> {
  const [found] = await connection.query<{ there: boolean }>(
    `SELECT pg_catalog.to_regclass('${markerSchema}.progress') IS NOT NULL AS there`,
  )
  if (!found?.there) return null
  const [row] = await connection.query<{ backup: string; started: string; made: boolean }>(
    `SELECT backup, started, made_database AS made FROM ${markerSchema}.progress`,
  )
  return row ? { backup: row.backup, started: row.started, madeDatabase: row.made } : null
}
