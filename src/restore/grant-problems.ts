import type { SchemaEntry } from '../postgres/schema/entry.ts'
import { ident } from '../postgres/quote.ts'
import { entryLabel } from './entries.ts'
import type { RestoreProblem } from './types.ts'

/** What names roles besides owners. */
const naming = new Set(['ACL', 'DEFAULT ACL', 'POLICY', 'USER MAPPING'])
/** How pg_dump writes a grant that somebody else than the owner has made. */
const asAnother = /^SET SESSION AUTHORIZATION /m

/**
 * What grants and policies would fail at, when all rows are loaded already: roles that are missing, and grants that only
 * a superuser can make in another's name.
 */
export function grantProblems(o: {
  entries: readonly SchemaEntry[]
  /** The schema's SQL. */
  text: Uint8Array
  /** Roles that the backup's database uses, and that will not be there. */
  named: readonly string[]
  user: string
  superuser: boolean
}): RestoreProblem[] {
  const messages: string[] = []
  const patterns = o.named.map((name) => ({ name, pattern: mention(name) }))
  const told = new Set<string>()
  for (const entry of o.entries) {
    if (!naming.has(entry.type)) continue
    const sql = Buffer.from(o.text.buffer, o.text.byteOffset + entry.offset, entry.length).toString('utf8')
    for (const { name, pattern } of patterns) {
      if (told.has(name) || !pattern.test(sql)) continue
      told.add(name)
      const way = entry.type.endsWith('ACL') ? '; --no-grants leaves grants out' : ''
      messages.push(`The role ${name}, which ${entryLabel(entry)} names, does not exist${way}.`)
    }
    if (!o.superuser && !told.has('') && asAnother.test(sql)) {
      told.add('')
      messages.push(
        `${o.user} is no superuser, and may not make grants in the name of another, as of ${entryLabel(entry)}; --no-grants leaves grants out.`,
      )
    }
  }
  return messages.map((message) => ({ code: 'target_lacks', message }))
}

/** The name as pg_dump may write it, as a whole word. */
function mention(name: string): RegExp {
  const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const plain = /^[a-z_][a-z0-9_]*$/.test(name) ? `|${name}` : ''
  return new RegExp(`(?<=[\\s,])(?:${literally(ident(name))}${plain})(?=[\\s,;])`)
}
