import type { SchemaDump, SchemaEntry } from '../postgres/schema/entry.ts'
import { entryText, objectLabel } from './schema.ts'
import { scratchMajor, type Restored } from './scratch.ts'
import { checkOf, type DrillCheck, type DrillRequest, type Finding } from './types.ts'

/**
 * Whether each table hides the rows that it hid in the backup: row level security on or forced, with the same policies and no others.
 * One that is missing or says something else would show rows to who should not see them.
 */
export function checkRowSecurity(
  o: Pick<DrillRequest, 'contents' | 'schemaText'> & Pick<Restored, 'plan'> & { found: SchemaDump },
): DrillCheck {
  const wanted = policiesOf(o.plan.entries, o.schemaText)
  const found = policiesOf(o.found.entries, o.found.text)
  const failures: Finding[] = []
  const notVerified: Finding[] = []
  for (const [what, rule] of wanted) {
    const other = found.get(what)
    if (other === undefined) failures.push({ what, why: 'it is not in the restored database' })
    else if (other.head !== rule.head) failures.push({ what, why: 'it is for others, or for other commands' })
    else if (other.conditions === rule.conditions) continue
    // Majors print the same expression in different words.
    else if (o.contents.server.major !== scratchMajor && sameKinds(rule, other)) {
      notVerified.push({
        what,
        why: `Postgres ${o.contents.server.major} and ${scratchMajor} print its conditions differently, so they could not be compared`,
      })
    } else failures.push({ what, why: 'its conditions are others' })
  }
  for (const what of found.keys()) {
    if (!wanted.has(what)) failures.push({ what, why: 'the backup does not have it' })
  }
  return checkOf('row security', { checked: wanted.size - notVerified.length, failures, notVerified })
}

/** What says which rows of a table are seen by whom. */
interface Rule {
  /** All but the conditions; the roles in order. */
  readonly head: string
  readonly conditions: string
}

const name = String.raw`(?:"(?:[^"]|"")*"|[^\s",.;()]+)`
const policy = new RegExp(
  String.raw`^(CREATE POLICY ${name} ON ${name}\.${name}(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)?)(?: TO (${name}(?:, ${name})*))?([^]*)$`,
)
const forced = /^ALTER TABLE ONLY .+ FORCE ROW LEVEL SECURITY;$/m

/** Policies and switches by label, as pg_dump writes them. It writes roles in the order in which the server happens to keep them. */
function policiesOf(entries: readonly SchemaEntry[], text: Uint8Array): Map<string, Rule> {
  const rules = new Map<string, Rule>()
  for (const entry of entries) {
    if (entry.type === 'POLICY') {
      const sql = entryText(text, entry).trim()
      const [, head = sql, roles = '', conditions = ''] = policy.exec(sql) ?? []
      const sorted = (roles.match(new RegExp(name, 'g')) ?? []).sort().join(', ')
      rules.set(objectLabel(entry), { head: `${head} TO ${sorted}`, conditions })
    } else if (entry.type === 'ROW SECURITY') {
      rules.set(objectLabel(entry), { head: '', conditions: '' })
    } else if (entry.type === 'TABLE' && forced.test(entryText(text, entry))) {
      rules.set(`FORCED ROW SECURITY ${entry.schema}.${entry.name}`, { head: '', conditions: '' })
    }
  }
  return rules
}

function sameKinds(a: Rule, b: Rule): boolean {
  const kinds = ({ conditions }: Rule): string =>
    [/ USING \(/, / WITH CHECK \(/].map((kind) => kind.test(conditions)).join()
  return kinds(a) === kinds(b)
}
