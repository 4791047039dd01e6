export const roles = ['super_admin', 'platform_operator', 'read_only_admin', 'tenant_admin'] as const
export type Role = (typeof roles)[number]
export const scopes = ['read', 'run', 'change', 'destroy'] as const
export type KeyScope = (typeof scopes)[number]
