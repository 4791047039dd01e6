import type { ErrorCodeInfo } from './info.ts'

/** What may happen to any command. */
export const general = {
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
  output_lost: {
    exit: 1,
    meaning: 'What was to be written to stdout could not be: its reader has ended, or there is no room.',
    hint: 'What has arrived lacks its end, and is not to be used. Run it again.',
  },
  result_lost: {
    exit: 1,
    meaning: 'The command was done, but its result could not be written to stdout.',
    hint: 'What it did stays done: holdfast list shows a backup that was made. Make room where stdout goes before you ask again.',
  },
} as const satisfies Record<string, ErrorCodeInfo>
