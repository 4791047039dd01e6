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
  demo_running: {
    exit: 7,
    meaning: 'A demo runs in this directory already.',
    hint: 'Stop it first with Ctrl-C where it runs, or choose another directory with --data.',
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
    hint: 'Put the file back, or name it with HOLDFAST_CATALOG_KEY_FILE. Without it the catalog can not be opened, and a new one is to be begun: docs/OPERATIONS.md.',
  },
  catalog_key_wrong: {
    exit: 5,
    meaning: 'A secret in the catalog was sealed with another key, or was changed.',
    hint: 'Use the key that the catalog was made with; if it is about one source or repository, enter its secret again.',
  },
  listen_failed: {
    exit: 6,
    meaning: 'The address that the service is to listen on is not free, or not one of this machine.',
    hint: 'Choose another one with --listen.',
  },
  service_unreachable: {
    exit: 6,
    meaning: 'The service that --server names did not answer.',
    hint: 'See whether it runs, and is reached from here. Jobs that it has begun go on.',
  },
  service_unlike: {
    exit: 1,
    meaning: 'What the service answered is not what this Holdfast understands.',
    hint: 'See whether --server names a Holdfast service, and whether both are of one version.',
  },
  not_signed_in: {
    exit: 5,
    meaning: 'The request carries no valid key, token or session.',
    hint: 'Sign in, or send a key as Authorization: Bearer KEY. It may have expired, or been revoked.',
  },
  not_permitted: {
    exit: 5,
    meaning: 'The role of the caller may not do this, or the key is not for it.',
    hint: 'Ask an administrator, or use a key of another role or with more scopes.',
  },
  request_invalid: {
    exit: 2,
    meaning: 'The request is not as the API describes it.',
    hint: 'Correct what the message names. /api/v1/openapi.json describes every request.',
  },
  not_found: {
    exit: 3,
    meaning: 'There is nothing of this name, or the caller may not see it.',
    hint: 'List what there is.',
  },
  name_taken: {
    exit: 7,
    meaning: 'There is something of this name already.',
    hint: 'Choose another name, or change the one that is there.',
  },
  source_elsewhere: {
    exit: 7,
    meaning:
      'The address leads to another host, port or database than the one that the backups of this source are from.',
    hint: 'If it is the same database, which has moved, say so (moved: true): its backups go on in one list. Another database is a source of its own.',
  },
  still_used: {
    exit: 7,
    meaning: 'Something else refers to it.',
    hint: 'Remove what uses it first.',
  },
  too_many_streams: {
    exit: 7,
    meaning: 'The caller follows events in as many streams as one may.',
    hint: 'End one first: one stream can tell of everything.',
  },
  job_not_found: {
    exit: 3,
    meaning: 'There is no such job, or the caller may not see it.',
    hint: 'List the jobs there are.',
  },
  job_over: {
    exit: 7,
    meaning: 'The job has ended already.',
    hint: 'Look at how it ended; start another one if it is still wanted.',
  },
  service_busy: {
    exit: 6,
    meaning: 'The service does as much of this as it does at once.',
    hint: 'Ask again in a moment.',
  },
  not_waiting: {
    exit: 7,
    meaning: 'There is nothing that waits for a confirmation.',
    hint: 'Look at how far it is. What was not confirmed in time is begun anew.',
  },
  job_just_ended: {
    exit: 7,
    meaning: 'The job that stood in the way of a new one has ended at the same moment.',
    hint: 'Ask again.',
  },
  job_target_gone: {
    exit: 3,
    meaning: 'The source or repository of a job was removed before it was begun.',
    hint: 'Nothing was done. Start another one for a source that is there.',
  },
  job_crashed: {
    exit: 1,
    meaning: 'The command of a job ended without a result.',
    hint: 'See the log of the job. If the machine ran out of memory, give it more or use fewer workers.',
  },
  download_refused: {
    exit: 5,
    meaning: 'A link to download a backup is none of this service, has expired, or was used before.',
    hint: 'Ask for a new one: each is good for ten minutes, and for once.',
  },
  downloads_busy: {
    exit: 6,
    meaning: 'As many downloads are under way as the service takes at once.',
    hint: 'Try again when one of them has ended; the link is still good.',
  },
  download_failed: {
    exit: 1,
    meaning:
      'A backup could not be written as a file. What was sent of it lacks its end, and is not to be used.',
    hint: 'See the message; holdfast check tells whether the backup is whole.',
  },
  identity_not_held: {
    exit: 7,
    meaning: 'The service holds no identity of this repository, so it can not open its backups.',
    hint: 'Give the repository an identity there, or send one with the restore; an archive can be downloaded, and opened where the identity is.',
  },
  upload_too_large: {
    exit: 2,
    meaning: 'An upload is larger than the service takes.',
    hint: 'Start the service with a larger --upload-limit, or copy the file to its machine and add it as a repository.',
  },
  upload_cut: {
    exit: 2,
    meaning: 'An upload ended before all of it was there. Nothing of it was kept.',
    hint: 'Send it again.',
  },
  schedule_invalid: {
    exit: 2,
    meaning: 'A schedule says no time that ever comes.',
    hint: 'Give five fields of cron, or every day, week or month at a time such as 02:30, and a time zone such as Europe/Berlin.',
  },
  worker_lost: {
    exit: 1,
    meaning:
      'The worker that ran a job died, or lost its connection to the catalog for longer than its lease.',
    hint: 'See whether the machine of the worker is well, then start the job again. What it left, the next one uses or a prune removes.',
  },
  worker_stopped: {
    exit: 1,
    meaning: 'The worker was stopped before the job had ended.',
    hint: 'It is tried again, if it has attempts left.',
  },
} as const satisfies Record<string, ErrorCodeInfo>
