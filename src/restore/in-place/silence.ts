import { HoldfastError } from '../../lib/errors.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { ident, qualified } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { LiveTable } from './live.ts'
import type { Applied } from './apply.ts'
import { quietly } from './quiet.ts'

/*
 * A restore puts rows back as they were: triggers and rules that the application has made would do again what they did
 * then, or change the rows. They are off for the transaction alone; foreign keys stay on.
 */

/** Why the triggers of these tables can't be switched off by this role; empty if they can. */
export function whyNotSilenced(tables: readonly LiveTable[]): string[] {
  return tables
    .filter((t) => !t.owned && t.triggers.length + t.rules.length > 0)
    .map(
      (t) =>
        `${tableLabel(t)} has triggers or rules (${[...t.triggers, ...t.rules].map((r) => r.name).join(', ')}) that only its owner can switch off.`,
    )
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

/** Switches them off, inside the transaction: nobody else ever sees it. Throws `target_lacks`. */
export async function silence(wire: Wire, tables: readonly LiveTable[]): Promise<void> {
  const [reason] = whyNotSilenced(tables)
  if (reason !== undefined) {
    throw new HoldfastError('target_lacks', reason, { hint: 'Restore as a role that owns the tables.' })
  }
  for (const t of tables) {
    for (const { schema, table, name } of t.triggers)
      await wire.query(quietly(`ALTER TABLE ONLY ${qualified(schema, table)} DISABLE TRIGGER ${ident(name)}`))
    for (const { name } of t.rules)
      await wire.query(quietly(`ALTER TABLE ${qualified(t.schema, t.name)} DISABLE RULE ${ident(name)}`))
  }
}

/** Switches them on again, each as it was. Deferred constraints must have been checked: a table with open checks can't be altered. */
export async function unsilence(wire: Wire, tables: readonly LiveTable[]): Promise<void> {
  for (const t of tables) {
    for (const { schema, table, name, enabled } of t.triggers)
      await wire.query(
        quietly(`ALTER TABLE ONLY ${qualified(schema, table)} ${enabling(enabled)} TRIGGER ${ident(name)}`),
      )
    for (const { name, enabled } of t.rules)
      await wire.query(
        quietly(`ALTER TABLE ${qualified(t.schema, t.name)} ${enabling(enabled)} RULE ${ident(name)}`),
      )
  }
}

function enabling(enabled: string): string {
  return { R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' }[enabled] ?? 'ENABLE'
}
