import type { Connection } from '../postgres/connect.ts'
import type { Gap } from '../repository/format/contents.ts'
import { gapsOf, unsaidGaps } from './unsaid.ts'

interface Facts extends Record<string, unknown> {
  superuser: boolean
  subscriptions: string[]
  mappings: string[]
  sequences: string[]
  members: string[]
}

/**
 * What pg_dump passes over without failing. Subscriptions hold secrets and are a superuser's to read; so are the options of user
 * mappings, but for one's own, and whether there are any can't be seen. A standby has no values of unlogged sequences. Tables of
 * extensions are the extension's to make, and their rows too, unless it declares them as the user's (pg_extension_config_dump); whether
 * there are any is asked without a lock, and so not quite exact.
 */
export async function hiddenGaps(catalog: Connection, inRecovery: boolean): Promise<Gap[]> {
  const [facts] = await catalog.query<Facts>(
    `SELECT r.rolsuper AS superuser,
      (SELECT coalesce(pg_catalog.json_agg(subname ORDER BY subname), '[]') FROM pg_catalog.pg_subscription
        WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())) AS subscriptions,
      (SELECT coalesce(pg_catalog.json_agg(usename || ' on server ' || srvname ORDER BY srvname, usename), '[]')
        FROM pg_catalog.pg_user_mappings WHERE umoptions IS NULL) AS mappings,
      (SELECT coalesce(pg_catalog.json_agg(n.nspname || '.' || c.relname ORDER BY n.nspname, c.relname), '[]')
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'S' AND c.relpersistence = 'u') AS sequences,
      (SELECT coalesce(pg_catalog.json_agg(n.nspname || '.' || c.relname || ', of the extension ' || e.extname ORDER BY n.nspname, c.relname), '[]')
        FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        JOIN pg_catalog.pg_class c ON c.oid = d.objid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
          AND d.deptype = 'e' AND c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
          AND NOT c.oid = ANY (coalesce(e.extconfig, '{}')) AND (c.relpages > 0 OR pg_catalog.pg_stat_get_live_tuples(c.oid) > 0)) AS members
     FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`,
  )
  if (facts === undefined) return []
  const { superuser, subscriptions, mappings, sequences, members } = facts
  return [
    ...gapsOf(
      members,
      'rows of ',
      'The extension does not declare them as part of a dump: it makes its tables itself.',
    ),
    ...(superuser ? [] : gapsOf(subscriptions, 'subscription ', 'Only a superuser may read subscriptions.')),
    ...(superuser
      ? []
      : gapsOf(mappings, 'options of the user mapping of ', 'The role may not read them, if there are any.')),
    ...(inRecovery
      ? gapsOf(
          sequences,
          'value of sequence ',
          'The sequence is unlogged: a standby does not have its value.',
        )
      : []),
    ...(await unsaidGaps(catalog)),
  ]
}
