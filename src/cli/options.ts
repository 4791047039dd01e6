import { parseSchemaPattern, parseTablePattern, type NamePattern } from '../lib/patterns.ts'
import { namePattern, namesAre } from '../config/declaration.ts'
import type { Command } from './command.ts'
import { custom, flag, integer, text, texts, wrong, type OptionSpec } from './option.ts'

/** The options that several commands share, each declared once. */

const plainRepo = texts({
  flags: '-r, --repo <address>',
  description:
    'the repository: a path, or an address such as s3://bucket/shop?region=eu-central-1; given several times: copies of it, the main one first',
  env: 'HOLDFAST_REPO',
})

export const repo = { ...plainRepo, default: 'the one in holdfast.json' }

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

const limitRate = custom({
  flags: '--limit-rate <rate>',
  description:
    'how fast to write to the repository and read from it, all together, or each copy of it: 20MB/s, 500kB/s',
  env: 'HOLDFAST_LIMIT_RATE',
  default: 'as fast as it goes',
  read: (given) => (given === undefined ? null : readRate(given)),
})

const storageRequests = integer({
  flags: '--storage-requests <n>',
  description: 'requests to the storage of the repository that are under way at once',
  env: 'HOLDFAST_STORAGE_REQUESTS',
  min: 1,
  max: 1000,
  default: undefined,
  defaultText: 'as many as there is work for',
})

/** Options of every command that opens a repository. */
export const storageLimits = { limitRate, storageRequests }

/** Options of every command that can have a service do its work. */
export const serverOptions = {
  server: text({
    flags: '--server <url>',
    description: 'have the service there do it, such as https://backups.example.com',
    env: 'HOLDFAST_SERVER',
  }),
  keyFile: text({
    flags: '--key-file <file>',
    description: 'the key for --server; or set HOLDFAST_KEY to the key itself',
    env: 'HOLDFAST_KEY_FILE',
  }),
  detach: flag({
    flags: '--detach',
    description: 'with --server: begin the job, say its id, and leave it running',
  }),
}

/** What a command takes besides its own options. */
export function sharedOptions(
  command: Pick<Command, 'arguments' | 'options' | 'server'>,
): Readonly<Record<string, OptionSpec<unknown>>> {
  return {
    ...('repo' in command.options || 'repo' in command.arguments ? storageLimits : {}),
    ...(command.server === null ? {} : serverOptions),
    ...everywhere,
  }
}

/** Options that every command takes. */
export const everywhere = { config, json, quiet }

/** What a command needs to open a repository for reading rows. */
export const opening = { repo, source, identity, passphraseFile, ownerKey }

/** What a source or module may be called. Throws `usage`. */
export function requireName(flags: string, given: string): string {
  if (namePattern.test(given)) return given
  throw wrong({ flags }, given, `a name is ${namesAre}`)
}

/** Bytes per second, in decimal units like those that are shown. */
function readRate(given: string): number {
  const match = /^(\d{1,6}(?:\.\d{1,3})?) ?(B|kB|MB|GB)(?:\/s)?$/i.exec(given)
  const [, amount = '', unit = ''] = match ?? []
  const rate = Number(amount) * 1000 ** ['b', 'kb', 'mb', 'gb'].indexOf(unit.toLowerCase())
  if (match === null || rate < 1000)
    throw wrong(limitRate, given, 'give a rate such as 20MB/s, 1kB/s at least')
  return rate
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
  {
    name: 'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE, AWS_REGION, ...',
    description:
      'As the SDK for Amazon S3 reads them, for a repository at s3://. Without them it looks into its own files and asks the machine it runs on.',
  },
  {
    name: 'AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN',
    description:
      "Account and credential for a repository at azblob://. Without a credential, Azure's own library looks for a login, also in AZURE_TENANT_ID, AZURE_CLIENT_ID, ...",
  },
  {
    name: 'GOOGLE_APPLICATION_CREDENTIALS, ...',
    description:
      "As Google's library for logging in reads them, for a repository at gs://. Without it that looks into the files of gcloud and asks the machine it runs on.",
  },
  {
    name: 'HOLDFAST_LIFELINE',
    description:
      'Set to 1 to have a command cancelled when its standard input ends: who started it has died, and can not do it any more.',
  },
  {
    name: 'HOLDFAST_PROGRESS',
    description:
      'Set to json to have stderr hold one JSON object a line, for a program: `{"type": "progress", "phase", "done", "total", "unit", "percent", "perSecond", "secondsLeft"}`, once a second at most, and `{"type": "note" | "warning" | "error", "text"}`.',
  },
  {
    name: 'HOLDFAST_KEY',
    description: 'The key for --server; no option takes it, since others can see those.',
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
