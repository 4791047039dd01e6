import { connect } from '../postgres/connect.ts'
import type { CheckContext } from './checks.ts'
import { checkOf, type DrillCheck, type Finding } from './types.ts'

/**
 * Whether the roles that may log in can do so with the passwords they had: those that the restore made have the very verifiers that the
 * backup holds. One without a verifier has no password, or the source did not let it be read; nobody can tell which.
 */
export async function checkLogins(o: CheckContext): Promise<DrillCheck> {
  const roles = o.contents.roles.filter((role) => role.login)
  const held = roles.filter((role) => role.password !== null)
  const made = new Set(o.report.rolesCreated)
  await using connection = await connect({ address: o.address, signal: o.signal })
  const found = await connection.query<{ name: string; password: string | null }>(
    `SELECT rolname::text AS name, rolpassword AS password FROM pg_catalog.pg_authid WHERE rolcanlogin`,
  )
  const passwords = new Map(found.map((role) => [role.name, role.password]))
  const failures: Finding[] = held
    .filter(({ name, password }) => made.has(name) && passwords.get(name) !== password)
    .map(({ name }) => ({
      what: name,
      why: 'it has another password than the backup holds, or may not log in',
    }))
  const notVerified = roles
    .filter((role) => role.password === null)
    .map(({ name }) => ({
      what: name,
      why: 'the backup holds no password for it: it needs a new one, or another way to log in',
    }))
  return checkOf('logins', { checked: held.length, failures, notVerified })
}
