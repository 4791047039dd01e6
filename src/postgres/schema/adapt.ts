/** What the restore's target can do. */
export interface TargetAbilities {
  /** The server was built with lz4. */
  readonly lz4: boolean
  readonly major: number
}

/** pg_dump writes these on a line of their own, after the table. A column's name may hold anything, doubled quotes too. */
const lz4Column =
  /^ALTER (?:FOREIGN )?TABLE ONLY (?:(?:"(?:[^"]|"")*"|[^\s."]+)\.)?(?:"(?:[^"]|"")*"|[^\s."]+) ALTER COLUMN (?:"(?:[^"]|"")*"|[^\s."]+) SET COMPRESSION lz4;\n*$/

/**
 * Behind the connection's text, which may hold anything. pg_dump writes it for servers that know no other way, and
 * only from 16 on is it an option.
 */
const runAsOwner = /, run_as_owner = true(?=(?:, \w+ = (?:\w+|'[^']*'))*\);\n*$)/

/**
 * An entry's SQL, one byte per character or as text, without what the target can't do, and which statements were
 * lost by that. Only whole statements are: text inside of a constant, a name, a body or a comment stays as it is.
 */
export function adaptEntry(sql: string, target: TargetAbilities): { sql: string; leftOut: string[] } {
  const leftOut: string[] = []
  const lacksLz4 = !target.lz4 && sql.includes(' SET COMPRESSION lz4;')
  const lacksRunAsOwner = target.major < 16 && sql.startsWith('CREATE SUBSCRIPTION ')
  if (!lacksLz4 && !lacksRunAsOwner) return { sql, leftOut }
  let kept = ''
  for (const statement of statements(sql)) {
    const found = lacksLz4 ? lz4Column.exec(statement)?.[0] : undefined
    if (found !== undefined) leftOut.push(found.trim())
    else if (lacksRunAsOwner) kept += statement.replace(runAsOwner, '')
    else kept += statement
  }
  return { sql: kept, leftOut }
}

/** What may hold a semicolon that ends nothing, as the server reads it with standard_conforming_strings on. */
const opaque = [
  /[eE]'(?:[^'\\]+|\\[^])*'/y,
  /'[^']*'/y,
  /"[^"]*"/y,
  /\$([A-Za-z_\x80-\uffff][A-Za-z_0-9\x80-\uffff]*)?\$[^]*?\$\1\$/y,
  /--[^\n]*/y,
  /[A-Za-z_\x80-\uffff][A-Za-z_0-9$\x80-\uffff]*/y,
]

/** Cuts SQL behind each semicolon, and the line's end that follows it, on the outermost level. */
function* statements(sql: string): Generator<string> {
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

function opaqueEnd(sql: string, at: number): number {
  for (const pattern of opaque) {
    pattern.lastIndex = at
    if (pattern.test(sql)) return pattern.lastIndex
  }
  return at
}
