import { Argument, Command as Parser, CommanderError, Option } from 'commander'
import { nearest } from '../lib/nearest.ts'
import { codes } from '../lib/error-codes.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import type { Command, Environment, Example } from './command.ts'
import { longName, type Given, type OptionSpec } from './option.ts'
import { sharedOptions } from './options.ts'

export interface ProgramOptions {
  readonly commands: readonly Command[]
  readonly version: string
  readonly env: Environment
  /** Columns that help may use. */
  readonly width: number
  readonly writeHelp: (text: string) => void
  /** Runs the command that was found. `input` has a value for every declared argument and option. */
  readonly act: (command: Command, input: Readonly<Record<string, unknown>>) => Promise<void>
}

const introduction = `Backs up Postgres databases, and proves that what it stored can be restored.

A repository holds backups, encrypted. The identity that init writes is the only thing that opens it: keep a copy.`

/** The parser of the whole command line, made from the commands' declarations. */
export function createProgram(options: ProgramOptions): Parser {
  const program = new Parser('holdfast')
  quietly(program, options)
  program.description(introduction).version(options.version, '-V, --version', 'print the version')
  program
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
  for (const command of options.commands) program.addCommand(createParser(command, options))
  program.addHelpText('after', '\nholdfast COMMAND --help shows the options of a command, with examples.')
  return program
}

/** Parses and runs. Throws `usage` for what the parser refuses; help and version only print. */
export async function runProgram(program: Parser, args: readonly string[]): Promise<void> {
  try {
    // The parser's own `help` knows no commands of commands.
    const given = args[0] === 'help' && args.length > 2 ? [...args.slice(1), '--help'] : args
    await program.parseAsync(given.length === 0 ? ['--help'] : [...given], { from: 'user' })
  } catch (error) {
    const { path, parser, word } = parserMeant(program, args)
    const hint = `Run ${path} --help.`
    if (isHoldfastError(error, 'usage') && error.hint === codes.usage.hint) {
      throw new HoldfastError('usage', error.message, { cause: error, hint, details: error.details })
    }
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return
    throw new HoldfastError('usage', refusal(error, parser, word), { hint })
  }
}

/** What the parser refused, in sentences like all others. */
function refusal({ code, message }: CommanderError, parser: Parser, word: string | undefined): string {
  const names = parser.commands.map((one) => one.name())
  if (code === 'commander.missingArgument') {
    const missing = parser.registeredArguments.find((one) => message.includes(`'${one.name()}'`))
    if (missing !== undefined) return `${missing.name()} is missing: ${missing.description}.`
  }
  // A word that is no command is one argument too many where there are commands, and none at all for help.
  const isCommand =
    /^commander\.(help|unknownCommand)$/.test(code) ||
    (code === 'commander.excessArguments' && names.length > 0)
  if (isCommand && word !== undefined) {
    const meant = nearest(word, names)
    return `There is no command ${word}${parser.parent === null ? '' : ` of ${parser.name()}`}.${meant === null ? '' : ` Did you mean ${meant}?`}`
  }
  const plain = message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
  const sentence = plain
    .replace(/ ?\(Did you mean (.*)\?\)$/, '. Did you mean $1?')
    .replace(/(?<![.?])$/, '.')
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

function createParser(command: Command, options: ProgramOptions): Parser {
  const parser = new Parser(command.name)
  quietly(parser, options)
  parser.summary(command.summary).description(command.description).helpOption('-h, --help', 'print this help')
  const all: Record<string, OptionSpec<unknown>> = { ...command.options, ...sharedOptions(command) }
  for (const spec of Object.values(all)) parser.addOption(createOption(spec))
  for (const { name, required, description } of Object.values(command.arguments)) {
    parser.addArgument(new Argument(required ? `<${name}>` : `[${name}]`, description))
  }
  parser.addHelpText('after', examplesText(command.examples))
  parser.action(() => {
    requireTaken(parser, all)
    return options.act(command, readInput(command, all, parser, options.env))
  })
  for (const subcommand of command.subcommands) parser.addCommand(createParser(subcommand, options))
  if (command.subcommands.length > 0) parser.enablePositionalOptions().helpCommand(false)
  return parser
}

/** Nothing ends the process or prints errors but main.ts, which knows of `--json` and secrets. */
function quietly(parser: Parser, { width, writeHelp }: ProgramOptions): void {
  parser.exitOverride().configureOutput({
    writeOut: writeHelp,
    writeErr: () => undefined,
    getOutHelpWidth: () => width,
    getErrHelpWidth: () => width,
  })
}

function createOption(spec: OptionSpec<unknown>): Option {
  const option = new Option(spec.flags, describeOption(spec))
  if (spec.repeatable === true) {
    option.argParser<string[]>((value, previous) => [...(previous ?? []), value])
  }
  return option
}

/** The description with choices, default and environment variable, as help shows it. */
function describeOption(spec: OptionSpec<unknown>): string {
  const facts = [
    ...(spec.choices === undefined ? [] : [`one of ${spec.choices.join(', ')}`]),
    ...(spec.default === undefined ? [] : [`default: ${spec.default}`]),
    ...(spec.env === undefined ? [] : [`or set ${spec.env}`]),
  ]
  return facts.length === 0 ? spec.description : `${spec.description} (${facts.join('; ')})`
}

function readInput(
  command: Command,
  specs: Readonly<Record<string, OptionSpec<unknown>>>,
  parser: Parser,
  env: Environment,
): Record<string, unknown> {
  const input: Record<string, unknown> = {}
  for (const [index, name] of Object.keys(command.arguments).entries())
    input[name] = parser.processedArgs[index]
  for (const [name, spec] of Object.entries(specs)) input[name] = spec.read(givenFor(spec, parser, env))
  return input
}

/**
 * The parser gives options that it does not know of a command to the one it belongs to. One that only that takes would be passed over, and
 * with --server something would be done here that was meant for elsewhere: it is refused.
 */
function requireTaken(parser: Parser, specs: Readonly<Record<string, OptionSpec<unknown>>>): void {
  const taken = new Set(Object.values(specs).map(longName))
  for (let place = parser.parent; place !== null; place = place.parent)
    for (const option of place.options) {
      if (place.getOptionValueSource(option.attributeName()) !== 'cli' || taken.has(option.long ?? ''))
        continue
      throw new HoldfastError('usage', `${option.long} is no option of ${parser.name()}.`)
    }
}

/** What was given to the command itself, else before its name to the one it belongs to, else by the environment. */
function givenFor(spec: OptionSpec<unknown>, parser: Parser, env: Environment): Given {
  for (let place: Parser | null = parser; place !== null; place = place.parent) {
    const option = place.options.find((one) => one.long === longName(spec))
    if (option === undefined) continue
    const given = place.getOptionValue(option.attributeName()) as Given
    // A negated option is stored under its positive name, as true until it is given.
    if (option.negate) return given === false
    if (given !== undefined) return given
  }
  return spec.env === undefined ? undefined : env[spec.env]
}

function examplesText(examples: readonly Example[]): string {
  const lines = examples.flatMap(({ what, command }) => [`  # ${what}`, `  ${command}`])
  return `\nExamples:\n${lines.join('\n')}`
}

/** The command that was meant, as far as the words say, and the first word that is none of its commands. */
function parserMeant(
  program: Parser,
  args: readonly string[],
): { path: string; parser: Parser; word: string | undefined } {
  const words = args[0] === 'help' ? args.slice(1) : args
  let path = program.name()
  let parser = program
  for (const word of words) {
    const next = parser.commands.find((one) => one.name() === word)
    if (next === undefined) return { path, parser, word }
    parser = next
    path += ` ${word}`
  }
  return { path, parser, word: undefined }
}
