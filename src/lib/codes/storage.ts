import type { ErrorCodeInfo } from './info.ts'

/** Of the places that objects and files are in. */
export const storage = {
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
} as const satisfies Record<string, ErrorCodeInfo>
