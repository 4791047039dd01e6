import type { ErrorCodeInfo } from './info.ts'

/** Of the audit trail, and of what stands before changes through the API. */
export const guards = {
  audit_broken: {
    exit: 4,
    meaning: 'An entry of the audit trail was changed, taken out or put in.',
    hint: 'Keep the database as it is, and compare with an export or a head that was kept elsewhere.',
  },
  audit_cut: {
    exit: 4,
    meaning: 'The head that was noted is not in the audit trail: its end was cut off.',
    hint: 'Keep the database as it is, and compare with an export. Make sure that the head is one of this trail.',
  },
  audit_unreadable: {
    exit: 4,
    meaning: 'The file is no exported audit trail, or it is damaged.',
    hint: 'Export it again. A file that a spreadsheet has saved is another one.',
  },
  confirmation_needed: {
    exit: 7,
    meaning: 'What would be destroyed was not typed, or not right.',
    hint: 'Look at what would be destroyed, and send its name as confirm.',
  },
  approval_needed: {
    exit: 7,
    meaning:
      'What destroys takes the consent of a second person here. The wish is written down; nothing was done.',
    hint: 'When somebody else has approved it, repeat the same request with the header holdfast-approval, or the same command.',
  },
  approval_invalid: {
    exit: 7,
    meaning:
      'The approval is not one for this request: it is open, was refused or used, has expired, or is for another.',
    hint: 'Repeat the very request that was approved; or send it without the header, to ask anew.',
  },
  approval_own: {
    exit: 5,
    meaning: 'Nobody decides on their own wish.',
    hint: 'Somebody else must.',
  },
  approval_over: {
    exit: 7,
    meaning: 'The wish was decided on already, or has expired.',
    hint: 'Look at how it stands.',
  },
  changed_meanwhile: {
    exit: 7,
    meaning: 'It was changed since it was read.',
    hint: 'Read it again, and change that.',
  },
  overtaken: {
    exit: 7,
    meaning:
      'Another request was faster: what this one is about was removed, or came into use, at that moment.',
    hint: 'Look at how it stands now.',
  },
  idempotency_mismatch: {
    exit: 2,
    meaning: 'The idempotency key was used for another request.',
    hint: 'Use a new key for a new request.',
  },
  idempotency_busy: {
    exit: 7,
    meaning: 'The request with this idempotency key is under way.',
    hint: 'Ask again in a second.',
  },
  idempotency_unknown: {
    exit: 7,
    meaning: 'The request with this idempotency key was broken off, and may have been done.',
    hint: 'Look whether it was. If it was not, send it with a new key.',
  },
} as const satisfies Record<string, ErrorCodeInfo>
