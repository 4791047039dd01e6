import { ident, literal, qualified } from '../../postgres/quote.ts'
import type { Ask } from './hold.ts'
import type { Renaming } from './move.ts'

/**
 * What belongs to no schema, is no part of a restore, and names something in one: a table or schema that is published, the function of an event
 * trigger. It follows: it is made to name what has that name from now on.
 */
export interface Follower {
  /** For people, e.g. `publication shop: table public.orders`. */
  readonly what: string
  /** What it names. */
  readonly schema: string
  /** Null: the schema itself. */
  readonly name: string | null
  readonly kind: 'table' | 'schema' | 'function'
  /** SQL that takes it off, and that puts it on again: before and behind the name. */
  readonly off: string
  readonly before: string
  readonly behind: string
}

export async function readFollowers(ask: Ask, schemas: readonly string[]): Promise<Follower[]> {
  if (schemas.length === 0) return []
  const rows = await ask(followers(schemas.map(literal).join(', ')))
  return rows.map(([what, schema, name, kind, off, before, behind]) => ({
    what: what ?? '',
    schema: schema ?? '',
    name: name ?? null,
    kind: kind === 'function' || kind === 'schema' ? kind : 'table',
    off: off ?? '',
    before: before ?? '',
    behind: behind ?? '',
  }))
}

/** The statements that make it name what it names in `schema`. */
export function followSql({ off, before, behind, name }: Follower, schema: string): string[] {
  return [off, `${before}${name === null ? ident(schema) : qualified(schema, name)}${behind}`]
}

/** When schemas have been renamed, and others have their names: what followed the renamed ones follows the names. */
export async function follow(ask: Ask, renamings: readonly Renaming[]): Promise<void> {
  const live = new Map(renamings.map(({ from, to }) => [to, from]))
  for (const one of await readFollowers(ask, [...live.keys()])) {
    for (const sql of followSql(one, live.get(one.schema) ?? '')) await ask(sql)
  }
}

const followers = (
  schemas: string,
): string => `SELECT 'publication ' || p.pubname || ': table ' || n.nspname || '.' || c.relname AS what, n.nspname AS schema, c.relname AS name, 'table' AS kind,
    pg_catalog.format('ALTER PUBLICATION %I DROP TABLE ONLY %I.%I', p.pubname, n.nspname, c.relname) AS off,
    pg_catalog.format('ALTER PUBLICATION %I ADD TABLE ONLY ', p.pubname) AS before,
    coalesce((SELECT ' (' || pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')'
        FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (r.prattrs)), '')
      || coalesce(' WHERE (' || pg_catalog.pg_get_expr(r.prqual, r.prrelid) || ')', '') AS behind
  FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
  JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN (${schemas})
  UNION ALL
  SELECT 'publication ' || p.pubname || ': schema ' || n.nspname, n.nspname, NULL, 'schema',
    pg_catalog.format('ALTER PUBLICATION %I DROP TABLES IN SCHEMA %I', p.pubname, n.nspname),
    pg_catalog.format('ALTER PUBLICATION %I ADD TABLES IN SCHEMA ', p.pubname), ''
  FROM pg_catalog.pg_publication_namespace r JOIN pg_catalog.pg_publication p ON p.oid = r.pnpubid
  JOIN pg_catalog.pg_namespace n ON n.oid = r.pnnspid WHERE n.nspname IN (${schemas})
  UNION ALL
  SELECT 'event trigger ' || t.evtname || ': function ' || n.nspname || '.' || f.proname, n.nspname, f.proname, 'function',
    pg_catalog.format('DROP EVENT TRIGGER %I', t.evtname),
    pg_catalog.format('CREATE EVENT TRIGGER %I ON %s%s EXECUTE FUNCTION ', t.evtname, t.evtevent,
      (SELECT ' WHEN TAG IN (' || pg_catalog.string_agg(pg_catalog.quote_literal(tag), ', ') || ')' FROM pg_catalog.unnest(t.evttags) tag)),
    pg_catalog.format('(); ALTER EVENT TRIGGER %I %s', t.evtname,
        CASE t.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END)
      || CASE WHEN pg_catalog.pg_get_userbyid(t.evtowner) <> current_user
        THEN pg_catalog.format('; ALTER EVENT TRIGGER %I OWNER TO %I', t.evtname, pg_catalog.pg_get_userbyid(t.evtowner)) ELSE '' END
      || coalesce(pg_catalog.format('; COMMENT ON EVENT TRIGGER %I IS %s', t.evtname,
        pg_catalog.quote_nullable(pg_catalog.obj_description(t.oid, 'pg_event_trigger'))), '')
  FROM pg_catalog.pg_event_trigger t JOIN pg_catalog.pg_proc f ON f.oid = t.evtfoid JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
  WHERE n.nspname IN (${schemas}) AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
    WHERE e.deptype = 'e' AND (e.classid, e.objid) IN (('pg_catalog.pg_event_trigger'::pg_catalog.regclass, t.oid), ('pg_catalog.pg_proc'::pg_catalog.regclass, f.oid)))
  ORDER BY 1`
