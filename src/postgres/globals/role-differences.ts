import type { RoleDefinition, RoleMembership } from './types.ts'

type Comparable =
  'superuser' | 'inherit' | 'createRole' | 'createDatabase' | 'login' | 'replication' | 'bypassRls'

const attributes: Readonly<Record<Comparable, string>> = {
  superuser: 'SUPERUSER',
  inherit: 'INHERIT',
  createRole: 'CREATEROLE',
  createDatabase: 'CREATEDB',
  login: 'LOGIN',
  replication: 'REPLICATION',
  bypassRls: 'BYPASSRLS',
}

/** How a role that the target has already is not what it was in the backup. Names what differs, never a password. */
export function differences(
  backup: RoleDefinition,
  target: RoleDefinition,
): { role: string; what: string }[] {
  const found: string[] = []
  for (const [key, word] of Object.entries(attributes) as [Comparable, string][]) {
    if (backup[key] !== target[key])
      found.push(target[key] ? `has ${word} here, not in the backup` : `lacks ${word}`)
  }
  if (backup.connectionLimit !== target.connectionLimit) {
    found.push(`connection limit is ${target.connectionLimit}, was ${backup.connectionLimit}`)
  }
  if (backup.validUntil !== target.validUntil) {
    found.push(`valid until ${target.validUntil ?? 'ever'}, was ${backup.validUntil ?? 'ever'}`)
  }
  if (backup.password !== null && target.password !== null && backup.password !== target.password) {
    found.push('has another password')
  }
  if (backup.comment !== target.comment) found.push('has another comment')
  found.push(...missing(backup.settings, target.settings).map((setting) => `lacks the setting ${setting}`))
  found.push(
    ...missing(target.settings, backup.settings).map((setting) => `has the setting ${setting} here only`),
  )
  const was = backup.memberOf.map(membership)
  const is = target.memberOf.map(membership)
  found.push(...missing(was, is).map((m) => `is not ${m}`))
  found.push(...missing(is, was).map((m) => `is ${m} here only`))
  const parameters = (role: RoleDefinition): string[] =>
    role.parameters.map((p) => `${p.privilege} on ${p.name}`)
  found.push(...missing(parameters(backup), parameters(target)).map((p) => `may not ${p}`))
  return found.map((what) => ({ role: backup.name, what }))
}

const missing = (wanted: readonly string[], held: readonly string[]): string[] =>
  [...new Set(wanted)].filter((item) => !held.includes(item))

const membership = (m: RoleMembership): string => `a member of ${m.role}${m.admin ? ' with ADMIN' : ''}`
