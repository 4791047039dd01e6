import type { ErrorCodeInfo } from './info.ts'

/** Of the service and its catalog. */
export const service = {
  catalog_unreachable: {
    exit: 6,
    meaning: 'The catalog could not be reached, or the connection to it broke.',
    hint: 'See the cause. Work that is under way goes on, and is told to the catalog when it answers again.',
  },
  catalog_failed: {
    exit: 1,
    meaning: 'The catalog refused a statement of the service.',
    hint: 'See the cause. If it is not the disk or a limit of the server, please report it.',
  },
  catalog_busy: {
    exit: 7,
    meaning: 'Another process uses the data directory of this catalog.',
    hint: 'Stop it first, or choose another directory with --data.',
  },
  catalog_directory: {
    exit: 5,
    meaning: 'The embedded catalog can not be kept in this directory.',
    hint: 'Choose a directory with --data that this user owns and that every user may pass through.',
  },
  catalog_too_new: {
    exit: 7,
    meaning: 'The catalog was changed by a newer Holdfast.',
    hint: 'Run that version or a newer one; migrations go forward only.',
  },
  catalog_changed: {
    exit: 4,
    meaning: 'A migration that the catalog has seen is not the one that this Holdfast has.',
    hint: 'Run the Holdfast that the catalog belongs to.',
  },
  catalog_role: {
    exit: 5,
    meaning: 'The role that the API works as is not there, and could not be made.',
    hint: 'As an administrator of the server: CREATE ROLE holdfast_api NOLOGIN; GRANT holdfast_api TO the role of --catalog.',
  },
  catalog_key_missing: {
    exit: 5,
    meaning: 'The key that opens the secrets in the catalog is not there.',
    hint: 'Put the file back, or name it with HOLDFAST_CATALOG_KEY_FILE. Without it, secrets must be entered again.',
  },
  catalog_key_wrong: {
    exit: 5,
    meaning: 'A secret in the catalog was sealed with another key, or was changed.',
    hint: 'Use the key that the catalog was made with, or enter the secret again.',
  },
} as const satisfies Record<string, ErrorCodeInfo>
