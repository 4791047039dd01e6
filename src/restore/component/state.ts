import { createHash } from 'node:crypto'
import { readRoles } from '../../postgres/globals/roles.ts'
import type { RoleDefinition } from '../../postgres/globals/types.ts'
import { literal } from '../../postgres/quote.ts'
import { dumpSchema } from '../../postgres/schema/dump.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { SafetyObject } from '../../repository/format/restore-contents.ts'
import { entryLabel } from '../entries.ts'
import { roleText } from './roles.ts'
import { keyOfEntry, sideOf, type Side } from './side.ts'

/** All objects of a database, and the roles of its server, as text that is equal for equal ones. By key. */
export type SchemaState = ReadonlyMap<string, { readonly object: string; readonly sql: string }>

/** Reads the state inside the repeatable read transaction that is open on the wire. */
export async function readState(wire: Wire, signal?: AbortSignal): Promise<SchemaState> {
  const roles = await readRolesOver(wire)
  const [row] = await wire.query(
    `SELECT pg_catalog.getdatabaseencoding(), pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000`,
  )
  // pg_dump makes the transaction one that only reads, and leaves its settings and statements.
  await wire.query('SAVEPOINT reading')
  const dump = await dumpSchema({ wire, keepTransaction: true, signal })
  await wire.query('ROLLBACK TO SAVEPOINT reading; DEALLOCATE ALL')
  const [encoding, major] = [row?.[0] ?? '', Number(row?.[1])]
  return stateOf(sideOf({ ...dump, encoding, major, isTarget: true, noOwner: false }), roles)
}

export function stateOf(side: Side, roles: readonly RoleDefinition[]): SchemaState {
  const state = new Map<string, { object: string; sql: string }>()
  for (const entry of side.entries)
    state.set(keyOfEntry(entry), { object: entryLabel(entry), sql: side.wholeSql(entry) })
  for (const role of roles)
    state.set(JSON.stringify(['ROLE', null, role.name, null]), {
      object: `role ${role.name}`,
      sql: wholeRoleText(role),
    })
  return state
}

/** Everything that is not alike in two states. */
export function changesBetween(before: SchemaState, after: SchemaState): SafetyObject[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])]
  return keys.flatMap((key) => {
    const [was, is] = [before.get(key), after.get(key)]
    if (was?.sql === is?.sql) return []
    const object = is?.object ?? was?.object ?? ''
    return [{ key, object, before: was?.sql ?? null, after: is?.sql ?? null }]
  })
}

/** Roles as the open transaction of the wire sees them. */
export async function readRolesOver(wire: Wire): Promise<readonly RoleDefinition[]> {
  const { roles } = await readRoles({
    async query<Row extends Record<string, unknown>>(sql: string, values: readonly unknown[] = []) {
      const bound = sql.replaceAll(/\$(\d+)/g, (_, n: string) => {
        const value = values[Number(n) - 1]
        return typeof value === 'string' ? literal(value) : 'NULL'
      })
      const rows = await wire.query(`SELECT pg_catalog.row_to_json(q) FROM (${bound}) q`)
      return rows.map(([json]) => JSON.parse(json ?? '') as Row)
    },
  })
  return roles
}

const passwordLine = /\n {2}PASSWORD sha256 [0-9a-f]{64}/

/** All that tells whether a role has been changed. In place of the verifier of its password stands a hash of it. */
function wholeRoleText(role: RoleDefinition): string {
  const hash = (verifier: string): string => createHash('sha256').update(verifier).digest('hex')
  return [
    roleText({ ...role, password: null, settings: [...role.settings].sort() }),
    ...(role.password === null ? [] : [`  PASSWORD sha256 ${hash(role.password)}`]),
    ...[...role.databaseSettings].sort().map((s) => `  in the database ${s}`),
    ...role.parameters.map((p) => `  may ${p.privilege} ${p.name}${p.grantable ? ' and grant it' : ''}`),
    ...role.securityLabels.map((l) => `  ${l.provider} ${l.label}`),
  ].join('\n')
}

/** A text of a state for people: nothing of a password. */
export function shownSql(sql: string | null): string | null {
  return sql?.replace(passwordLine, '\n  with a password') ?? null
}

/** Whether an object is what it was to be. A password that nobody can take away again is let be. */
export function isAs(is: string | null, wanted: string | null): boolean {
  if (is === wanted) return true
  if (is === null || wanted === null || passwordLine.test(wanted)) return false
  return is.replace(passwordLine, '') === wanted
}
