import { dirname, isAbsolute, relative, resolve } from 'node:path'
import type { Config } from '../../config/config.ts'
import type { NewSource } from '../../config/edit.ts'
import { proofs } from '../../config/declaration.ts'
import type { JsonValue } from '../../config/json.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { defineCommand, requiredArgument } from '../command.ts'
import { choice, custom, flag, text, texts, wrong } from '../option.ts'
import { excludeData, requireName, rowChoices } from '../options.ts'

const commandFlags = '--password-command <command>'

/** A program with its arguments, in words or as a JSON array: there is no shell that would read quotes. */
const passwordCommand = custom<readonly string[] | undefined>({
  flags: commandFlags,
  description:
    'a program whose first line of output is the password: words between blanks, or a JSON array; it is run without a shell',
  read(given) {
    if (given === undefined) return undefined
    if (!given.trimStart().startsWith('[')) {
      if (!/["'\\]/.test(given)) return given.trim().split(/\s+/)
      throw wrong(
        { flags: commandFlags },
        given,
        'with quotes in it, write a JSON array: ["pass", "show", "my shop"]',
      )
    }
    try {
      const words: unknown = JSON.parse(given)
      if (Array.isArray(words) && words.every((word) => typeof word === 'string') && words.length > 0)
        return words
    } catch {
      // Told below, without the parser's words.
    }
    throw wrong({ flags: commandFlags }, given, 'this is no JSON array of texts')
  },
})

const options = {
  passwordEnv: text({
    flags: '--password-env <variable>',
    description: 'the environment variable that the password is in',
  }),
  passwordFile: text({
    flags: '--password-file <file>',
    description: 'the file whose first line is the password',
  }),
  passwordCommand,
  repository: texts({
    flags: '--repo <address>',
    description:
      'the repository that its backups go to; given several times: copies of it, the main one first',
  }),
  ...rowChoices,
  excludeData,
  proof: choice({
    flags: '--proof <kind>',
    description: 'what the source computes to compare a restore with',
    choices: proofs,
    default: undefined,
  }),
  replace: flag({
    flags: '--replace',
    description: 'put it in the place of a source of that name; its modules and drill stay',
  }),
}

export const command = defineCommand({
  name: 'add',
  summary: 'describe a database in the configuration',
  description:
    'Writes a source into holdfast.json, which is made if there is none. The file holds no secret: say where the password is, or ' +
    'leave it to PGPASSWORD or a password file. Nothing is connected to; source test does that.',
  arguments: {
    name: requiredArgument('NAME', 'what commands will call it: lower case letters, digits, _ and -'),
    address: requiredArgument(
      'ADDRESS',
      'the database, without a password: postgres://user@host/database, or "service=name" and the like',
    ),
  },
  options,
  examples: [
    {
      what: 'with its password in a variable',
      command:
        'holdfast source add shop postgres://app@db.example.com/shop --password-env SHOP_PASSWORD --repo /mnt/backups/shop',
    },
    {
      what: 'with its password in a password manager',
      command:
        "holdfast source add shop postgres://app@db.example.com/shop --password-command 'pass show shop'",
    },
  ],
  cancelled: 'The file is as it was, or the source is in it.',
  async run(context, input) {
    const { configPath } = await import('../config.ts')
    const { findSource, isUrl, parseConfig, parseTree } = await import('../../config/config.ts')
    const { emptyConfig, withSource } = await import('../../config/edit.ts')
    const { changeConfigFile, configName } = await import('../../config/file.ts')
    const { inspectAddress } = await import('../../postgres/address.ts')
    const { sourceSummary } = await import('../source-text.ts')
    const name = requireName('NAME', input.name)
    const file = (await configPath(context)) ?? resolve(configName)
    /** Paths on the command line are from here, those in the file from the file. */
    const stored = (path: string): string =>
      isAbsolute(path) || isUrl(path) ? path : relative(dirname(file), resolve(path)) || '.'
    const source: NewSource = {
      address: input.address,
      password: passwordOf(input, stored),
      repository:
        input.repository.length > 1 ? input.repository.map(stored) : input.repository.map(stored)[0],
      schemas: input.schema,
      tables: input.table,
      excludeTables: input.excludeTable,
      excludeData: input.excludeData,
      proof: input.proof,
    }
    const parsed = (text: string): Config => parseConfig({ text, file, inspect: inspectAddress })
    const change = (before: string): string => {
      // Mistakes that are there already are told as such, and not as some of the new source.
      parsed(before)
      const after = withSource(parseTree(before, file), name, source, input.replace)
      parsed(after)
      return after
    }
    const { signal } = context
    const config = parsed(await changeConfigFile({ path: file, absent: emptyConfig, change, signal }))
    context.out.line(`Source ${name} is in ${file}. Try it: holdfast source test ${name}`)
    context.out.result({ source: sourceSummary(config, findSource(config, name)), file })
  },
  server: {
    takes: [
      'name',
      'address',
      'repository',
      'passwordEnv',
      'passwordFile',
      'passwordCommand',
      'schema',
      'table',
      'excludeTable',
      'excludeData',
      'proof',
    ],
    async run(context, client, input) {
      const { addSourceAtServer } = await import('../server/source-add.ts')
      await addSourceAtServer(context, client, input)
    },
  },
})

interface PasswordInput {
  readonly passwordEnv: string | undefined
  readonly passwordFile: string | undefined
  readonly passwordCommand: readonly string[] | undefined
}

function passwordOf(input: PasswordInput, stored: (path: string) => string): JsonValue | undefined {
  const references = {
    env: input.passwordEnv,
    file: input.passwordFile === undefined ? undefined : stored(input.passwordFile),
    command: input.passwordCommand,
  }
  const given = Object.entries(references).flatMap(([kind, value]): [string, JsonValue][] =>
    value === undefined ? [] : [[kind, value]],
  )
  if (given.length > 1) {
    throw new HoldfastError('usage', 'Give one of --password-env, --password-file and --password-command.')
  }
  return given.length === 0 ? undefined : new Map(given)
}
