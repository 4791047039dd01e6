import { ident } from '../../postgres/quote.ts'
import { unquoted } from '../../postgres/schema/words.ts'
import type { BackupContents } from '../../repository/format/contents.ts'
import { entryLabel } from '../entries.ts'
import type { SessionFacts } from './facts.ts'
import { tokensOf } from './read-sql.ts'
import { broughtAlong, type Changes, type Held } from './statements.ts'

/** Roles that the statements name and that will not be there, told before anything is done. */
export function rolesLacking(o: {
  changes: Changes
  session: SessionFacts
  made: ReadonlySet<string>
  contents: BackupContents
}): string[] {
  const there = (name: string): boolean => o.session.roles.has(name) || o.made.has(name)
  const gone = new Set(
    [...o.contents.usedRoles, ...o.contents.roles.map((r) => r.name)].filter((name) => !there(name)),
  )
  const problems = new Map<string, string>()
  const tell = (role: string, what: string): void => {
    if (!problems.has(role))
      problems.set(role, `The role ${role}, which ${what} names, does not exist; --component roles makes it.`)
  }
  const held = [...o.changes.objects.flatMap((d) => d.after ?? []), ...broughtAlong(o.changes)]
  for (const one of held)
    for (const role of namedIn(one)) if (gone.has(role)) tell(role, entryLabel(one.entry))
  for (const { object, give } of o.changes.grants) {
    for (const grant of give) {
      for (const name of [grant.grantee, grant.grantor]) {
        if (name !== null && name !== 'PUBLIC' && !there(unquoted(name))) tell(unquoted(name), object)
      }
    }
  }
  return [...problems.values()]
}

/** Names in a statement that may be roles: its owner's, those a policy is for, those of grants. */
function namedIn({ entry, side }: Held): string[] {
  const sql = side.sql(entry)
  const owner =
    entry.owner !== null && sql.endsWith(` OWNER TO ${ident(entry.owner)};\n`) ? [entry.owner] : []
  if (entry.type !== 'POLICY' && entry.type !== 'ACL') return owner
  const words = tokensOf(sql).filter((t) => t.depth === 0)
  return [...owner, ...words.map((t) => unquoted(t.text))]
}
