import { ident, literal } from '../quote.ts'
import { planMemberships } from './plan-memberships.ts'
import { differences } from './role-differences.ts'
import type { RoleTarget } from './role-target.ts'
import { settingClause, splitSetting } from './settings.ts'
import type { RoleDefinition } from './types.ts'

export interface RolePlan {
  /** Roles the target lacks and that will be made. */
  readonly create: readonly RoleDefinition[]
  /** In order, before the database is made. They hold password verifiers: not to be logged or shown. */
  readonly statements: readonly string[]
  /** In order, once the database exists: what a role's settings are inside it. */
  readonly databaseStatements: readonly string[]
  /** Security labels, once the roles exist. Each fails by itself where the server has not loaded its provider. */
  readonly labelStatements: readonly string[]
  /** Where the target's roles will not be what they were in the backup. */
  readonly differing: readonly RoleDifference[]
  /** Missing roles that the restoring role may not make. */
  readonly notCreatable: readonly { readonly role: string; readonly why: string }[]
}

export interface RoleDifference {
  readonly role: string
  readonly what: string
}

/**
 * Plans the roles of a restore: those that are needed and missing are made with all they have, memberships too; those that
 * exist are never altered, their differences are told. Only settings inside the restored database are made for them, and for
 * all of them: a role may work in the database without anything there naming it, e.g. by pg_read_all_data.
 */
export function planRoles(options: {
  readonly backup: readonly RoleDefinition[]
  readonly needed: 'all' | 'none' | ReadonlySet<string>
  readonly target: RoleTarget
  /** The backed up server's major version. */
  readonly sourceMajor: number
}): RolePlan {
  const { backup, target } = options
  const needed = backup.filter((role) => isNeeded(role, options.needed))
  const missing = needed.filter((role) => !target.roles.has(role.name))
  const create: RoleDefinition[] = []
  const notCreatable: { role: string; why: string }[] = []
  for (const role of missing) {
    const why = whyNotCreatable(role, target)
    if (why === undefined) create.push(role)
    else notCreatable.push({ role: role.name, why })
  }
  const created = new Set(create.map((role) => role.name))
  const differing: RoleDifference[] = []
  for (const role of needed) {
    const existing = target.roles.get(role.name)
    if (existing !== undefined) differing.push(...differences(role, existing))
  }

  const memberships = planMemberships({ backup, create, target, sourceMajor: options.sourceMajor })
  differing.push(...memberships.differing)
  const statements = [...create.map(createStatement), ...memberships.statements]
  const databaseStatements: string[] = []
  const labelStatements: string[] = []
  for (const role of create) {
    const name = ident(role.name)
    if (role.comment !== null) statements.push(`COMMENT ON ROLE ${name} IS ${literal(role.comment)}`)
    const settings = usable(role, role.settings, target, differing)
    statements.push(...settings.map((setting) => `ALTER ROLE ${name} ${settingClause(setting)}`))
    statements.push(...parameterStatements(role, target, differing))
    for (const { provider, label } of role.securityLabels) {
      labelStatements.push(`SECURITY LABEL FOR ${ident(provider)} ON ROLE ${name} IS ${literal(label)}`)
    }
  }
  for (const role of backup) {
    const settings = databaseSettings(role, created, target, differing)
    const alter = `ALTER ROLE ${ident(role.name)} IN DATABASE ${ident(target.database)}`
    databaseStatements.push(...settings.map((setting) => `${alter} ${settingClause(setting)}`))
  }
  return { create, statements, databaseStatements, labelStatements, differing, notCreatable }
}

function isNeeded(role: RoleDefinition, needed: 'all' | 'none' | ReadonlySet<string>): boolean {
  return needed === 'all' || (needed !== 'none' && needed.has(role.name))
}

/** The rules of CREATE ROLE; undefined: it may be made. */
function whyNotCreatable(role: RoleDefinition, { current, major }: RoleTarget): string | undefined {
  if (current.superuser) return undefined
  if (!current.createRole) return `${current.name} has no CREATEROLE`
  if (role.superuser) return `it is a superuser, and ${current.name} is none`
  const own = major >= 16
  if (role.replication && !(own && current.replication)) return `${current.name} may not give REPLICATION`
  if (role.bypassRls && !(own && current.bypassRls)) return `${current.name} may not give BYPASSRLS`
  if (role.createDatabase && own && !current.createDatabase) return `${current.name} may not give CREATEDB`
  return undefined
}

function createStatement(role: RoleDefinition): string {
  const option = (on: boolean, word: string): string => (on ? word : `NO${word}`)
  const words = [
    `CREATE ROLE ${ident(role.name)} WITH`,
    option(role.superuser, 'SUPERUSER'),
    option(role.inherit, 'INHERIT'),
    option(role.createRole, 'CREATEROLE'),
    option(role.createDatabase, 'CREATEDB'),
    option(role.login, 'LOGIN'),
    option(role.replication, 'REPLICATION'),
    option(role.bypassRls, 'BYPASSRLS'),
    `CONNECTION LIMIT ${role.connectionLimit}`,
  ]
  if (role.password !== null) words.push(`PASSWORD ${literal(role.password)}`)
  if (role.validUntil !== null) words.push(`VALID UNTIL ${literal(role.validUntil)}`)
  return words.join(' ')
}

function usable(
  role: RoleDefinition,
  settings: readonly string[],
  target: RoleTarget,
  differing: RoleDifference[],
): readonly string[] {
  return settings.filter((setting) => {
    const { name } = splitSetting(setting)
    if (!target.refusedSettings.has(name)) return true
    differing.push({
      role: role.name,
      what: `the setting ${name} cannot be made here by ${target.current.name}`,
    })
    return false
  })
}

function databaseSettings(
  role: RoleDefinition,
  created: ReadonlySet<string>,
  target: RoleTarget,
  differing: RoleDifference[],
): readonly string[] {
  const existing = target.roles.get(role.name)
  if (existing === undefined && !created.has(role.name)) {
    if (role.databaseSettings.length > 0) {
      differing.push({
        role: role.name,
        what: 'does not exist here, and is not made: its settings in the database are left out',
      })
    }
    return []
  }
  const has = new Map((existing?.databaseSettings ?? []).map((s) => [splitSetting(s).name, s]))
  const wanted = role.databaseSettings.filter((setting) => has.get(splitSetting(setting).name) !== setting)
  if (wanted.length === 0) return []
  const { current } = target
  const may =
    current.superuser ||
    created.has(role.name) ||
    role.name === current.name ||
    (current.createRole && current.mayGrant.has(role.name))
  if (!may) {
    differing.push({
      role: role.name,
      what: `its settings in the database cannot be made by ${current.name}`,
    })
    return []
  }
  const free = wanted.filter((setting) => !has.has(splitSetting(setting).name))
  if (free.length < wanted.length) {
    differing.push({
      role: role.name,
      what: 'has other settings in the database, which were left as they are',
    })
  }
  return usable(role, free, target, differing)
}

function parameterStatements(
  role: RoleDefinition,
  target: RoleTarget,
  differing: RoleDifference[],
): string[] {
  if (role.parameters.length > 0 && !target.current.superuser) {
    const names = role.parameters.map((p) => `${p.privilege} on ${p.name}`).join(', ')
    differing.push({ role: role.name, what: `only a superuser can grant it ${names}` })
    return []
  }
  return role.parameters.map(
    (p) =>
      `GRANT ${p.privilege} ON PARAMETER ${ident(p.name)} TO ${ident(role.name)}${p.grantable ? ' WITH GRANT OPTION' : ''}`,
  )
}
