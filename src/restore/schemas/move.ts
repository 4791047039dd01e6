import { ident } from '../../postgres/quote.ts'

/** A schema that gets another name. */
export interface Renaming {
  readonly from: string
  readonly to: string
}

export function renameSql({ from, to }: Renaming): string {
  return `ALTER SCHEMA ${ident(from)} RENAME TO ${ident(to)}`
}

/**
 * Makes the schema `public` as initdb does: no dump makes it, and what a dump says of its owner, grants and comment is said of one
 * that is so.
 */
export function makePublicSql({ noOwner }: { readonly noOwner: boolean }): string[] {
  return [
    'CREATE SCHEMA public',
    ...(noOwner ? [] : ['ALTER SCHEMA public OWNER TO pg_database_owner']),
    'GRANT USAGE ON SCHEMA public TO PUBLIC',
    `COMMENT ON SCHEMA public IS 'standard public schema'`,
  ]
}

/** An extension that was renamed away with its schema goes into the one that has the name now. */
export function moveExtensionSql({
  name,
  schema,
}: {
  readonly name: string
  readonly schema: string
}): string {
  return `ALTER EXTENSION ${ident(name)} SET SCHEMA ${ident(schema)}`
}

/**
 * For the rest of the session event triggers do not fire, if the role may say so: what the application does at every definition that changes is
 * none of a restore's business, and may need what has no name yet. No row of a table that stays may be written.
 */
export const silenceSql = `SELECT CASE
  WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 170000
    THEN CASE WHEN pg_catalog.has_parameter_privilege('event_triggers', 'SET') THEN pg_catalog.set_config('event_triggers', 'off', false) END
  WHEN pg_catalog.has_parameter_privilege('session_replication_role', 'SET') THEN pg_catalog.set_config('session_replication_role', 'replica', false)
END`
