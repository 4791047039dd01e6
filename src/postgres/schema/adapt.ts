import { opaqueEnd, statements } from './words.ts'

/** What the restore's target can do. */
export interface TargetAbilities {
  /** The server was built with lz4. */
  readonly lz4: boolean
  readonly major: number
}

/** pg_dump writes these on a line of their own, after the table. A column's name may hold anything, doubled quotes too. */
const lz4Column =
  /^ALTER TABLE ONLY (?:(?:"(?:[^"]|"")*"|[^\s."]+)\.)?(?:"(?:[^"]|"")*"|[^\s."]+) ALTER COLUMN (?:"(?:[^"]|"")*"|[^\s."]+) SET COMPRESSION lz4;\n*$/

/**
 * Behind the connection's text, which may hold anything. pg_dump writes it for servers that know no other way, and
 * only from 16 on is it an option.
 */
const runAsOwner = /, run_as_owner = true(?=(?:, \w+ = (?:\w+|'[^']*'))*\);\n*$)/

/** In the column list of a table that inherits a column which is NOT NULL in itself alone: syntax that is new in 18. */
const inheritedNotNull = /^    NOT NULL ((?:"(?:[^"]|"")*"|[^\s",()]+)),?$/

/**
 * An entry's SQL, one byte per character or as text, without what the target can't do, and which statements were
 * lost by that. Only whole statements are: text inside of a constant, a name, a body or a comment stays as it is.
 */
export function adaptEntry(sql: string, target: TargetAbilities): { sql: string; leftOut: string[] } {
  const leftOut: string[] = []
  const lacksLz4 = !target.lz4 && sql.includes(' SET COMPRESSION lz4;')
  const lacksRunAsOwner = target.major < 16 && sql.startsWith('CREATE SUBSCRIPTION ')
  const lacksNotNull = target.major < 18 && sql.includes('\n    NOT NULL ')
  if (!lacksLz4 && !lacksRunAsOwner && !lacksNotNull) return { sql, leftOut }
  let kept = ''
  for (const statement of statements(sql)) {
    const found = lacksLz4 ? lz4Column.exec(statement)?.[0] : undefined
    if (found !== undefined) leftOut.push(found.trim())
    else if (lacksRunAsOwner) kept += statement.replace(runAsOwner, '')
    else if (lacksNotNull) kept += alteredNotNull(statement)
    else kept += statement
  }
  return { sql: kept, leftOut }
}

const createTable =
  /^(?:SET [^\n]*\n+)*CREATE (UNLOGGED |FOREIGN )?TABLE ((?:(?:"(?:[^"]|"")*"|[^\s."]+)\.)?(?:"(?:[^"]|"")*"|[^\s."]+)) \(\n/

/** The statement with such columns made NOT NULL by statements of their own, behind it. */
function alteredNotNull(statement: string): string {
  const head = createTable.exec(statement)
  if (head === null) return statement
  const [opening, kind, table] = head
  const columns: string[] = []
  const lines: string[] = []
  for (const line of wholeLines(statement.slice(opening.length))) {
    const column = inheritedNotNull.exec(line)?.[1]
    if (column === undefined) lines.push(line)
    else {
      columns.push(column)
      // The last of the list: the line before it ends the list now.
      if (!line.endsWith(',')) lines.push((lines.pop() ?? '').replace(/,$/, ''))
    }
  }
  const alter = kind === 'FOREIGN ' ? 'ALTER FOREIGN TABLE' : 'ALTER TABLE'
  const after = columns.map((column) => `${alter} ONLY ${table} ALTER COLUMN ${column} SET NOT NULL;\n`)
  return [opening + lines.filter((line, at) => at > 0 || line !== '').join('\n'), ...after].join('')
}

/** Lines, where a line's end inside of a constant, a name or a body ends nothing. */
function* wholeLines(sql: string): Generator<string> {
  let start = 0
  for (let at = 0; at <= sql.length;) {
    const end = opaqueEnd(sql, at)
    if (end > at) at = end
    else if (at === sql.length || sql[at] === '\n') {
      yield sql.slice(start, at)
      start = ++at
    } else at++
  }
}
