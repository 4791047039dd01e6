import type { Connection } from '../postgres/connect.ts'
import type { Gap } from '../repository/format/contents.ts'

interface Facts extends Record<string, unknown> {
  objects: string[]
  grants: string[]
  keys: string[]
  detached: string[]
}

/** Object ids from here on are of what users have made. */
const firstOfUsers = 16_384

/** Whether, of who does not own it, not everybody may do the usual, or anybody more. */
const isUnusual = (acl: string, kind: string, owner: string, usual: string): string =>
  `(SELECT count(*) FILTER (WHERE a.grantee = 0 AND a.privilege_type = '${usual}') <> 1 OR count(*) FILTER (WHERE a.grantee <> ${owner}) <> 1
    FROM pg_catalog.aclexplode(coalesce(${acl}, pg_catalog.acldefault('${kind}', ${owner}))) a)`
/** Some of the views there are nobody's to read from the beginning. */
const inSchema = `relnamespace = 'information_schema'::pg_catalog.regnamespace AND relacl IS NOT NULL AND oid < ${firstOfUsers}`
const names = (sql: string): string =>
  `(SELECT coalesce(pg_catalog.json_agg(DISTINCT q.name) FILTER (WHERE q.name IS NOT NULL), '[]') FROM (${sql}) q (name))`
const catalogs: readonly (readonly [catalog: string, namespace: string, condition: string])[] = [
  ['pg_class', 'relnamespace', `o.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND o.relpersistence <> 't'`],
  ['pg_proc', 'pronamespace', 'true'],
  ['pg_type', 'typnamespace', `o.typtype IN ('b', 'd', 'e', 'r') AND o.typcategory <> 'A'`],
  ['pg_operator', 'oprnamespace', 'true'],
]

/** One gap for each of the names: `what` stands before it. */
export function gapsOf(names: readonly string[] = [], what: string, why: string): Gap[] {
  return names.map((name) => ({ what: `${what}${name}`, why }))
}

/** What users may do to a database, and pg_dump does not say: a copy is without it, or other. */
export async function unsaidGaps(catalog: Connection): Promise<Gap[]> {
  const objects = catalogs.map(
    ([from, namespace, condition]) =>
      `SELECT i.type || ' ' || i.identity FROM pg_catalog.${from} o JOIN pg_catalog.pg_namespace n ON n.oid = o.${namespace},
        LATERAL pg_catalog.pg_identify_object('pg_catalog.${from}'::pg_catalog.regclass, o.oid, 0) i
       WHERE n.nspname IN ('pg_catalog', 'information_schema') AND o.oid >= ${firstOfUsers} AND ${condition}
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.${from}'::pg_catalog.regclass AND d.objid = o.oid
          AND d.deptype IN ('e', 'i'))`,
  )
  const grants = [
    `SELECT 'language ' || lanname FROM pg_catalog.pg_language WHERE NOT lanispl AND ${isUnusual('lanacl', 'l', 'lanowner', 'USAGE')}`,
    `SELECT 'schema ' || nspname FROM pg_catalog.pg_namespace WHERE nspname = 'information_schema' AND ${isUnusual('nspacl', 'n', 'nspowner', 'USAGE')}`,
    `SELECT 'information_schema.' || relname FROM pg_catalog.pg_class WHERE ${inSchema} AND ${isUnusual('relacl', 'r', 'relowner', 'SELECT')}`,
  ]
  const keys = `SELECT c.conname || ' of ' || c.conrelid::pg_catalog.regclass FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_constraint c ON c.oid = t.tgconstraint
    WHERE t.tgisinternal AND t.tgenabled <> 'O' AND c.contype = 'f'`
  const detached = `SELECT inhrelid::pg_catalog.regclass || ' from ' || inhparent::pg_catalog.regclass
    FROM pg_catalog.pg_inherits WHERE inhdetachpending`
  const [facts] = await catalog.query<Facts>(
    `SELECT ${names(objects.join(' UNION ALL '))} AS objects, ${names(grants.join(' UNION ALL '))} AS grants,
      ${names(keys)} AS keys, ${names(detached)} AS detached`,
  )
  return [
    ...gapsOf(facts?.objects, '', 'It is in a schema of the system, whose objects pg_dump leaves out.'),
    ...gapsOf(
      facts?.grants,
      'grants on ',
      'pg_dump leaves out what was granted there, or revoked: it is to be done again.',
    ),
    ...gapsOf(
      facts?.keys,
      'that triggers are switched off of the foreign key ',
      'pg_dump does not say so: in a restored copy it is in force, if rows allow it.',
    ),
    ...gapsOf(
      facts?.detached,
      'the detachment, which was not finished, of ',
      'pg_dump takes the partition for attached, with all its rows. ALTER TABLE ... DETACH PARTITION ... FINALIZE ends it.',
    ),
  ]
}
