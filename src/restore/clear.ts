import { connect, type Connection, type ServerAddress } from '../postgres/connect.ts'
import { describeAddress } from '../postgres/server-address.ts'
import { ident, literal } from '../postgres/quote.ts'
import { connectMaintenance, markerSchema } from './target.ts'

/** What the target was before, so that it can be put back: kept in the target itself, for the case of a killed process. */
export interface Marker {
  readonly backup: string
  readonly started: string
  /** Extensions that were there before. */
  readonly extensions: readonly string[]
}

/** Leaves word in the target that a restore is under way. The first thing a restore does to it, and `removeMarker` the last. */
export async function setMarker(connection: Connection, marker: Marker): Promise<void> {
  const values = [marker.backup, marker.started, JSON.stringify(marker.extensions)].map(literal).join(', ')
  await connection.query(
    `CREATE SCHEMA ${markerSchema}; REVOKE ALL ON SCHEMA ${markerSchema} FROM PUBLIC;
     CREATE TABLE ${markerSchema}.progress AS SELECT * FROM (VALUES (${values})) v (backup, started, extensions);
     CREATE TABLE ${markerSchema}.public_schema AS
       SELECT pg_catalog.pg_get_userbyid(nspowner)::pg_catalog.text AS owner, nspacl::pg_catalog.text[] AS acl,
         pg_catalog.obj_description(oid, 'pg_namespace') AS comment FROM pg_catalog.pg_namespace WHERE nspname = 'public'`,
  )
}

/** Takes the marker away. */
export const removeMarkerSql = `DROP SCHEMA ${markerSchema} CASCADE`

/** Drops the database that the restore had made. */
export async function dropDatabase(address: ServerAddress): Promise<void> {
  await using connection = await connectMaintenance(address)
  await connection.query(`DROP DATABASE IF EXISTS ${ident(address.database)} WITH (FORCE)`)
}

/** Drops roles that the restore had made; they own nothing any more. */
export async function dropRoles(address: ServerAddress, roles: readonly string[]): Promise<void> {
  if (roles.length === 0) return
  await using connection = await connectMaintenance(address)
  await connection.query(`DROP ROLE IF EXISTS ${roles.map(ident).join(', ')}`)
}

/**
 * Removes everything from a database that was empty when an unfinished restore began, as its marker proves; then it
 * is empty again, with the extensions it had and its `public` schema. One transaction: it is cleared, or as it was.
 * Grants on what every database has and default privileges need no clearing: they come with the marker's removal.
 */
export async function clearTarget(address: ServerAddress, signal?: AbortSignal): Promise<void> {
  await using connection = await connect({ address, signal })
  const [marker] = await connection.query<{ extensions: string }>(
    `SELECT extensions FROM ${markerSchema}.progress`,
  )
  if (marker === undefined)
    throw new Error(`${describeAddress(address)} has no marker of an unfinished restore`)
  await connection.query('BEGIN')
  for (const statement of await clearStatements(connection, JSON.parse(marker.extensions))) {
    await connection.query(statement)
  }
  await connection.query('COMMIT')
}

async function clearStatements(connection: Connection, keepExtensions: readonly string[]): Promise<string[]> {
  const rows = await connection.query<{ statement: string }>(
    `SELECT statement FROM (
      SELECT 1 AS step, pg_catalog.format('DROP EVENT TRIGGER IF EXISTS %I CASCADE', evtname) AS statement FROM pg_catalog.pg_event_trigger
      UNION ALL SELECT 2, pg_catalog.format('ALTER SUBSCRIPTION %I DISABLE; ALTER SUBSCRIPTION %I SET (slot_name = NONE); DROP SUBSCRIPTION IF EXISTS %I', subname, subname, subname)
        FROM pg_catalog.pg_subscription WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
      UNION ALL SELECT 3, pg_catalog.format('DROP PUBLICATION IF EXISTS %I', pubname) FROM pg_catalog.pg_publication
      UNION ALL SELECT 4, pg_catalog.format('DROP EXTENSION IF EXISTS %I CASCADE', extname) FROM pg_catalog.pg_extension WHERE NOT extname = ANY ($1::pg_catalog.text[])
      UNION ALL SELECT 5, pg_catalog.format('DROP SCHEMA IF EXISTS %I CASCADE', nspname) FROM pg_catalog.pg_namespace n
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', '${markerSchema}')
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.objid = n.oid AND d.deptype = 'e')
      UNION ALL SELECT 6, pg_catalog.format('DROP FOREIGN DATA WRAPPER IF EXISTS %I CASCADE', fdwname) FROM pg_catalog.pg_foreign_data_wrapper w
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass AND d.objid = w.oid AND d.deptype = 'e')
      UNION ALL SELECT 7, pg_catalog.format('DROP CAST IF EXISTS (%s AS %s)', castsource::pg_catalog.regtype, casttarget::pg_catalog.regtype) FROM pg_catalog.pg_cast c
        WHERE oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
      UNION ALL SELECT 8, pg_catalog.format('DROP LANGUAGE IF EXISTS %I CASCADE', lanname) FROM pg_catalog.pg_language l
        WHERE oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_language'::pg_catalog.regclass AND d.objid = l.oid AND d.deptype = 'e')
      UNION ALL SELECT 8, pg_catalog.format('DROP ACCESS METHOD IF EXISTS %I CASCADE', amname) FROM pg_catalog.pg_am a
        WHERE oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_am'::pg_catalog.regclass AND d.objid = a.oid AND d.deptype = 'e')
      UNION ALL SELECT 9, pg_catalog.format('SELECT pg_catalog.lo_unlink(%s)', oid) FROM pg_catalog.pg_largeobject_metadata
      UNION ALL SELECT 10, pg_catalog.format('CREATE SCHEMA public; ALTER SCHEMA public OWNER TO %I', owner) FROM ${markerSchema}.public_schema
      UNION ALL SELECT 11, pg_catalog.format('GRANT %s ON SCHEMA public TO %s', x.privilege_type, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END)
        FROM ${markerSchema}.public_schema, pg_catalog.aclexplode(acl::pg_catalog.aclitem[]) x
      UNION ALL SELECT 12, pg_catalog.format('COMMENT ON SCHEMA public IS %L', comment) FROM ${markerSchema}.public_schema
      UNION ALL SELECT 13, 'DROP SCHEMA ${markerSchema} CASCADE'
    ) s WHERE statement IS NOT NULL ORDER BY step`,
    [keepExtensions],
  )
  return rows.map((r) => r.statement)
}
