import type { ErrorCodeInfo } from './info.ts'

/** Of restoring, undoing and releasing. */
export const restore = {
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
} as const satisfies Record<string, ErrorCodeInfo>
