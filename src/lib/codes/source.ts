import type { ErrorCodeInfo } from './info.ts'

/** Of a database server, and of reading a source. */
export const source = {
  connection_failed: {
    exit: 6,
    meaning: 'The database server could not be reached.',
    hint: 'Check host, port and that the server is running.',
  },
  connection_lost: {
    exit: 6,
    meaning: 'The connection to the database broke.',
    hint: 'Run it again.',
  },
  login_failed: {
    exit: 5,
    meaning: 'The database server refuses the user or password.',
    hint: 'Check user and password, for example with psql.',
  },
  database_missing: {
    exit: 3,
    meaning: 'The server has no such database.',
    hint: 'Check the name; restore can make it with --create-database.',
  },
  query_failed: {
    exit: 1,
    meaning: 'The database server reported an error.',
    hint: 'See the message of the server.',
  },
  lock_timeout: {
    exit: 1,
    meaning: 'A lock was not granted in time.',
    hint: 'Wait for the session that holds it, or raise --lock-timeout.',
  },
  locks_exhausted: {
    exit: 1,
    meaning: 'The database server has no room for more locks.',
    hint: 'Raise max_locks_per_transaction and restart the server.',
  },
  schema_dump_failed: {
    exit: 1,
    meaning: 'The schema could not be read.',
    hint: 'See the message of pg_dump.',
  },
  source_denied: {
    exit: 5,
    meaning: 'The role may not read all that the backup should hold.',
    hint: 'Grant pg_read_all_data, or leave the tables out by name.',
  },
  source_row_security: {
    exit: 5,
    meaning: 'Row level security would hide rows from this role.',
    hint: 'Use a role with BYPASSRLS, or leave the tables out by name.',
  },
  source_hides_damage: {
    exit: 7,
    meaning: 'The source is set to leave out damaged rows without a word.',
    hint: 'Turn zero_damaged_pages and ignore_checksum_failure off for this role and database; repair the source first.',
  },
  source_unsupported: {
    exit: 7,
    meaning: 'The server is of a major version that is not supported.',
    hint: 'Holdfast backs up Postgres 15 to 18.',
  },
  source_name_unreadable: {
    exit: 5,
    meaning: 'A name in the database is not valid UTF-8.',
    hint: 'Rename it. A database of encoding SQL_ASCII takes any bytes as a name.',
  },
  source_changed: {
    exit: 1,
    meaning: 'Tables changed their definition faster than they could be locked.',
    hint: 'Run the backup again when the migration is over.',
  },
  source_standby_conflict: {
    exit: 1,
    meaning: 'The standby ended the backup, which kept it from replaying changes of its primary.',
    hint: 'Set hot_standby_feedback on, or max_standby_streaming_delay higher, or back up the primary.',
  },
  source_mismatch: {
    exit: 4,
    meaning: 'What was received is not what the source says it holds.',
    hint: 'Nothing was stored as a backup. Please report it with the message.',
  },
  table_not_found: {
    exit: 3,
    meaning: 'No table or schema matches a pattern that was given.',
    hint: 'Patterns are schema.table or table, with * and ?.',
  },
} as const satisfies Record<string, ErrorCodeInfo>
