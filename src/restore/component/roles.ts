import { neededRoles } from '../../postgres/globals/needed-roles.ts'
import { planRoles } from '../../postgres/globals/plan-roles.ts'
import { differences } from '../../postgres/globals/role-differences.ts'
import type { RoleTarget } from '../../postgres/globals/role-target.ts'
import { settingClause, splitSetting } from '../../postgres/globals/settings.ts'
import type { RoleDefinition } from '../../postgres/globals/types.ts'
import { ident, literal } from '../../postgres/quote.ts'
import type { BackupContents } from '../../repository/format/contents.ts'
import type { ComponentChange, ComponentOptions, Step } from './types.ts'

export interface RoleChanges {
  readonly changes: readonly ComponentChange[]
  readonly forward: readonly Step[]
  /** What takes it back. */
  readonly back: readonly Step[]
  /** Names of roles that are made. */
  readonly made: ReadonlySet<string>
  readonly warnings: readonly string[]
  readonly problems: readonly string[]
}

/** Plans the roles: missing ones are made with all they have; those that differ are altered only if that is asked for; none is dropped. */
export function planRoleChanges(o: {
  contents: BackupContents
  target: RoleTarget
  options: ComponentOptions
}): RoleChanges {
  const { contents, target, options } = o
  const owners = contents.schema.entries.flatMap((e) => e.owner ?? [])
  const needed =
    options.roles === 'all'
      ? ('all' as const)
      : neededRoles({ referenced: [...owners, ...contents.usedRoles], roles: contents.roles })
  const plan = planRoles({ backup: contents.roles, needed, target, sourceMajor: contents.server.major })
  const create = options.actions.create ? plan.create : []
  const made = new Set(create.map((r) => r.name))
  const meant = contents.roles.filter((r) => needed === 'all' || needed.has(r.name))
  const changes: ComponentChange[] = []
  const [forward, back]: [Step[], Step[]] = [[], []]
  const warnings: string[] = []
  const ofMade = plan.databaseStatements.filter((sql) =>
    create.some((r) => sql.startsWith(`ALTER ROLE ${ident(r.name)} IN DATABASE `)),
  )
  if (create.length > 0)
    forward.push({
      object: `roles ${[...made].join(', ')}`,
      sql: [...plan.statements, ...plan.labelStatements, ...ofMade].join(';\n'),
    })
  for (const role of [...create].reverse())
    back.push({ object: `role ${role.name}`, sql: `DROP ROLE ${ident(role.name)};` })
  for (const role of meant) {
    const existing = target.roles.get(role.name)
    const change = { component: 'roles' as const, object: `role ${role.name}`, after: roleText(role) }
    if (existing === undefined) {
      const why = plan.notCreatable.find((r) => r.role === role.name)?.why ?? null
      const action = made.has(role.name) ? 'make' : null
      changes.push({ ...change, found: 'missing', action, before: null, note: why })
      continue
    }
    const differing = differences(role, existing)
    if (differing.length === 0) continue
    const kept = whyKept(role, target)
    const alter = options.actions.update && kept === null
    const note = [...differing.map((d) => d.what), ...(kept === null ? [] : [kept])].join('; ')
    const action = alter ? 'replace' : null
    changes.push({ ...change, found: 'changed', action, before: roleText(existing), note })
    if (!alter) continue
    if (role.password !== null && existing.password === null)
      warnings.push(
        `The password of the role ${role.name} is set, and undoing can't take that back: what it is now, if there is one, can't be read.`,
      )
    forward.push({ object: change.object, sql: alterRole(existing, role) })
    back.push({ object: change.object, sql: alterRole(role, existing) })
  }
  const known = new Set(contents.roles.map((r) => r.name))
  for (const [name, role] of target.roles) {
    if (known.has(name)) continue
    const extra = { component: 'roles' as const, object: `role ${name}`, found: 'extra' as const }
    changes.push({
      ...extra,
      action: null,
      before: roleText(role),
      after: null,
      note: 'roles are never dropped',
    })
  }
  return {
    changes,
    forward,
    back,
    made,
    warnings: [
      ...plan.differing.filter((d) => made.has(d.role)).map((d) => `Role ${d.role}: ${d.what}`),
      ...warnings,
    ],
    problems: options.actions.create
      ? plan.notCreatable.map((r) => `The role ${r.role} can't be made: ${r.why}.`)
      : [],
  }
}

function whyKept(role: RoleDefinition, { current }: RoleTarget): string | null {
  if (role.bootstrap) return 'the role that the server was made with is never altered'
  return role.name === current.name ? 'it is the role that restores, and is never altered' : null
}

const attributes: readonly (readonly [keyof RoleDefinition, string])[] = [
  ['superuser', 'SUPERUSER'],
  ['inherit', 'INHERIT'],
  ['createRole', 'CREATEROLE'],
  ['createDatabase', 'CREATEDB'],
  ['login', 'LOGIN'],
  ['replication', 'REPLICATION'],
  ['bypassRls', 'BYPASSRLS'],
]

/** A role for people, without its password. */
export function roleText(role: RoleDefinition): string {
  return [
    `CREATE ROLE ${ident(role.name)}`,
    ...attributes.map(([key, word]) => `  ${role[key] === true ? '' : 'NO'}${word}`),
    `  CONNECTION LIMIT ${role.connectionLimit}`,
    ...(role.validUntil === null ? [] : [`  VALID UNTIL ${literal(role.validUntil)}`]),
    ...(role.password === null ? [] : ['  with a password']),
    ...role.memberOf.map((m) => `  member of ${m.role}${m.admin ? ' with ADMIN' : ''}`),
    ...role.settings.map((s) => `  ${settingClause(s)}`),
    ...(role.comment === null ? [] : [`  COMMENT ${literal(role.comment)}`]),
  ].join('\n')
}

/** Makes a role what it was. A password that was not readable stays. */
function alterRole(from: RoleDefinition, to: RoleDefinition): string {
  const name = ident(to.name)
  const words = attributes.flatMap(([key, word]) =>
    from[key] === to[key] ? [] : [to[key] === true ? word : `NO${word}`],
  )
  if (from.connectionLimit !== to.connectionLimit) words.push(`CONNECTION LIMIT ${to.connectionLimit}`)
  if (to.password !== null && from.password !== to.password) words.push(`PASSWORD ${literal(to.password)}`)
  if (from.validUntil !== to.validUntil) words.push(`VALID UNTIL ${literal(to.validUntil ?? 'infinity')}`)
  const statements = words.length === 0 ? [] : [`ALTER ROLE ${name} WITH ${words.join(' ')}`]
  if (from.comment !== to.comment)
    statements.push(`COMMENT ON ROLE ${name} IS ${to.comment === null ? 'NULL' : literal(to.comment)}`)
  const wanted = new Set(to.settings.map((s) => splitSetting(s).name))
  for (const setting of from.settings) {
    const own = splitSetting(setting).name
    if (!wanted.has(own)) statements.push(`ALTER ROLE ${name} RESET ${ident(own)}`)
  }
  for (const setting of to.settings) {
    if (!from.settings.includes(setting)) statements.push(`ALTER ROLE ${name} ${settingClause(setting)}`)
  }
  const has = (role: RoleDefinition, m: { role: string; admin: boolean }): boolean =>
    role.memberOf.some((other) => other.role === m.role && (other.admin || !m.admin))
  for (const m of from.memberOf) {
    if (!to.memberOf.some((other) => other.role === m.role))
      statements.push(`REVOKE ${ident(m.role)} FROM ${name}`)
    else if (!has(to, m)) statements.push(`REVOKE ADMIN OPTION FOR ${ident(m.role)} FROM ${name}`)
  }
  for (const m of to.memberOf) {
    if (!has(from, m))
      statements.push(`GRANT ${ident(m.role)} TO ${name}${m.admin ? ' WITH ADMIN OPTION' : ''}`)
  }
  return `${statements.join(';\n')};`
}
