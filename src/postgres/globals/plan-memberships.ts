import { ident } from '../quote.ts'
import type { RoleTarget } from './role-target.ts'
import type { RoleDefinition, RoleMembership } from './types.ts'

interface Grant extends RoleMembership {
  readonly member: string
}

/**
 * The GRANTs that make the created roles members of what they were members of. From 16 on a grant needs a
 * grantor who holds ADMIN OPTION at that moment, or the bootstrap superuser: so grants are ordered, each after the one
 * that gives its grantor the right. A superuser's plain GRANT is recorded as the bootstrap superuser's.
 */
export function planMemberships(options: {
  readonly backup: readonly RoleDefinition[]
  readonly create: readonly RoleDefinition[]
  readonly target: RoleTarget
  readonly sourceMajor: number
}): { statements: string[]; differing: { role: string; what: string }[] } {
  const { create, target, sourceMajor } = options
  const created = new Set(create.map((role) => role.name))
  const bootstrap = options.backup.find((role) => role.bootstrap)?.name
  const differing: { role: string; what: string }[] = []
  const exists = (role: string): boolean =>
    created.has(role) || target.roles.has(role) || target.builtIn.has(role)

  const plain = new Map<string, Grant>()
  const addPlain = (grant: Grant): void => {
    const key = keyOf(grant.role, grant.member)
    plain.set(key, both(plain.get(key), grant))
  }
  let waiting: Grant[] = []
  for (const grant of create.flatMap((role) => role.memberOf.map((m) => ({ ...m, member: role.name })))) {
    if (!exists(grant.role)) {
      differing.push({
        role: grant.member,
        what: `is not made a member of ${grant.role}, which does not exist`,
      })
    } else if (
      !target.current.superuser &&
      !created.has(grant.role) &&
      !target.current.mayGrant.has(grant.role)
    ) {
      differing.push({
        role: grant.member,
        what: `${target.current.name} may not make it a member of ${grant.role}`,
      })
    } else if (grant.grantor !== null && keepsGrantor(grant.grantor)) {
      waiting.push(grant)
    } else {
      addPlain(grant)
    }
  }

  const holders = new Set<string>()
  const learn = (grant: Grant): unknown => grant.admin && holders.add(keyOf(grant.role, grant.member))
  for (const role of target.roles.values()) for (const m of role.memberOf) learn({ ...m, member: role.name })
  plain.forEach(learn)
  const ordered: Grant[] = []
  while (waiting.length > 0) {
    const ready = waiting.filter(
      (grant) =>
        target.major < 16 || (grant.grantor !== null && holders.has(keyOf(grant.role, grant.grantor))),
    )
    if (ready.length === 0) break
    ready.forEach(learn)
    ordered.push(...ready)
    waiting = waiting.filter((grant) => !ready.includes(grant))
  }
  for (const grant of waiting) {
    differing.push({
      role: grant.member,
      what: `${grant.grantor ?? ''} cannot be recorded as who made it a member of ${grant.role}`,
    })
    addPlain(grant)
  }
  return {
    statements: [
      ...[...plain.values()].map((grant) => grantStatement(grant, target.major, null)),
      ...ordered.map((grant) => grantStatement(grant, target.major, grant.grantor)),
    ],
    differing,
  }

  /** Only a superuser can name another grantor; before 16 grantors were not kept true by the server. */
  function keepsGrantor(grantor: string): boolean {
    if (!target.current.superuser || !exists(grantor)) return false
    if (target.major < 16) return true
    return sourceMajor >= 16 && grantor !== bootstrap
  }
}

function grantStatement(grant: Grant, major: number, grantor: string | null): string {
  const flag = (on: boolean | null): string => (on === true ? 'TRUE' : 'FALSE')
  const options =
    major >= 16 && grant.inherit !== null
      ? ` WITH ADMIN ${flag(grant.admin)}, INHERIT ${flag(grant.inherit)}, SET ${flag(grant.set)}`
      : grant.admin
        ? ' WITH ADMIN OPTION'
        : ''
  const by = grantor === null ? '' : ` GRANTED BY ${ident(grantor)}`
  return `GRANT ${ident(grant.role)} TO ${ident(grant.member)}${options}${by}`
}

/** Two grants by different grantors that become one by the same: the later GRANT would otherwise take back the earlier's options. */
function both(a: Grant | undefined, b: Grant): Grant {
  if (a === undefined) return b
  const either = (x: boolean | null, y: boolean | null): boolean | null =>
    x === null && y === null ? null : x === true || y === true
  return { ...b, admin: a.admin || b.admin, inherit: either(a.inherit, b.inherit), set: either(a.set, b.set) }
}

const keyOf = (role: string, member: string): string => JSON.stringify([role, member])
