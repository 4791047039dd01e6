import { refreshBackups } from '../../catalog/backups.ts'
import { addRepository, findRepository } from '../../catalog/repositories.ts'
import { received } from '../../jobs/uploads.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { newApi, route, withCaller, type Api, type ApiOptions } from '../context.ts'
import { Upload, UploadQuery } from '../contract.ts'
import { refusingTaken } from '../refusals.ts'

const send = route({
  method: 'post',
  path: '/uploads',
  tags: ['uploads'],
  summary: 'Send an archive: it becomes a repository to read from',
  request: {
    query: UploadQuery,
    body: {
      required: true,
      content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    },
  },
  status: 201,
  gives: Upload,
})

/** To be mounted before whatever reads bodies into memory: these are as large as databases. */
export function uploadRoutes(o: ApiOptions): Api {
  const api = newApi()

  api.openapi(send, async (c) => {
    const { name } = c.req.valid('query')
    const { claims } = c.var
    // Whoever is refused stops sending; what still comes on this connection is no request.
    c.header('connection', 'close')
    if (c.req.header('idempotency-key') !== undefined)
      throw new HoldfastError('request_invalid', 'An upload takes no idempotency-key: a name is given once.')
    // Before hours are spent on sending what would be refused.
    await withCaller(o, claims, ['create', 'repositories'], async (q) => {
      if ((await findRepository(q, name)) !== null)
        throw new HoldfastError('name_taken', `A repository ${name} is there already.`)
    })
    const { uploads } = o
    if (uploads === undefined) throw new HoldfastError('not_found', 'No uploads are taken here.')
    const length = c.req.header('content-length')
    const { path, ownerKey, backups } = await uploads.receive({
      bytes: received(c.req.raw.body),
      length: length === undefined ? null : Number(length),
    })
    try {
      const { id } = await refusingTaken(`A repository ${name}`, () =>
        withCaller(o, claims, ['create', 'repositories'], async (q) => {
          const { seal } = o.catalog
          const made = await addRepository(q, { seal, name, address: path, secrets: {}, upload: { ownerKey } }) // prettier-ignore
          // What it holds is told by the archive, and no choice of the caller's.
          await q.asSystem((system) => refreshBackups(system, { repositoryId: made.id, listed: backups }))
          return made
        }),
      )
      const ids = backups.map((backup) => String((backup as { id?: unknown }).id))
      return c.json({ id, name, ownerKey, backups: ids }, 201)
    } catch (error) {
      await uploads.remove(path)
      throw error
    }
  })

  return api
}
