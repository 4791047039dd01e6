import { custom, integer, text, texts, wrong } from '../option.ts'

export const assertions = text({
  flags: '--assertions <folder>',
  description:
    'run every *.sql file in it in the restored database; each holds one query, which must return no rows',
  default: 'the folder drills of the current directory, if there is one',
})

export const assertion = texts({
  flags: '--assertion <file>',
  description: 'one such file, in place of the usual folder or beside the one that is named; may be repeated',
})

export const assertionTimeout = integer({
  flags: '--assertion-timeout <seconds>',
  description: 'how long each assertion may run',
  min: 1,
  max: 86_400,
  default: 60,
})

const sampleTexts = {
  flags: '--sample <share>',
  description: 'restore tables chosen at random that hold this share of the bytes, such as 10%',
}

export const sample = custom({ ...sampleTexts, read: readPercent })

export const seed = integer({
  flags: '--seed <n>',
  description: 'choose the tables of --sample that this number chose before',
  min: 0,
  max: 999_999_999,
  default: undefined,
  defaultText: 'another one each time',
})

const goalTexts = {
  flags: '--goal <duration>',
  description: 'fail, with goal_missed, if restoring takes longer, such as 90s, 15m or 1h30m',
}

export const goal = custom({ ...goalTexts, read: readSeconds })

export const report = texts({
  flags: '--report <file>',
  description:
    'write what was found to a file, for machines (.json) or people (.html), over an earlier one; may be repeated',
})

/** `10%` or `10`. All of it is no sample. */
function readPercent(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const percent = /^\d{1,2}(\.\d{1,3})?\s?%?$/.test(given) ? Number.parseFloat(given) : 0
  if (percent > 0) return percent
  throw wrong(sampleTexts, given, 'give a share below 100%, such as 10%')
}

function readSeconds(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const [, h = '0', m = '0', s = '0'] = /^(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/.exec(given) ?? []
  const seconds = Number(h) * 3600 + Number(m) * 60 + Number(s)
  if (seconds > 0) return seconds
  throw wrong(goalTexts, given, 'give a time such as 90s, 15m or 1h30m')
}
