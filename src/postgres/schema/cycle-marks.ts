import type { Archive } from './archive.ts'

const identifier = String.raw`(?:"(?:[^"]|"")*"|[^\s",]+)`
const constant = String.raw`(?:'(?:[^']|'')*'::[^']+?|[^\s']+)`
const clause = new RegExp(
  String.raw`( CYCLE ${identifier}(?:, ${identifier})* SET ${identifier} TO )(${constant}) DEFAULT (${constant})(?= USING ${identifier})`,
  'g',
)
/** The server writes statements that it has parsed, of views and BEGIN ATOMIC, without such quotes: what has them is as somebody wrote it. */
const dollarQuote = /\$[A-Za-z_\x80-\uffff\d]*\$/

/**
 * Writes the marks of a CYCLE clause so that a server reads them: it gives them back as `'Y'::text`, and takes only `text 'Y'` there.
 */
export function withCycleMarks(archive: Archive): Archive {
  return {
    ...archive,
    entries: archive.entries.map((entry) => {
      if (!entry.definition.includes(' CYCLE ') || dollarQuote.test(entry.definition)) return entry
      const definition = entry.definition.replace(
        clause,
        (_, head: string, mark: string, other: string) => `${head}${typed(mark)} DEFAULT ${typed(other)}`,
      )
      return { ...entry, definition }
    }),
  }
}

function typed(constantSql: string): string {
  return constantSql.replace(
    /^('(?:[^']|'')*')::([^']+)$/,
    (_, text: string, type: string) => `${type} ${text}`,
  )
}
