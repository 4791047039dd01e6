import { HoldfastError } from './errors.ts'

/** Which schemas or tables a person means: `*` is any text, `?` one character, `"..."` is taken literally. */
export interface NamePattern {
  /** As it was written, for messages. */
  readonly text: string
  /** Null: any schema. For a schema pattern always null. */
  readonly schema: RegExp | null
  readonly name: RegExp
}

/** Reads `table`, `schema.table`, `"Quoted.Name"."other"`. Case counts, unlike in SQL. Throws `usage`. */
export function parseTablePattern(text: string): NamePattern {
  const [first, second, ...more] = parts(text)
  if (first === undefined || more.length > 0) throw wrong(text, 'write table or schema.table')
  return second === undefined ? { text, schema: null, name: first } : { text, schema: first, name: second }
}

/** Reads the pattern of a schema's name. Throws `usage`. */
export function parseSchemaPattern(text: string): NamePattern {
  const [name, ...more] = parts(text)
  if (name === undefined || more.length > 0) {
    throw wrong(text, 'write one name; put it in double quotes if it holds a dot')
  }
  return { text, schema: null, name }
}

/** True if the table is one that the pattern means. */
export function matchesTable(pattern: NamePattern, table: { schema: string; name: string }): boolean {
  return (pattern.schema === null || pattern.schema.test(table.schema)) && pattern.name.test(table.name)
}

/** True if the schema is one that the pattern means. */
export function matchesSchema(pattern: NamePattern, schema: string): boolean {
  return pattern.name.test(schema)
}

/** The pattern that means exactly this name: the inverse of parsing. */
export function quotePattern(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** The names between the dots, each as an expression that matches whole names. */
function parts(text: string): RegExp[] {
  const found: RegExp[] = []
  let source = ''
  let empty = true
  let quoted = false
  const end = (): void => {
    if (empty) throw wrong(text, 'a name is empty')
    found.push(new RegExp(`^${source}$`, 'su'))
    source = ''
    empty = true
  }
  const characters = [...text]
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? ''
    if (character === '"') {
      if (quoted && characters[i + 1] === '"') {
        source += '"'
        empty = false
        i++
      } else {
        quoted = !quoted
      }
    } else if (character === '.' && !quoted) {
      end()
    } else {
      if (quoted || (character !== '*' && character !== '?')) source += RegExp.escape(character)
      else if (character === '?') source += '.'
      // Two stars mean no more than one, and would only make matching slow.
      else if (!source.endsWith('.*')) source += '.*'
      empty = false
    }
  }
  if (quoted) throw wrong(text, 'a double quote is not closed')
  end()
  return found
}

function wrong(text: string, why: string): HoldfastError {
  return new HoldfastError('usage', `"${text}" is no pattern: ${why}.`, {
    hint: 'Patterns are schema.table or table, with * and ?; names in double quotes are taken literally.',
  })
}
