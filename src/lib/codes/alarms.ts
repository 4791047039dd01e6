import type { ErrorCodeInfo } from './info.ts'

/** Of alarms and the ways they take. */
export const alarms = {
  alarm_not_found: {
    exit: 3,
    meaning: 'There is no such open alarm, or the caller may not see or close it.',
    hint: 'List the alarms there are.',
  },
  alarm_lasts: {
    exit: 7,
    meaning: 'The alarm is of something that is so whatever anybody says, and ends when it is over.',
    hint: 'Put right what it says, or change what is expected of the source.',
  },
  destination_not_found: {
    exit: 3,
    meaning: 'There is no such destination, or the caller may not see it.',
    hint: 'List the destinations there are.',
  },
  destination_wrong: {
    exit: 2,
    meaning: 'What was said of a destination or subscription can not be.',
    hint: 'See the message, and docs/ALARMS.md for what each kind of destination takes.',
  },
  destination_refused: {
    exit: 5,
    meaning: 'The address of a destination leads to where it may not.',
    hint: 'If it is meant to reach a private network, an administrator sets its reach to private, or to any for link-local addresses.',
  },
  destination_failed: {
    exit: 6,
    meaning: 'A destination did not take a message.',
    hint: 'See the message, send a test message when it is put right; what waits is sent by itself.',
  },
} as const satisfies Record<string, ErrorCodeInfo>
