/** A name as an SQL identifier, always in double quotes. A name cannot hold a NUL: the server has none that does. */
export function ident(name: string): string {
  return `"${withoutNul(name).replaceAll('"', '""')}"`
}

/** A schema-qualified name, both parts quoted. */
export function qualified(schema: string, name: string): string {
  return `${ident(schema)}.${ident(name)}`
}

/**
 * A text as an SQL string constant. Text with a backslash becomes an `E''` constant, which reads the same whatever
 * standard_conforming_strings is.
 */
export function literal(text: string): string {
  const quoted = withoutNul(text).replaceAll("'", "''")
  return quoted.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}

function withoutNul(text: string): string {
  if (text.includes('\0')) throw new TypeError('A Postgres text cannot hold a NUL character')
  return text
}
