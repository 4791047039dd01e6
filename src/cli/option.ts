import { HoldfastError } from '../lib/errors.ts'

/** What was given for an option: by the command line, else by the environment. */
export type Given = string | readonly string[] | boolean | undefined

/** An option as data: parser, help and reference are made from it. */
export interface OptionSpec<T> {
  /** As commander reads them: `-j, --jobs <n>`. */
  readonly flags: string
  readonly description: string
  /** Environment variable that is read where the option is not given. */
  readonly env?: string
  /** The default in words, where there is one. */
  readonly default?: string
  readonly choices?: readonly string[]
  readonly repeatable?: boolean
  /** The value that the command gets. Throws `usage`. */
  read(given: Given): T
}

interface Texts {
  readonly flags: string
  readonly description: string
  readonly env?: string
}

/** On or off. For `--no-x` flags the value is true when the flag is given, as for all others. */
export function flag(texts: Texts): OptionSpec<boolean> {
  return { ...texts, read: (given) => given === true || (typeof given === 'string' && isTrue(texts, given)) }
}

function isTrue(texts: Texts, given: string): boolean {
  if (/^(1|true|yes|on)$/i.test(given)) return true
  if (/^(0|false|no|off|)$/i.test(given)) return false
  throw wrong(texts, given, 'set it to 1 or 0')
}

/** Any text, or undefined. */
export function text(texts: Texts & { default?: string }): OptionSpec<string | undefined> {
  return { ...texts, read: (given) => (typeof given === 'string' && given !== '' ? given : undefined) }
}

/** Text that must be given, by option or environment. */
export function requiredText(texts: Texts & { missing: string }): OptionSpec<string> {
  const { missing, ...shown } = texts
  return {
    ...shown,
    read(given) {
      if (typeof given === 'string' && given !== '') return given
      throw new HoldfastError('usage', `${longName(texts)} is missing: ${missing}`, {
        hint: `Add ${texts.flags.replace(/^-\w, /, '')}${texts.env === undefined ? '' : `, or set ${texts.env}`}.`,
      })
    },
  }
}

/** Any number of texts: the option may be given several times. */
export function texts(spec: Texts): OptionSpec<readonly string[]> {
  return {
    ...spec,
    repeatable: true,
    read: (given) =>
      Array.isArray(given) ? given : typeof given === 'string' && given !== '' ? [given] : [],
  }
}

/** A whole number from `min` to `max`; `default` of undefined lets the command decide, as `defaultText` says. */
export function integer<D extends number | undefined>(
  spec: Texts & { min: number; max: number; default: D; defaultText?: string },
): OptionSpec<number | D> {
  const { min, max, default: value, defaultText, ...shown } = spec
  const said = defaultText ?? (value === undefined ? undefined : String(value))
  return {
    ...shown,
    ...(said === undefined ? {} : { default: said }),
    read(given) {
      if (typeof given !== 'string' || given === '') return value
      const number = /^\d{1,15}$/.test(given) ? Number(given) : NaN
      if (number >= min && number <= max) return number
      throw wrong(spec, given, `give a whole number from ${min} to ${max}`)
    },
  }
}

/** One of a few words. */
export function choice<const C extends readonly string[], D extends C[number] | undefined>(
  spec: Texts & { choices: C; default: D },
): OptionSpec<C[number] | D> {
  const { default: value, ...shown } = spec
  return {
    ...shown,
    ...(value === undefined ? {} : { default: value }),
    read(given) {
      if (typeof given !== 'string' || given === '') return value
      const found = spec.choices.find((one) => one === given)
      if (found === undefined) throw wrong(spec, given, `choose one of ${spec.choices.join(', ')}`)
      return found
    },
  }
}

/** A value with a reader of its own. `read` gets undefined where nothing was given, and may throw `usage`. */
export function custom<T>(
  spec: Texts & { default?: string; read: (given: string | undefined) => T },
): OptionSpec<T> {
  const { read, ...shown } = spec
  return { ...shown, read: (given) => read(typeof given === 'string' && given !== '' ? given : undefined) }
}

/** `--jobs` of `-j, --jobs <n>`. */
export function longName(spec: { flags: string }): string {
  return /--[\w-]+/.exec(spec.flags)?.[0] ?? spec.flags
}

/** The error for a value that an option can't take. */
export function wrong(spec: { flags: string }, given: string, what: string): HoldfastError {
  return new HoldfastError('usage', `${longName(spec)} can't be "${given}": ${what}.`)
}
