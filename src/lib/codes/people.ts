import type { ErrorCodeInfo } from './info.ts'

/** Of people, and how they sign in. */
export const people = {
  sign_in_failed: {
    exit: 5,
    meaning: 'E-mail address, password or code are not right, or there is no such account.',
    hint: 'Try again. If the password is lost, ask for a link that resets it; on the machine of the service, holdfast people reset makes one.',
  },
  code_needed: {
    exit: 5,
    meaning: 'The account asks for a code beside the password.',
    hint: 'Send the six digits that the app shows, or one of the recovery codes.',
  },
  code_wrong: {
    exit: 5,
    meaning: 'The code is not the one that the app shows now, or was used already.',
    hint: 'Wait for the next one. If none is right, set the clock of the phone.',
  },
  second_factor_on: {
    exit: 7,
    meaning: 'The account asks for codes already.',
    hint: 'Switch them off first, to move to another app.',
  },
  second_factor_off: {
    exit: 7,
    meaning: 'The account asks for no codes, so there are none to replace.',
    hint: 'Switch them on first.',
  },
  sign_in_again: {
    exit: 5,
    meaning: 'What destroys, or gives somebody rights, takes a sign-in of the last minutes.',
    hint: 'Confirm with the password (POST /api/v1/session/confirm), or sign in again, and repeat the request.',
  },
  sign_in_insecure: {
    exit: 5,
    meaning: 'A session can not be used over a connection that others can read.',
    hint: 'Put a proxy with TLS before the service and tell its address with --public-url, or come from this machine.',
  },
  csrf_refused: {
    exit: 5,
    meaning: 'A request that changes something came with a session, but not from its page.',
    hint: 'Send the csrf of GET /api/v1/session in the header holdfast-csrf.',
  },
  too_many_attempts: {
    exit: 6,
    meaning: 'Something was tried too often.',
    hint: 'Wait as long as the header retry-after says. Sessions that are open are not affected.',
  },
  password_refused: {
    exit: 2,
    meaning: 'The password is too easy to guess.',
    hint: 'Take four or five words that do not belong together, or let a password manager make one.',
  },
  link_invalid: {
    exit: 3,
    meaning: 'A link to choose a password was used already, has expired, or is none.',
    hint: 'Ask for a new one.',
  },
  account_disabled: {
    exit: 7,
    meaning: 'The account is disabled, and a link to choose a password does not make it active again.',
    hint: 'An administrator makes it active again; where there is none any more, holdfast people add adds one.',
  },
  last_administrator: {
    exit: 7,
    meaning: 'The last active super_admin can not be removed, disabled or given another role.',
    hint: 'Make somebody else super_admin first, and let them sign in.',
  },
  provider_refused: {
    exit: 2,
    meaning: 'A provider of sign-ins can not be as it was described.',
    hint: 'See the message, and docs/PEOPLE.md for what each kind takes.',
  },
  provider_failed: {
    exit: 6,
    meaning: 'A provider of sign-ins did not answer, or not as it should.',
    hint: 'See the message. Sign in with the password meanwhile.',
  },
} as const satisfies Record<string, ErrorCodeInfo>
