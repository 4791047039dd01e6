import type { ErrorCodeInfo } from './info.ts'

/** Of holdfast.json. */
export const configuration = {
  config_missing: {
    exit: 3,
    meaning: 'There is no configuration file, or it can not be read.',
    hint: 'holdfast source add NAME ADDRESS makes one; --config FILE names one that is elsewhere.',
  },
  config_invalid: {
    exit: 2,
    meaning: 'The configuration file is not as it should be.',
    hint: 'Correct what the message names. docs/holdfast.schema.json describes the file, also for editors.',
  },
  config_secret: {
    exit: 2,
    meaning: 'The configuration file holds a secret where only a reference to one may stand.',
    hint: 'Take it out, write where it is instead, and change it: whoever could read the file knows it.',
  },
  config_untrusted: {
    exit: 7,
    meaning: 'A configuration file was found that somebody else could have written.',
    hint: 'Pass --config FILE if you trust it.',
  },
  config_busy: {
    exit: 1,
    meaning: 'Other processes kept changing the configuration file, so that this one had no turn.',
    hint: 'Run it again; nothing was changed by this run.',
  },
  source_not_found: {
    exit: 3,
    meaning: 'The configuration has no source of this name.',
    hint: 'holdfast source list shows those there are.',
  },
  source_exists: {
    exit: 7,
    meaning: 'The configuration has a source of this name already.',
    hint: 'Choose another name, or pass --replace; nothing was changed.',
  },
  module_not_found: {
    exit: 3,
    meaning: 'The source has no module of this name.',
    hint: 'holdfast source show NAME shows those there are.',
  },
  password_missing: {
    exit: 5,
    meaning: 'The password that the configuration refers to could not be had.',
    hint: 'Look at "password" of the source. If it is a command, run it yourself: what it prints is never shown.',
  },
} as const satisfies Record<string, ErrorCodeInfo>
