import { makeAddress } from '../postgres/server-address.ts'
import type { ServerAddress } from '../postgres/connect.ts'
import { assertionCheck, runAssertions } from './assertions.ts'
import { checkForeignKeys } from './foreign-keys.ts'
import { checkIndexes } from './indexes.ts'
import { checkLogins } from './logins.ts'
import type { Measure } from './measure.ts'
import { checkRowSecurity } from './row-security.ts'
import { checkSchema, readSchema } from './schema.ts'
import type { Restored } from './scratch.ts'
import { checkOf, type DrillReport, type DrillRequest } from './types.ts'

/** What every check of the restored database gets. */
export interface CheckContext extends DrillRequest, Restored {
  /** The restored database, as its superuser. */
  readonly address: ServerAddress
  /** To be told how many of the things to check are done. */
  readonly onDone: (count: number) => void
}

/**
 * Makes every check, whatever the others find. The schema is read before anything is added to the database that it could
 * find: amcheck's extension, and the role of the assertions.
 */
export async function runChecks(
  o: DrillRequest & Restored & { measure: Measure },
): Promise<Pick<DrillReport, 'checks' | 'assertions'>> {
  const { measure } = o
  const address = withoutEventTriggers(o.target)
  const checking = (phase: string): CheckContext => {
    let done = 0
    const onDone = (count: number): void =>
      o.onProgress?.({ phase, done: (done += count), total: null, unit: 'objects' })
    onDone(0)
    return { ...o, address, onDone }
  }
  const schema = await measure.phase('reading the schema back', () => readSchema(address, o.signal))
  const foreignKeys = await measure.phase('checking foreign keys', () =>
    checkForeignKeys(checking('checking foreign keys')),
  )
  const indexes = await measure.phase('checking indexes', () => checkIndexes(checking('checking indexes')))
  const logins = await checkLogins(checking('checking logins'))
  const given = o.assertions ?? []
  const assertions =
    given.length === 0
      ? []
      : await measure.phase('running assertions', () =>
          runAssertions({
            ...checking('running assertions'),
            assertions: given,
            incomplete: o.part !== undefined || o.plan.leftOut.length > 0,
          }),
        )
  return {
    checks: [
      checkOf('restore', { checked: o.report.tables.length }),
      checkSchema(o.plan.entries, schema.entries),
      foreignKeys,
      checkRowSecurity({ ...o, found: schema }),
      indexes,
      logins,
      ...(given.length === 0 ? [] : [assertionCheck(assertions)]),
    ],
    assertions,
  }
}

/** The database's own are restored, and would have a say in what the checks do; one that fires at every login may forbid it. */
function withoutEventTriggers(target: ServerAddress): ServerAddress {
  return makeAddress({ ...target, password: target.password, options: '-c event_triggers=off' })
}
