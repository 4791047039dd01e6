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
  storage_bucket_missing: {
    exit: 3,
    meaning: 'The object storage has no bucket or container of this name.',
    hint: 'Check the address and its endpoint; Holdfast makes no buckets and no containers.',
  },
  storage_login_failed: {
    exit: 5,
    meaning: 'The object storage does not accept the credentials, or there are none.',
    hint: 'Set the credentials of the storage; docs/STORAGE.md says where they are looked for.',
  },
  storage_clock_differs: {
    exit: 5,
    meaning: 'The object storage refuses requests of a machine whose clock is so far from its own.',
    hint: 'Set the clock of this machine, and keep it set (NTP).',
  },
  storage_busy: {
    exit: 6,
    meaning: 'The object storage took no more requests for the moment, or had trouble of its own.',
    hint: 'Run it again later, or with fewer --storage-requests; what is already stored is reused.',
  },
  storage_timeout: {
    exit: 6,
    meaning: 'The object storage did not answer in time.',
    hint: 'Check the network, and run it again; what is already stored is reused.',
  },
  storage_unreachable: {
    exit: 6,
    meaning:
      'The storage could not be reached, or is not there any more: a connection broke, a disk was unmounted.',
    hint: 'Check the endpoint in the address and the network, or mount it; what is already stored is reused.',
  },
  storage_certificate: {
    exit: 6,
    meaning: 'It is not certain that this is the object storage: its certificate is not one that is trusted.',
    hint: 'If an authority of your own signed it, add ca=FILE to the address. Otherwise do not go on.',
  },
  storage_overwrites: {
    exit: 7,
    meaning:
      'The object storage overwrites objects although it is told not to, so nothing in it would be safe.',
    hint: 'Use a storage that heeds the condition when objects are put; docs/STORAGE.md names some.',
  },
  archive_damaged: {
    exit: 4,
    meaning: 'A file that should hold a backup was cut or changed, or is no archive of Holdfast.',
    hint: 'Export or download it again; whatever it was made from is not touched by this.',
  },
  storage_no_locks: {
    exit: 7,
    meaning: 'The backup was to be locked, and the storage locks no objects.',
    hint: 'Back up into a bucket that was made with object lock, or leave out --lock-for; docs/STORAGE.md tells how.',
  },
} as const satisfies Record<string, ErrorCodeInfo>
