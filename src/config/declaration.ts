import { isHoldfastError, messageOf } from '../lib/errors.ts'
import { parseSchemaPattern, parseTablePattern } from '../lib/patterns.ts'
import type { InspectAddress } from '../postgres/address.ts'
import { passwordShape } from './password-shape.ts'
import {
  list,
  named,
  object,
  oneOf,
  oneOrMore,
  optional,
  text,
  wholeNumber,
  withDefault,
  type Shape,
  type ValueOf,
} from './shape.ts'

/*
 * The one declaration of holdfast.json: the check of a file, the types, and docs/holdfast.schema.json follow from it.
 */

/** What names of sources and modules look like. No address of a database does: those have "=" or "://" in them. */
export const namePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/
export const namesAre = 'lower case letters, digits, "_" and "-", and begin with a letter or a digit'

export const proofs = ['counts', 'sampled', 'full'] as const

/** A user and password before the host, in an address of any scheme. */
const login = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*:[^/?#]*@/i

/** A parameter of an address that is called like a secret. No address of a repository has one. */
const secretParameter = /[?&][^=&]*(key|secret|token|password|credential)[^=&]*=/i

const place = text({
  description:
    'the address of a repository: a path, relative to this file, or file:///backups/shop or s3://bucket/shop',
  pattern: /\S/,
  check: (value) =>
    login.test(value) || secretParameter.test(value)
      ? { secret: true, what: 'holds a password. Leave it out of the address: this file is no place for it.' }
      : null,
})

/** A repository, or several copies of one. */
const repository = (description: string) =>
  oneOrMore({ ...place, schema: { ...place.schema, description } }, { description: `${description}: several copies of one, the main one first`, of: 'address' }) // prettier-ignore

const tablePatterns = (description: string): Shape<readonly string[]> =>
  withDefault(list(tablePattern, { description, of: 'pattern' }), [])

const tablePattern = text({
  description: 'a table or schema.table, with * and ?; names in double quotes are taken literally',
  check: (value) => refusal(() => parseTablePattern(value)),
})

const schemaPattern = text({
  description: "a schema's name, with * and ?; a name in double quotes is taken literally",
  check: (value) => refusal(() => parseSchemaPattern(value)),
})

const module = object(
  {
    description: optional(text({ description: 'what the module is, for people' })),
    tables: list(tablePattern, {
      description: 'the tables that it is made of',
      of: 'pattern',
      notEmpty: true,
    }),
  },
  { description: 'a named group of tables, for --module' },
)

const drill = object(
  {
    goal: optional(
      text({
        description: 'a duration such as 90s, 15m or 2h: how long a restore may take',
        pattern: /^[1-9]\d{0,5}[smh]$/,
      }),
    ),
    assertions: optional(
      text({ description: 'a directory of SQL files, relative to this file', pattern: /\S/ }),
    ),
  },
  { description: 'what a drill of this source is held against' },
)

const span = (description: string): Shape<string> =>
  text({ description: `${description}: a span such as 12h, 30d or 8w`, pattern: /^[1-9]\d{0,4}[hdw]$/ })

const kept = (description: string, min = 0) => optional(wholeNumber({ description, min, max: 100_000 }))

const keep = object(
  {
    last: kept('the newest so many backups'),
    within: optional(span('all that are not older than the newest by more')),
    hourly: kept('the newest backup of each of so many hours'),
    daily: kept('of each of so many days'),
    weekly: kept('of each of so many weeks'),
    monthly: kept('of each of so many months'),
    yearly: kept('of each of so many years'),
    maxCount: kept('at most so many by these rules', 1),
    verified: kept('the newest so many that a drill has proved', 1),
    restores: optional(span('how long restores in place can be undone')),
    grace: optional(span('between planning and removing')),
    zone: optional(
      text({ description: 'the time zone whose calendar counts, such as Europe/Berlin', pattern: /\S/ }),
    ),
  },
  { description: 'which backups holdfast prune keeps; the others go' },
)

function sourceShape(inspect: InspectAddress) {
  return object(
    {
      address: text({
        description: 'postgres://user@host/database, or "service=name" and the like; never with a password',
        check: (value) => addressRefusal(value, inspect),
      }),
      password: optional(passwordShape),
      repository: optional(repository('where its backups go, if not into the default')),
      profile: withDefault(oneOf(['postgres'], 'what kind of application it is'), 'postgres'),
      schemas: withDefault(
        list(schemaPattern, { description: 'only rows of these schemas', of: 'pattern' }),
        [],
      ),
      tables: tablePatterns('only rows of these tables'),
      excludeTables: tablePatterns('leave out the rows of these tables'),
      excludeData: tablePatterns('another name of excludeTables'),
      proof: optional(oneOf(proofs, 'what the source computes to compare a restore with')),
      modules: withDefault(
        named(module, { description: 'groups of tables by name', names: namePattern, namesAre }),
        new Map(),
      ),
      drill: optional(drill),
      keep: optional(keep),
    },
    { description: 'a database that is protected' },
  )
}

/** The whole file. `inspect` reads addresses of databases. */
export function configShape(inspect: InspectAddress) {
  return object(
    {
      $schema: optional(text({ description: 'where this schema is, for editors' })),
      version: oneOf([1], 'of this format'),
      repository: optional(repository('the repository where none is named')),
      sources: withDefault(
        named(sourceShape(inspect), {
          description: 'databases by name; commands take the name in place of an address',
          names: namePattern,
          namesAre,
        }),
        new Map(),
      ),
    },
    { description: 'Configuration of Holdfast: holdfast.json.' },
  )
}

export type SourceEntry = ValueOf<ReturnType<typeof sourceShape>>
export type KeepEntry = ValueOf<typeof keep>
export type ModuleEntry = ValueOf<typeof module>

/** docs/holdfast.schema.json. */
export function configSchema(): Readonly<Record<string, unknown>> {
  const { schema } = configShape(() => ({ hasPassword: false }))
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'holdfast.json', ...schema }
}

/** Nothing of an address is repeated: if it holds a password, a stray character may have put that anywhere in it. */
function addressRefusal(value: string, inspect: InspectAddress) {
  if (value.trim() === '') return 'must be an address, and is empty.'
  let secret = false
  const wrong = refusal(() => {
    secret = inspect(value).hasPassword
  })
  if (wrong !== null) return wrong
  return secret
    ? {
        secret,
        what: 'holds a password. Leave it out, and write beside it "password": {"env": "NAME"}, {"file": "PATH"} or {"command": ["PROGRAM", "ARGUMENT"]}.',
      }
    : null
}

/** What the work finds wrong. */
function refusal(work: () => unknown): string | null {
  try {
    work()
    return null
  } catch (error) {
    if (isHoldfastError(error, 'usage')) return messageOf(error)
    throw error
  }
}
