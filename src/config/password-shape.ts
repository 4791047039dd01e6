import { isJsonObject } from './json.ts'
import { nearest } from '../lib/nearest.ts'
import { list, object, problem, text, type Shape } from './shape.ts'

/** Where a password is. It is never in the configuration itself. */
export type PasswordReference =
  /** In an environment variable. */
  | { readonly env: string }
  /** The first line of a file. */
  | { readonly file: string }
  /** The first line that a program prints, which is run without a shell. */
  | { readonly command: readonly string[] }

const kinds = {
  env: object(
    {
      env: text({
        description: 'the name of an environment variable: letters, digits and "_"',
        pattern: /^[A-Za-z_][A-Za-z0-9_]*$/,
      }),
    },
    { description: 'it is in an environment variable' },
  ),
  file: object(
    {
      file: text({
        description: 'a path, relative to this file; its first line is the password',
        pattern: /\S/,
      }),
    },
    { description: 'it is in a file' },
  ),
  command: object(
    {
      command: list(text({ description: 'the program, then its arguments' }), {
        description:
          'a program and its arguments, run without a shell; the first line it prints within a minute is the password',
        of: 'text',
        notEmpty: true,
      }),
    },
    { description: 'a program prints it' },
  ),
}

const forms = '{"env": "NAME"}, {"file": "PATH"} or {"command": ["PROGRAM", "ARGUMENT"]}'
const literal = {
  secret: true,
  what: `holds a password, it seems. Write where it is instead: ${forms}; or leave it to PGPASSWORD or a password file (.pgpass).`,
}

/** A reference to a password. What is no reference may be the password itself: nothing of it is repeated. */
export const passwordShape: Shape<PasswordReference> = {
  schema: {
    description: 'where the password is, never the password itself',
    oneOf: Object.values(kinds).map(({ schema }) => schema),
  },
  read(value, path) {
    if (!isJsonObject(value)) throw problem(path, literal)
    const [name = '', ...more] = value.keys()
    if (name === '' || more.length > 0) throw problem(path, `must be exactly one of ${forms}.`)
    if (name === 'env' || name === 'file' || name === 'command') return kinds[name].read(value, path)
    const meant = nearest(name, Object.keys(kinds))
    throw problem(path, meant === null ? literal : `must be ${forms}. Did you mean ${meant}?`)
  },
}
