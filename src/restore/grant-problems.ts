import type { Sentence } from '../lib/sentence.ts'
import type { SchemaEntry } from '../postgres/schema/entry.ts'
import { ident } from '../postgres/quote.ts'
import { entryLabel } from './entries.ts'
import { problem } from './problems.ts'
import { sentence } from './sentences.ts'
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
  const found: Sentence[] = []
  const patterns = o.named.map((name) => ({ name, pattern: mention(name) }))
  const told = new Set<string>()
  for (const entry of o.entries) {
    if (!naming.has(entry.type)) continue
    const sql = Buffer.from(o.text.buffer, o.text.byteOffset + entry.offset, entry.length).toString('utf8')
    for (const { name, pattern } of patterns) {
      if (told.has(name) || !pattern.test(sql)) continue
      told.add(name)
      const isGrant = entry.type.endsWith('ACL')
      const way = isGrant ? '; --no-grants leaves grants out' : ''
      found.push(
        sentence(
          isGrant ? 'no_role_granted' : 'no_role_named',
          { role: name, what: entryLabel(entry) },
          `The role ${name}, which ${entryLabel(entry)} names, does not exist${way}.`,
        ),
      )
    }
    if (!o.superuser && !told.has('') && asAnother.test(sql)) {
      told.add('')
      found.push(
        sentence(
          'grant_of_another',
          { user: o.user, what: entryLabel(entry) },
          `${o.user} is no superuser, and may not make grants in the name of another, as of ${entryLabel(entry)}; --no-grants leaves grants out.`,
        ),
      )
    }
  }
  return found.map((said) => problem('target_lacks', said))
}

/** The name as pg_dump may write it, as a whole word. */
function mention(name: string): RegExp {
  const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const plain = /^[a-z_][a-z0-9_]*$/.test(name) ? `|${name}` : ''
  return new RegExp(`(?<=[\\s,])(?:${literally(ident(name))}${plain})(?=[\\s,;])`)
}
