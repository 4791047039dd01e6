import type { Connection } from '../../postgres/connect.ts'

/**
 * What outside of these schemas refers to something in them, in the server's words, e.g. `constraint orders_customer_fkey on table kept.orders`.
 * Publications and event triggers follow by themselves (`follow.ts`). Renaming a schema takes such references along: they would go on to mean what was put aside. What belongs to an extension is left out if the
 * extension is in `moving`: it goes where the references expect it. Not seen are bodies of functions, which are text and find what has the name.
 */
export async function referencesInto(
  connection: Connection,
  schemas: readonly string[],
  moving: readonly string[],
): Promise<{ what: string; into: string }[]> {
  return await connection.query<{ what: string; into: string }>(
    `WITH RECURSIVE chosen AS (
       SELECT oid, pg_catalog.quote_ident(nspname) AS name FROM pg_catalog.pg_namespace WHERE nspname = ANY ($1::pg_catalog.text[])
     ), members AS (
       SELECT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
       WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e' AND e.extname = ANY ($2::pg_catalog.text[])
     ), inside AS (
       SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid AS class, oid AS id FROM chosen
       UNION
       SELECT d.classid, d.objid FROM inside i JOIN pg_catalog.pg_depend d ON d.refclassid = i.class AND d.refobjid = i.id
       CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) o
       WHERE (d.deptype IN ('a', 'i') OR i.class = 'pg_catalog.pg_namespace'::pg_catalog.regclass)
         AND (o.schema IS NULL OR o.schema = 'pg_toast' OR o.schema IN (SELECT name FROM chosen))
         AND d.classid NOT IN (${outside.map((c) => `'pg_catalog.${c}'::pg_catalog.regclass`).join(', ')})
         AND NOT EXISTS (SELECT FROM members m WHERE m.classid = d.classid AND m.objid = d.objid)
     )
     SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) AS what,
       pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) AS into
     FROM inside i JOIN pg_catalog.pg_depend d ON d.refclassid = i.class AND d.refobjid = i.id
     CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) o
     WHERE NOT EXISTS (SELECT FROM inside x WHERE x.class = d.classid AND x.id = d.objid)
       AND NOT EXISTS (SELECT FROM members m WHERE m.classid = d.classid AND m.objid = d.objid)
       AND d.classid NOT IN (${outside.map((c) => `'pg_catalog.${c}'::pg_catalog.regclass`).join(', ')})
       AND coalesce(o.schema, '') !~ '^pg_(toast_)?temp' AND coalesce(o.identity, '') !~ ' on "?pg_temp_'
     ORDER BY 1, 2`,
    [schemas, moving],
  )
}

/** What depends on something in a schema and belongs to none, and is looked after elsewhere, or made anew with what it is about. */
const outside = [
  'pg_publication_rel',
  'pg_publication_namespace',
  'pg_extension',
  'pg_event_trigger',
  'pg_cast',
  'pg_transform',
]
