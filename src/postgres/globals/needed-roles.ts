import type { RoleDefinition } from './types.ts'

/**
 * The roles a restored database needs, from the names its schema refers to (owners, grantees, grantors): those roles;
 * their members at any depth, who work through them; and every role that one of these is a member of, for they
 * get rights from it. Built-in roles and names that `roles` does not hold are left out. Members of a built-in role are
 * not followed: reading rights on everything make no one a user of this database.
 */
export function neededRoles(options: {
  readonly referenced: Iterable<string>
  readonly roles: readonly RoleDefinition[]
}): Set<string> {
  const byName = new Map(options.roles.map((role) => [role.name, role]))
  const members = new Map<string, string[]>()
  for (const role of options.roles) {
    for (const { role: group } of role.memberOf)
      members.set(group, [...(members.get(group) ?? []), role.name])
  }
  const named = [...options.referenced].filter((name) => byName.has(name))
  const users = reach(named, (name) => members.get(name) ?? [])
  return reach(users, (name) => groupsOf(byName.get(name)).filter((group) => byName.has(group)))
}

const groupsOf = (role: RoleDefinition | undefined): string[] => (role?.memberOf ?? []).map((m) => m.role)

function reach(from: Iterable<string>, next: (name: string) => readonly string[]): Set<string> {
  const reached = new Set(from)
  // A Set's iteration also visits what is added while it runs.
  for (const name of reached) for (const other of next(name)) reached.add(other)
  return reached
}
