import type { Sentence } from '../lib/sentence.ts'
import { heldBackText, type HeldBack } from '../repository/held-back.ts'

/** What is said of restores before and after them, and the names of the values in each: readers of other languages have their own words for it. */
export const sentenceValues = {
  // What stands in the way of a restore in place.
  standby: [],
  temporary_refused: ['database', 'role'],
  rights_lacking: ['rights', 'table'],
  rows_hidden: ['table'],
  columns_need_value: ['table', 'columns'],
  too_wide: ['table', 'count', 'most'],
  keep_newer_unknown: ['column', 'tables'],
  not_silenced: ['table', 'names', 'role'],
  not_silenced_always: ['table', 'names'],
  identity_always: ['table', 'column'],
  key_up_unreadable: ['table', 'child', 'key', 'why'],
  key_back_unreadable: ['table', 'parent', 'key', 'why'],
  key_uncheckable: ['table', 'child', 'key', 'why'],
  key_of_periods: ['table', 'key'],
  lacks_usage: [],
  lacks_select: [],
  lacks_update: [],
  hides_rows: [],
  no_table_for_copies: ['table'],
  sequence_refused: ['sequence', 'table'],
  along_refused: ['table'],
  drop_hidden: ['table'],
  drop_changed: ['table'],
  drop_other_columns: ['table'],
  drop_takes_table: ['table'],
  drop_takes_column: ['table', 'column'],
  not_made_again: ['table', 'backup'],
  // What is worth knowing of one.
  held_back: ['count', 'table'],
  rows_not_held: ['table'],
  no_table: ['table'],
  not_along_unheld: ['table'],
  not_along_partition: ['table', 'key'],
  all_triggers_off: ['tables'],
  dropped_for_ever: ['table', 'backup'],
  dropped_rows_kept: ['table', 'backup'],
  dropped: ['table', 'backup'],
  dropped_with_rows: ['table', 'backup'],
  goes_too: ['what'],
  table_gone: ['table'],
  table_there: ['table'],
  sequence_unseen: ['sequence', 'column'],
  may_have_run: ['why'],
  skipped: ['what'],
  // What is asked first.
  bring_needed: ['count', 'table', 'tables'],
  skip_copies: ['count'],
  skip_conflicts: ['count'],
  skip_undone: ['count'],
  // Beside the rows of a table.
  stay_silent: ['names'],
  computed_again: ['columns'],
  row_security_stays: [],
  sequences_raised: ['names'],
  no_key: [],
  // Why a row is left out.
  why_no_row: ['table', 'columns', 'key'],
  why_referred: ['table', 'key'],
  why_exchanged: ['why'],
  why_taken: ['columns', 'key'],
  why_left_out: ['table', 'key'],
  why_renewed: ['columns', 'table', 'key'],
  why_changed: [],
  why_deleted: [],
  why_made_again: [],
  why_changed_or_deleted: [],
  // What was checked.
  check_rows: [],
  check_keys: [],
  check_other_keys: [],
  check_foreign_key: ['key', 'table'],
  check_unique_key: ['key', 'table'],
  found_equal: [],
  found_by_server: [],
  found_by_queries: [],
  found_for_written: [],
  // What is told of a restore of a whole database.
  gap: ['what', 'why'],
  role_differs: ['role', 'what'],
  database_differs: ['what'],
  will_be_empty: ['table'],
  not_of_database: ['what'],
  setting_count: ['count'],
  grants: [],
  comment: [],
  more: ['count'],
  can_not_be: ['names'],
  large_objects_left: ['count'],
  cleared_first: ['backup', 'started', 'database', 'how'],
  drops_database: [],
  removes_content: [],
  other_locale: ['database', 'own', 'source'],
  statements_adapted: ['count', 'first'],
  may_be_refused: ['names', 'user', 'why', 'help'],
  trigger_stays_on: ['name'],
  joins_roles: ['user', 'roles'],
  label_refused: ['why'],
  still_member: ['user', 'roles', 'why'],
  check_not_valid: ['key', 'table', 'why'],
  key_not_valid: ['what', 'why'],
  key_not_valid_parts: ['what', 'why'],
  // What stands in its way.
  target_older: ['source', 'target'],
  unfinished: ['backup', 'database', 'started'],
  was_there_before: ['database'],
  database_exists: ['database'],
  no_createdb: ['user'],
  no_database: ['database'],
  not_empty: ['database', 'names'],
  other_encoding: ['database', 'own', 'source'],
  no_extension: ['name'],
  no_language: ['name'],
  no_tablespace: ['name'],
  role_not_made: ['role', 'user', 'why'],
  no_owner: ['role'],
  owner_refused: ['user', 'role'],
  no_role_named: ['role', 'what'],
  no_role_granted: ['role', 'what'],
  grant_of_another: ['user', 'what'],
  not_made: ['user', 'names', 'why', 'help'],
  server_called: ['name', 'user'],
  only_superuser: [],
  no_language_right: ['language'],
  only_subscribers: [],
  only_superuser_bare: [],
  only_superuser_rights: [],
  help_superuser: [],
  help_extension: [],
  help_language: ['language', 'user'],
  help_subscriber: ['user'],
  help_subscriptions: [],
  help_grants: [],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type SentenceKey = keyof typeof sentenceValues

type Values<K extends SentenceKey> = Readonly<
  Record<(typeof sentenceValues)[K][number], Sentence['values'][string]>
>

/** `text`: the sentence in English, whole. */
export function sentence<K extends SentenceKey>(key: K, values: Values<K>, text: string): Sentence {
  return { key, values, text }
}

export function heldBackSentence(held: HeldBack): Sentence {
  const { schema, name, rows } = held
  return sentence('held_back', { count: rows, table: `${schema}.${name}` }, heldBackText(held))
}

/** As the last of a list that is cut. */
export function andMore(count: number): Sentence[] {
  return count > 0 ? [sentence('more', { count }, `${count} more`)] : []
}
