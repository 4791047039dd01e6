import { opaqueEnd } from '../../postgres/schema/words.ts'

/** A word, name, constant or sign of SQL, with its place, and how many brackets are open around it. */
interface Token {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly depth: number
}

/** Cuts SQL of pg_dump into tokens; comments and blanks are left out. */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = []
  let depth = 0
  for (let at = 0; at < sql.length;) {
    const end = Math.max(opaqueEnd(sql, at), at + 1)
    const text = sql.slice(at, end)
    if (text === ')') depth--
    if (!/^(\s|--)/.test(text)) tokens.push({ text, start: at, end, depth })
    if (text === '(') depth++
    at = end
  }
  return tokens
}

/** Of a statement that names an object and then what it belongs to: `CREATE POLICY name ON table ...`. Names as written. */
export function nameAndTable(sql: string): { name: string; table: string } | null {
  const tokens = tokensOf(sql)
  const kind = tokens.findIndex((t) => t.text === 'POLICY' || t.text === 'TRIGGER')
  const on = tokens.findIndex((t, at) => at > kind + 1 && t.depth === 0 && t.text === 'ON')
  const name = tokens[kind + 1]?.text
  const first = tokens[on + 1]
  if (kind < 0 || on < 0 || name === undefined || first === undefined) return null
  const last = tokens[on + 2]?.text === '.' ? tokens[on + 3] : first
  return last === undefined ? null : { name, table: sql.slice(first.start, last.end) }
}

/** What stands before a keyword on the outermost level; null if it is not there. */
export function beforeWord(sql: string, word: string): string | null {
  const found = tokensOf(sql).find((t) => t.depth === 0 && t.text === word)
  return found === undefined ? null : sql.slice(0, found.start)
}

/** The query of pg_dump's CREATE VIEW, without what follows it. */
export function queryOfView(sql: string): string | null {
  const tokens = tokensOf(sql)
  const as = tokens.find((t) => t.depth === 0 && t.text === 'AS')
  const end = tokens.find((t) => t.depth === 0 && t.text === ';')
  if (as === undefined || end === undefined) return null
  return sql.slice(as.end, end.start).replace(/\n {2}WITH (?:LOCAL|CASCADED) CHECK OPTION$/, '')
}
