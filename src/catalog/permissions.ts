/** Roles of people and machines, from the one that may do all to the one that sees only its own. */
export const roles = ['super_admin', 'platform_operator', 'read_only_admin', 'tenant_admin'] as const
export type Role = (typeof roles)[number]

export const resources = [
  'repositories',
  'sources',
  'schedules',
  'jobs',
  'backups',
  'api_keys',
  'exports',
  'archives',
  'alarms',
  'alarm_settings',
  'destinations',
  'subscriptions',
  'deliveries',
  'people',
  'providers',
  'audit',
  'settings',
  'approvals',
  'restores',
] as const
export type Resource = (typeof resources)[number]

/** Those of which there are no rows: a right to create them is one to take backups out of the service, in clear or as they are sealed. */
export const withoutRows: readonly Resource[] = ['exports', 'archives']

export const actions = ['read', 'create', 'change', 'remove'] as const
export type Action = (typeof actions)[number]

/** `all`: every row. `own`: rows of the sources that the caller is bound to. */
export type Scope = 'all' | 'own'

type Rights = Readonly<Partial<Record<Resource, readonly Action[]>>>

const read = ['read'] as const
/** Who hears of what, and what is on its way, without the secrets in it. */
const alarmsRead = {
  alarms: read,
  alarm_settings: read,
  destinations: read,
  subscriptions: read,
  deliveries: read,
} as const
const everything = ['read', 'create', 'change', 'remove'] as const

/**
 * The one table of who may do what. The catalog has it as rows, from which its policies follow; a migration that changes one changes
 * the other. A job is created by whoever starts one, and changed by whoever cancels it. Restores are created into new databases; those
 * of databases in use are a change, too.
 */
export const permissions: Readonly<Record<Role, { readonly scope: Scope; readonly may: Rights }>> = {
  super_admin: {
    scope: 'all',
    may: {
      repositories: everything,
      sources: everything,
      schedules: everything,
      jobs: ['read', 'create', 'change'],
      backups: everything,
      api_keys: ['read', 'create', 'change'],
      exports: ['create'],
      archives: ['create'],
      alarms: ['read', 'change'],
      alarm_settings: everything,
      destinations: everything,
      subscriptions: everything,
      deliveries: read,
      people: everything,
      providers: everything,
      audit: read,
      settings: ['read', 'change'],
      approvals: ['read', 'change'],
      restores: ['read', 'create', 'change'],
    },
  },
  platform_operator: {
    scope: 'all',
    may: {
      repositories: read,
      sources: read,
      schedules: read,
      jobs: ['read', 'create', 'change'],
      backups: read,
      archives: ['create'],
      ...alarmsRead,
      alarms: ['read', 'change'],
      restores: ['read', 'create'],
    },
  },
  read_only_admin: {
    scope: 'all',
    may: {
      repositories: read,
      sources: read,
      schedules: read,
      jobs: read,
      backups: read,
      ...alarmsRead,
      audit: read,
      settings: read,
      approvals: read,
      restores: read,
    },
  },
  tenant_admin: { scope: 'own', may: { sources: read, jobs: read, backups: read, alarms: read } },
}

/** Whether a role has a right at all; on which rows, row level security says. */
export function may(role: Role, action: Action, resource: Resource): boolean {
  return permissions[role].may[resource]?.includes(action) === true
}

/** What a key may be used for, of what its role may do. Every key may read. */
export const keyScopes = ['read', 'run', 'change', 'destroy'] as const
export type KeyScope = (typeof keyScopes)[number]

/** What a key needs for this. The catalog has the same as holdfast.key_scope_of. */
export function keyScopeOf(action: Action, resource: Resource): KeyScope {
  if (action === 'read') return 'read'
  if (action === 'remove') return 'destroy'
  return resource === 'jobs' ? 'run' : 'change'
}
