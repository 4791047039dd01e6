import type { Connection } from '../../postgres/connect.ts'
import { readDatabase } from '../../postgres/globals/database.ts'
import type { DatabaseProperties } from '../../postgres/globals/types.ts'
import { readReplication, type Replication } from '../swap/replication.ts'
import { readKept, type KeptSchemas } from './state.ts'

/** A schema of the live database; those of the server itself are not told of. */
export interface LiveSchema {
  readonly name: string
  readonly oid: number
  readonly owner: string
  readonly comment: string | null
  /** Tables, views and the like that are of no extension. */
  readonly relations: number
  /** It belongs to an extension, or holds nothing that does not. */
  readonly ofExtensions: boolean
}

export interface LiveExtension {
  readonly name: string
  readonly schema: string
  readonly relocatable: boolean
}

/** What must be known of a database before its schemas are replaced. */
export interface LiveFacts extends Replication {
  readonly bytes: number
  readonly own: DatabaseProperties
  readonly schemas: readonly LiveSchema[]
  readonly extensions: readonly LiveExtension[]
  /** Schemas that the provider of the database looks after; empty where there is none. */
  readonly managed: ReadonlySet<string>
  readonly kept: readonly KeptSchemas[]
  readonly publications: number
  readonly eventTriggers: number
  readonly largeObjects: number
  readonly preparedTransactions: number
  /** How many more locks the server has room for; it may have some to spare. */
  readonly freeLocks: number
  /** `max_locks_per_transaction`, and by how many that is multiplied. */
  readonly locksEach: number
  readonly lockShares: number
}

/** What Supabase makes and changes by itself in a project's database. The role is there in every one. */
const supabase = {
  sign: 'supabase_admin',
  schemas:
    '_analytics _realtime auth cron extensions graphql graphql_public net pgbouncer pgmq pgsodium pgsodium_masks realtime storage supabase_functions vault'.split(
      ' ',
    ),
}

/** Asks the database; changes nothing. */
export async function readLiveFacts(connection: Connection): Promise<LiveFacts> {
  interface Row extends Record<string, unknown> {
    oid: number
    bytes: string
    schemas: LiveSchema[]
    extensions: LiveExtension[]
    supabase: boolean
    publications: number
    event_triggers: number
    large_objects: number
    prepared: number
    locks_used: number
    locks_each: number
    lock_shares: number
  }
  const [row] = await connection.query<Row>(
    `SELECT d.oid, pg_catalog.pg_database_size(d.oid) AS bytes,
      (SELECT coalesce(pg_catalog.json_agg(s ORDER BY s.name), '[]') FROM (${schemas}) s) AS schemas,
      (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', extname, 'schema', n.nspname, 'relocatable', extrelocatable))
        FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace) AS extensions,
      EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1) AS supabase,
      (SELECT count(*)::pg_catalog.int4 FROM pg_catalog.pg_publication) AS publications,
      (SELECT count(*)::pg_catalog.int4 FROM pg_catalog.pg_event_trigger) AS event_triggers,
      (SELECT count(*)::pg_catalog.int4 FROM pg_catalog.pg_largeobject_metadata) AS large_objects,
      (SELECT count(*)::pg_catalog.int4 FROM pg_catalog.pg_prepared_xacts p WHERE p.database = d.datname) AS prepared,
      (SELECT count(DISTINCT (locktype, database, relation, page, tuple, virtualxid, transactionid::pg_catalog.text, classid, objid, objsubid))::pg_catalog.int4
        FROM pg_catalog.pg_locks WHERE NOT fastpath) AS locks_used,
      (SELECT setting::pg_catalog.int4 FROM pg_catalog.pg_settings WHERE name = 'max_locks_per_transaction') AS locks_each,
      (SELECT sum(setting::pg_catalog.int4)::pg_catalog.int4 FROM pg_catalog.pg_settings WHERE name IN ('max_connections',
        'max_prepared_transactions', 'autovacuum_max_workers', 'max_worker_processes', 'max_wal_senders')) AS lock_shares
     FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`,
    [supabase.sign],
  )
  if (row === undefined) throw new Error('the server does not know its own database')
  return {
    bytes: Number(row.bytes),
    own: await readDatabase(connection),
    schemas: row.schemas,
    extensions: row.extensions,
    managed: new Set(row.supabase ? supabase.schemas : []),
    kept: await readKept(connection),
    ...(await readReplication(connection, row.oid)),
    publications: row.publications,
    eventTriggers: row.event_triggers,
    largeObjects: row.large_objects,
    preparedTransactions: row.prepared,
    freeLocks: row.locks_each * row.lock_shares - row.locks_used,
    locksEach: row.locks_each,
    lockShares: row.lock_shares,
  }
}

/** Everything in a schema depends on it; only what is of an extension, or a part of such a thing, depends on that as well. */
const schemas = `SELECT n.nspname AS name, n.oid::pg_catalog.int8 AS oid, pg_catalog.pg_get_userbyid(n.nspowner)::pg_catalog.text AS owner,
    pg_catalog.obj_description(n.oid, 'pg_namespace') AS comment,
    (SELECT count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')) AS relations,
    EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND e.objid = n.oid AND e.deptype = 'e')
      OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extnamespace = n.oid) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend i WHERE i.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND i.refobjid = n.oid AND i.deptype = 'n'
          AND i.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = i.classid AND e.objid = i.objid AND e.deptype IN ('e', 'i'))) AS "ofExtensions"
  FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`
