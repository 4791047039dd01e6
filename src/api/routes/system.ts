import { permissions, resources, roles } from '../../catalog/permissions.ts'
import { readSystem } from '../../catalog/system.ts'
import { version } from '../../version.ts'
import { newApi, route, withCaller, type Api, type ApiOptions } from '../context.ts'
import { Roles, System } from '../contract.ts'

const tags: [string] = ['system']

const listRoles = route({ method: 'get', path: '/roles', tags, summary: 'Who may do what', request: {}, status: 200, gives: Roles }) // prettier-ignore
const system = route({ method: 'get', path: '/system', tags, summary: 'How the service itself stands', request: {}, status: 200, gives: System }) // prettier-ignore

export function systemRoutes(o: ApiOptions): Api {
  const api = newApi()

  // No secret: whoever is signed in may know what others may do.
  api.openapi(listRoles, (c) => {
    const items = roles.map((role) => {
      const { scope, may } = permissions[role]
      const rights = Object.fromEntries(resources.map((resource) => [resource, [...(may[resource] ?? [])]]))
      return { role, scope, rights }
    })
    return c.json({ items }, 200)
  })

  // Of all jobs and workers: for who may change what the service is.
  api.openapi(system, async (c) => {
    const read = await withCaller(o, c.var.claims, ['change', 'settings'], (q) => q.asSystem(readSystem))
    return c.json({ version, ...read }, 200)
  })

  return api
}
