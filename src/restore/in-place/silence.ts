import { HoldfastError } from '../../lib/errors.ts'
import type { Sentence } from '../../lib/sentence.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { ident, qualified } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import { sentence } from '../sentences.ts'
import type { LiveTable } from './live.ts'
import type { Applied } from './apply.ts'
import { quietly } from './quiet.ts'
import type { Role } from './role.ts'

/*
 * A restore puts rows back as they were: triggers and rules that the application has made would do again what they did
 * then, or change the rows. They are off for the transaction alone.
 *
 * Each is switched off by itself, where the role has the rights of the table's owner: foreign keys stay on. Where it has not, but may
 * set session_replication_role, all triggers and rules are off that are not made for that mode, and with them the foreign keys, which
 * are checked when the changes are made (key-checks.ts).
 */

interface Code {
  readonly name: string
  /** pg_trigger.tgenabled, pg_rewrite.ev_enabled. */
  readonly enabled: string
}

/** Triggers and rules of the table that only somebody else, its owner, can switch off by themselves. */
function ofOthers(t: LiveTable): Code[] {
  return [...t.triggers.filter((g) => !g.owned), ...(t.owned ? [] : t.rules)]
}

/** Tables whose triggers and rules this role can keep silent by session_replication_role alone. */
export function silentByReplica(tables: readonly LiveTable[]): LiveTable[] {
  return tables.filter((t) => ofOthers(t).length > 0)
}

/** Why the triggers and rules of these tables can't be kept silent by this role; empty if they can. */
export function whyNotSilenced(tables: readonly LiveTable[], role: Role): Sentence[] {
  return tables.flatMap((t) => {
    const names = (list: readonly Code[]): string[] => [...new Set(list.map((c) => c.name))]
    const all = ofOthers(t)
    if (all.length === 0) return []
    const table = tableLabel(t)
    const what = `${table} has triggers or rules`
    if (!role.mayReplicate) {
      return [
        sentence(
          'not_silenced',
          { table, names: names(all), role: ident(role.name) },
          `${what} (${names(all).join(', ')}) that only its owner can switch off: restore as its owner, or GRANT SET ON PARAMETER session_replication_role TO ${ident(role.name)}.`,
        ),
      ]
    }
    const always = all.filter((c) => c.enabled !== 'O')
    return always.length === 0
      ? []
      : [
          sentence(
            'not_silenced_always',
            { table, names: names(always) },
            `${what} (${names(always).join(', ')}) that are ENABLE ALWAYS or REPLICA, and that only its owner can switch off: restore as its owner.`,
          ),
        ]
  })
}

/**
 * The table with those rules only that such changes set off. To switch a rule keeps others from reading the table, and there is no other way to
 * write past one: so not one more than must be is switched. Rows that change may be deleted and made again, and a deleted one become another.
 */
export function withRulesFor(live: LiveTable, planned: Applied): LiveTable {
  const { created, updated, deleted } = planned
  const any = updated > 0 || (created > 0 && deleted > 0)
  const happens = { insert: any || created > 0, update: any, delete: any || deleted > 0 }
  return { ...live, rules: live.rules.filter((r) => happens[r.event]) }
}

/**
 * Switches off what the role may switch off by itself, inside the transaction: nobody else ever sees it. Throws `target_lacks` if that
 * is not all, and the rest would not be silent by session_replication_role either.
 */
export async function silence(wire: Wire, tables: readonly LiveTable[], role: Role): Promise<void> {
  const [reason] = whyNotSilenced(tables, role)
  if (reason !== undefined) throw new HoldfastError('target_lacks', reason.text)
  for (const t of tables) {
    for (const { schema, table, name } of t.triggers.filter((g) => g.owned))
      await wire.query(quietly(`ALTER TABLE ONLY ${qualified(schema, table)} DISABLE TRIGGER ${ident(name)}`))
    for (const { name } of t.owned ? t.rules : [])
      await wire.query(quietly(`ALTER TABLE ${qualified(t.schema, t.name)} DISABLE RULE ${ident(name)}`))
  }
}

/** Switches them on again, each as it was. Deferred constraints must have been checked: a table with open checks can't be altered. */
export async function unsilence(wire: Wire, tables: readonly LiveTable[]): Promise<void> {
  for (const t of tables) {
    for (const { schema, table, name, enabled } of t.triggers.filter((g) => g.owned))
      await wire.query(
        quietly(`ALTER TABLE ONLY ${qualified(schema, table)} ${enabling(enabled)} TRIGGER ${ident(name)}`),
      )
    for (const { name, enabled } of t.owned ? t.rules : [])
      await wire.query(
        quietly(`ALTER TABLE ${qualified(t.schema, t.name)} ${enabling(enabled)} RULE ${ident(name)}`),
      )
  }
}

function enabling(enabled: string): string {
  return { R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' }[enabled] ?? 'ENABLE'
}
