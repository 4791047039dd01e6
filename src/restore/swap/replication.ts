import type { Connection } from '../../postgres/connect.ts'
import type { RestoreProblem } from '../types.ts'
import { problem } from '../problems.ts'
import { sentence } from '../sentences.ts'

/** What of a database takes part in logical replication. */
export interface Replication {
  readonly subscriptions: readonly { readonly name: string; readonly enabled: boolean }[]
  readonly slots: readonly string[]
}

/** From any database of the server. */
export async function readReplication(connection: Connection, oid: number): Promise<Replication> {
  const subscriptions = await connection.query<{ name: string; enabled: boolean }>(
    'SELECT subname AS name, subenabled AS enabled FROM pg_catalog.pg_subscription WHERE subdbid = $1 ORDER BY 1',
    [oid],
  )
  const slots = await connection.query<{ name: string }>(
    'SELECT slot_name AS name FROM pg_catalog.pg_replication_slots WHERE datoid = $1 AND NOT temporary ORDER BY 1',
    [oid],
  )
  return { subscriptions, slots: slots.map((s) => s.name) }
}

/** Slots and enabled subscriptions belong to the database that is replaced, and would go on in it where nobody sees them. */
export function replicationProblems(name: string, { slots, subscriptions }: Replication): RestoreProblem[] {
  const enabled = subscriptions.filter((s) => s.enabled).map((s) => s.name)
  const problems: RestoreProblem[] = []
  if (slots.length > 0) {
    problems.push(
      problem(
        'target_replicated',
        sentence(
          'slots_stay',
          { database: name, names: slots },
          `${name} has the logical replication slots ${slots.join(', ')}. They would stay with the old database, keep the server's log for ever, and their subscribers would get nothing: end those subscriptions and drop the slots first, and make them anew afterwards.`,
        ),
      ),
    )
  }
  if (enabled.length > 0) {
    problems.push(
      problem(
        'target_replicated',
        sentence(
          'subscribes',
          { database: name, names: enabled },
          `${name} subscribes by ${enabled.join(', ')}. What its publishers have sent since the backup would be missing in the restored database without a word: ALTER SUBSCRIPTION ... DISABLE first, and make the subscriptions anew afterwards.`,
        ),
      ),
    )
  }
  return problems
}
