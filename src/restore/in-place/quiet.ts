/*
 * Event triggers of the application see every definition that changes, also that of a temporary table, and may write it down or forbid it. What
 * a restore does for itself is none of their business; tables that it makes for the application are.
 */

const parameters = {
  // Only from 17 on, and for all event triggers.
  event_triggers: { quiet: 'off', usual: 'on', since: 170000 },
  // For those that are not ENABLE ALWAYS. It silences foreign keys as well, so no rows may be written meanwhile.
  session_replication_role: { quiet: 'replica', usual: 'origin', since: 0 },
}

/** The statements, run without the application's event triggers, if the role may switch them off. They must write no rows. */
export function quietly(sql: string): string {
  return `${switches('quiet')};\n${sql};\n${switches('usual')}`
}

function switches(to: 'quiet' | 'usual'): string {
  const calls = Object.entries(parameters).map(
    ([name, { since, ...values }]) =>
      `CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= ${since}
        AND pg_catalog.has_parameter_privilege('${name}', 'SET') THEN pg_catalog.set_config('${name}', '${values[to]}', false) END`,
  )
  return `SELECT ${calls.join(', ')}`
}
