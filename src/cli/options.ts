import { parseSchemaPattern, parseTablePattern, type NamePattern } from '../lib/patterns.ts'
import { namePattern, namesAre } from '../config/declaration.ts'
import { custom, flag, integer, text, texts, wrong, type OptionSpec } from './option.ts'

/** The options that several commands share, each declared once. */

export const repo = text({
  flags: '-r, --repo <address>',
  description: 'the repository: a path, or an address such as file:///backups/shop',
  env: 'HOLDFAST_REPO',
  default: 'the one in holdfast.json',
})

export const source = custom({
  flags: '--source <name>',
  description: 'the source in holdfast.json whose repository and modules are meant',
  default: 'the only one there is',
  read: (given) => (given === undefined ? undefined : requireName('--source', given)),
})

const plainModule = texts({
  flags: '--module <name>',
  description:
    'tables of this module of the source in holdfast.json, as if each were given as --table; may be repeated',
})

export const module: OptionSpec<readonly string[]> = {
  ...plainModule,
  read: (given) => plainModule.read(given).map((name) => requireName('--module', name)),
}

export const identity = text({
  flags: '-i, --identity <file>',
  description: 'the private identity that opens the repository: an age identity file',
  env: 'HOLDFAST_IDENTITY_FILE',
  default: 'the file that init wrote, in the configuration directory',
})

export const passphraseFile = text({
  flags: '--passphrase-file <file>',
  description:
    'a file whose first line is the passphrase that opens the repository; HOLDFAST_PASSPHRASE holds the passphrase itself',
  env: 'HOLDFAST_PASSPHRASE_FILE',
})

export const hostFile = text({
  flags: '--host-file <file>',
  description: 'what lets this machine write to the repository; nothing in it decrypts',
  env: 'HOLDFAST_HOST_FILE',
  default: 'the file that init wrote, in the configuration directory',
})

export const ownerKey = text({
  flags: '--owner-key <key>',
  description: "the owner's public key as keys shows it, to confirm whose repository this is",
  env: 'HOLDFAST_OWNER_KEY',
})

export const jobs = integer({
  flags: '-j, --jobs <n>',
  description: 'connections to the database that work at once',
  env: 'HOLDFAST_JOBS',
  min: 1,
  max: 64,
  default: undefined,
  defaultText: 'as many as this machine has processors, 4 at most',
})

export const lockTimeout = integer({
  flags: '--lock-timeout <seconds>',
  description: 'how long to wait for a table that another session has locked',
  env: 'HOLDFAST_LOCK_TIMEOUT',
  min: 1,
  max: 86_400,
  default: 60,
})

export const schema = patterns(
  {
    flags: '-n, --schema <pattern>',
    description: 'only schemas of this name; * and ? stand for any text and any character; may be repeated',
  },
  parseSchemaPattern,
)

export const table = patterns(
  {
    flags: '-t, --table <pattern>',
    description: 'only tables of this name: table or schema.table, with * and ?; may be repeated',
  },
  parseTablePattern,
)

export const excludeTable = patterns(
  {
    flags: '-T, --exclude-table <pattern>',
    description: 'leave out tables of this name, definition and rows; may be repeated',
  },
  parseTablePattern,
)

/** For commands that choose rows only: the definition of every table is held and written. */
export const rowChoices = {
  schema: {
    ...schema,
    description: 'only rows of schemas of this name, with * and ? as in --table; may be repeated',
  },
  table: {
    ...table,
    description: 'only rows of tables of this name: table or schema.table, with * and ?; may be repeated',
  },
  excludeTable: {
    ...excludeTable,
    description: 'leave out the rows of tables of this name; may be repeated',
  },
}

export const excludeData = patterns(
  {
    flags: '--exclude-data <pattern>',
    description: 'another name of --exclude-table',
  },
  parseTablePattern,
)

export const json = flag({
  flags: '--json',
  description: 'print the result, or the error, as one JSON object on stdout',
})

export const quiet = flag({
  flags: '-q, --quiet',
  description: 'print no progress and no notes, only results, warnings and errors',
})

export const config = text({
  flags: '--config <file>',
  description: 'the configuration file',
  env: 'HOLDFAST_CONFIG',
  default: 'holdfast.json in this directory or one above it',
})

/** Options that every command takes. */
export const everywhere = { config, json, quiet }

/** What a command needs to open a repository for reading rows. */
export const opening = { repo, source, identity, passphraseFile, ownerKey }

/** What a source or module may be called. Throws `usage`. */
export function requireName(flags: string, given: string): string {
  if (namePattern.test(given)) return given
  throw wrong({ flags }, given, `a name is ${namesAre}`)
}

/** Patterns travel as text, as the manifest keeps them; parsing here finds mistakes before anything is done. */
function patterns(
  spec: { flags: string; description: string },
  parse: (given: string) => NamePattern,
): OptionSpec<readonly string[]> {
  const plain = texts(spec)
  return {
    ...plain,
    read(given) {
      const list = plain.read(given)
      for (const one of list) parse(one)
      return list
    },
  }
}

/** Environment variables that are read beside those that stand in for an option. */
export const variables: readonly { readonly name: string; readonly description: string }[] = [
  {
    name: 'HOLDFAST_PASSPHRASE',
    description:
      'The passphrase that opens the repository. It is never taken from the arguments, where other users of the machine can see it.',
  },
  {
    name: 'HOLDFAST_NEW_PASSPHRASE',
    description: 'A passphrase that is to open the repository from now on, for init and keys add.',
  },
  { name: 'HOLDFAST_DEBUG', description: 'Set to 1 to print the stack of an error.' },
  {
    name: 'XDG_CONFIG_HOME',
    description: 'Where the configuration directory `holdfast` is; `~/.config` if it is not set.',
  },
  {
    name: 'PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSERVICE, ...',
    description: 'As libpq reads them, for what a SOURCE or TARGET leaves open.',
  },
]
