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
} as const satisfies Record<string, ErrorCodeInfo>
