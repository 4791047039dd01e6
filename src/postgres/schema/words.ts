/** What may hold a semicolon that ends nothing, as the server reads it with standard_conforming_strings on. */
const opaque = [
  /[eE]'(?:[^'\\]+|\\[^])*'/y,
  /'[^']*'/y,
  /"(?:[^"]|"")*"/y,
  /\$([A-Za-z_\x80-\uffff][A-Za-z_0-9\x80-\uffff]*)?\$[^]*?\$\1\$/y,
  /--[^\n]*/y,
  /[A-Za-z_\x80-\uffff][A-Za-z_0-9$\x80-\uffff]*/y,
]

/** Where the constant, quoted name, body, comment or word that begins at `at` ends; `at` if none begins there. */
export function opaqueEnd(sql: string, at: number): number {
  for (const pattern of opaque) {
    pattern.lastIndex = at
    if (pattern.test(sql)) return pattern.lastIndex
  }
  return at
}

/**
 * Words outside of brackets, constants, bodies and comments; quoted names with their quotes. pg_dump quotes names that
 * have capitals, so a word in capitals is a keyword.
 */
export function outerWords(sql: string): string[] {
  const words: string[] = []
  let depth = 0
  for (let at = 0; at < sql.length;) {
    const end = opaqueEnd(sql, at)
    const text = sql.slice(at, Math.max(end, at + 1))
    at += text.length
    if (text === '(') depth++
    else if (text === ')') depth--
    else if (depth === 0 && (/^[A-Za-z_\x80-\uffff][^']*$/.test(text) || text.startsWith('"')))
      words.push(text)
  }
  return words
}

/** What a name is called, as the server reads it. */
export function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

/** Cuts SQL behind each semicolon, and the line's end that follows it, on the outermost level. */
export function* statements(sql: string): Generator<string> {
  let start = 0
  let at = 0
  while (at < sql.length) {
    const end = opaqueEnd(sql, at)
    if (end > at) {
      at = end
    } else if (sql[at++] === ';') {
      if (sql[at] === '\n') at++
      while (sql[at] === '\n') at++
      yield sql.slice(start, at)
      start = at
    }
  }
  if (start < sql.length) yield sql.slice(start)
}
