import { isUtf8 } from 'node:buffer'
import type { Connection } from '../postgres/connect.ts'
import { markerSchema } from './target.ts'

/**
 * The statements that a query builds. In a database of SQL_ASCII a name can be any bytes, which are no text here, and which the
 * server does not send as one: such a statement is given back to it as it came, in hexadecimal digits.
 */
async function statementsOf(
  connection: Connection,
  query: string,
  values: readonly unknown[] = [],
): Promise<string[]> {
  const encoding = `CASE pg_catalog.getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END`
  const rows = await connection.query<{ digits: string }>(
    `SELECT pg_catalog.encode(pg_catalog.convert_to(statement, ${encoding}), 'hex') AS digits FROM (${query}) s`,
    values,
  )
  return rows.map(({ digits }) => {
    const bytes = Buffer.from(digits, 'hex')
    return isUtf8(bytes)
      ? bytes.toString()
      : `DO 'BEGIN EXECUTE pg_catalog.convert_from(pg_catalog.decode(''${digits}'', ''hex''), ''SQL_ASCII''); END'`
  })
}

/** True of an object of this catalog and id that no extension brought. */
const own = (catalog: string, id: string): string =>
  `NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND d.objid = ${id} AND d.deptype = 'e')`

const subscriptions = `
  SELECT pg_catalog.format('ALTER SUBSCRIPTION %I DISABLE; ALTER SUBSCRIPTION %I SET (slot_name = NONE); DROP SUBSCRIPTION IF EXISTS %I', subname, subname, subname) AS statement
    FROM pg_catalog.pg_subscription WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`

const before = `
  SELECT 1 AS step, pg_catalog.format('DROP EVENT TRIGGER IF EXISTS %I CASCADE', evtname) AS statement FROM pg_catalog.pg_event_trigger t
    WHERE ${own('pg_event_trigger', 't.oid')}
  UNION ALL SELECT 2, statement FROM (${subscriptions}) s
  UNION ALL SELECT 3, pg_catalog.format('DROP PUBLICATION IF EXISTS %I', pubname) FROM pg_catalog.pg_publication
  UNION ALL SELECT 4, pg_catalog.format('DROP EXTENSION IF EXISTS %I CASCADE', extname) FROM pg_catalog.pg_extension WHERE NOT extname = ANY ($1::pg_catalog.text[])`

const after = `
  SELECT 1 AS step, pg_catalog.format('DROP FOREIGN DATA WRAPPER IF EXISTS %I CASCADE', fdwname) AS statement FROM pg_catalog.pg_foreign_data_wrapper w
    WHERE ${own('pg_foreign_data_wrapper', 'w.oid')}
  UNION ALL SELECT 2, pg_catalog.format('DROP SERVER IF EXISTS %I CASCADE', srvname) FROM pg_catalog.pg_foreign_server s
    WHERE ${own('pg_foreign_server', 's.oid')}
  UNION ALL SELECT 3, pg_catalog.format('DROP CAST IF EXISTS (%s AS %s)', castsource::pg_catalog.regtype, casttarget::pg_catalog.regtype) FROM pg_catalog.pg_cast c
    WHERE oid >= 16384 AND ${own('pg_cast', 'c.oid')}
  UNION ALL SELECT 4, pg_catalog.format('DROP TRANSFORM IF EXISTS FOR %s LANGUAGE %I', f.trftype::pg_catalog.regtype, l.lanname)
    FROM pg_catalog.pg_transform f JOIN pg_catalog.pg_language l ON l.oid = f.trflang WHERE ${own('pg_transform', 'f.oid')}
  UNION ALL SELECT 5, pg_catalog.format('DROP LANGUAGE IF EXISTS %I CASCADE', lanname) FROM pg_catalog.pg_language l
    WHERE oid >= 16384 AND ${own('pg_language', 'l.oid')}
  UNION ALL SELECT 5, pg_catalog.format('DROP ACCESS METHOD IF EXISTS %I CASCADE', amname) FROM pg_catalog.pg_am a
    WHERE oid >= 16384 AND ${own('pg_am', 'a.oid')}
  UNION ALL SELECT 6, pg_catalog.format('SELECT pg_catalog.lo_unlink(%s)', oid) FROM pg_catalog.pg_largeobject_metadata
  UNION ALL SELECT 7, pg_catalog.format('DELETE FROM ONLY %s %s', t.id::pg_catalog.regclass, t.condition)
    FROM (SELECT x.id, x.condition FROM pg_catalog.pg_extension e, ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) x (id, condition)) t
    JOIN pg_catalog.pg_class c ON c.oid = t.id WHERE c.relkind = 'r' AND pg_catalog.has_table_privilege(c.oid, 'DELETE')`

/**
 * What lives in no schema: `before` the schemas are emptied, or `after`. Extensions in `keep` stay; the rows that their
 * tables hold of a backup go, since a target that had such rows was not empty.
 */
export async function leftoverStatements(
  connection: Connection,
  when: 'before' | 'after',
  keep: readonly string[],
): Promise<string[]> {
  const [query, values] = when === 'before' ? [before, [keep]] : [after, []]
  return await statementsOf(connection, `SELECT statement FROM (${query}) s ORDER BY step`, values)
}

/** Drops the subscriptions of the database, and leaves what is at the other end alone. */
export async function subscriptionStatements(connection: Connection): Promise<string[]> {
  return await statementsOf(connection, subscriptions)
}

/** How many objects are named at once: what one takes along by CASCADE needs no statement of its own. */
const objectsAtOnce = 2000

/**
 * Drops what is in schemas, and of no extension. Everything in a schema depends on it, but for what is part of something
 * else. Tables before what they use, partitions before their parents, so that no statement takes many others along. A partitioned table depends internally on its own columns.
 */
export async function contentStatements(connection: Connection): Promise<string[]> {
  return await statementsOf(
    connection,
    `SELECT pg_catalog.format('DROP %s IF EXISTS %s CASCADE', CASE o.type WHEN 'statistics object' THEN 'STATISTICS'
        WHEN 'function' THEN 'ROUTINE' WHEN 'procedure' THEN 'ROUTINE' WHEN 'aggregate' THEN 'ROUTINE' ELSE pg_catalog.upper(o.type) END, o.identity) AS statement
     FROM pg_catalog.pg_namespace n
     JOIN pg_catalog.pg_depend i ON i.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND i.refobjid = n.oid AND i.deptype = 'n' AND i.objsubid = 0
     LEFT JOIN pg_catalog.pg_class c ON i.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = i.objid
     CROSS JOIN LATERAL pg_catalog.pg_identify_object(i.classid, i.objid, 0) o
     WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', '${markerSchema}')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = i.classid AND d.objid = i.objid AND d.deptype IN ('e', 'i')
         AND (d.refclassid, d.refobjid) <> (i.classid, i.objid))
       AND o.type IN ('table', 'view', 'materialized view', 'sequence', 'foreign table', 'function', 'procedure', 'aggregate', 'type', 'operator',
         'operator class', 'operator family', 'collation', 'conversion', 'text search configuration', 'text search dictionary', 'text search parser',
         'text search template', 'statistics object')
     ORDER BY CASE WHEN c.relkind IN ('r', 'f') THEN 1 WHEN c.relkind IS NOT NULL AND c.relkind <> 'S' THEN 2 ELSE 3 END, i.objid
     LIMIT ${objectsAtOnce}`,
  )
}

/** Drops the schemas, but for `public`, those of extensions, and those that an extension in `keep` lives in. */
export async function schemaStatements(connection: Connection, keep: readonly string[]): Promise<string[]> {
  return await statementsOf(
    connection,
    `SELECT pg_catalog.format('DROP SCHEMA IF EXISTS %I CASCADE', nspname) AS statement FROM pg_catalog.pg_namespace n
     WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', '${markerSchema}')
       AND NOT (nspname = 'public' AND EXISTS (SELECT FROM ${markerSchema}.public_schema))
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extnamespace = n.oid AND e.extname = ANY ($1::pg_catalog.text[]))
       AND ${own('pg_namespace', 'n.oid')}`,
    [keep],
  )
}
