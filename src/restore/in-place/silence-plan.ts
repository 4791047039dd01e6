import type { Sentence } from '../../lib/sentence.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import { sentence } from '../sentences.ts'
import type { Applied } from './apply.ts'
import { identitiesToOpen } from './identity.ts'
import { uncheckableKeys } from './rights.ts'
import { silentByReplica, whyNotSilenced, withRulesFor } from './silence.ts'
import type { Unit } from './types.ts'
import type { Workspace } from './workspace.ts'

/** How the application's triggers and rules are kept silent for these changes. */
export interface Silence {
  /** All triggers of the session are off while rows are written, and keys are checked by SQL before the commit. */
  readonly replica: boolean
  /** Says so, and why. */
  readonly warnings: readonly Sentence[]
  /** What the role lacks for the changes that were found. */
  readonly problems: readonly Sentence[]
}

/** Decides it for the tables that change: the others need nothing of the kind. */
export async function planSilence(
  workspace: Workspace,
  planned: ReadonlyMap<Unit, Applied>,
): Promise<Silence> {
  const { wire, role } = workspace
  const tables = [...planned].map(([unit, applied]) => withRulesFor(unit.live, applied))
  const loud = whyNotSilenced(tables, role)
  const by = silentByReplica(tables)
  const replica = by.length > 0 && loud.length === 0
  const identities: Sentence[] = []
  for (const unit of planned.keys()) {
    if (unit.live.owned) continue
    for (const column of await identitiesToOpen(wire, unit, workspace.foreignKeys))
      identities.push(
        sentence(
          'identity_always',
          { table: tableLabel(unit.live), column },
          `${tableLabel(unit.live)} has the column ${column}, which is always generated: only its owner can give it back another value.`,
        ),
      )
  }
  return {
    replica,
    warnings: replica
      ? [
          sentence(
            'all_triggers_off',
            { tables: by.map(tableLabel) },
            `Only their owners can switch off the triggers and rules of ${by.map(tableLabel).join(', ')} by themselves. So all triggers are off while rows are written (session_replication_role), also those that check foreign keys: these are checked by queries before the commit.`,
          ),
        ]
      : [],
    problems: [
      ...loud,
      ...identities,
      ...(replica ? await uncheckableKeys(wire, { ...workspace, planned }) : []),
    ],
  }
}
