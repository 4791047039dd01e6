import { listBackups } from '../../catalog/backups.ts'
import { findRepository } from '../../catalog/repositories.ts'
import { findSource } from '../../catalog/sources.ts'
import {
  found,
  newApi,
  parseCursor,
  printCursor,
  route,
  withCaller,
  type Api,
  type ApiOptions,
} from '../context.ts'
import { BackupQuery, Backups } from '../contract.ts'

const list = route({
  method: 'get',
  path: '/backups',
  tags: ['backups'],
  summary: 'List backups that the catalog knows, newest first',
  request: { query: BackupQuery },
  status: 200,
  gives: Backups,
})

export function backupRoutes(o: ApiOptions): Api {
  const api = newApi()
  api.openapi(list, async (c) => {
    const { limit, after, source, repository } = c.req.valid('query')
    const page = { limit, after: parseCursor(after, /^[\w-]{1,64}$/) }
    const { items, next } = await withCaller(o, c.var.claims, ['read', 'backups'], async (q) => {
      const sourceId = source === undefined ? null : found(await findSource(q, source), `source ${source}`).id
      const repositoryId =
        repository === undefined
          ? null
          : found(await findRepository(q, repository), `repository ${repository}`).id
      return await listBackups(q, { sourceId, repositoryId }, page)
    })
    return c.json({ items: [...items], next: printCursor(next) }, 200)
  })
  return api
}
