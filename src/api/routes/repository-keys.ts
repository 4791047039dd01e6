import { findRepository } from '../../catalog/repositories.ts'
import { readKeys } from '../../jobs/repository-keys.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { found, newApi, route, withCaller, type Api, type ApiOptions } from '../context.ts'
import { nameParams, RepositoryKeys } from '../contract.ts'
import { remembering } from '../remembered.ts'

const get = route({ method: 'get', path: '/repositories/{name}/keys', tags: ['repositories'], summary: 'Ask a repository who can open it, and who can write to it', request: { params: nameParams }, status: 200, gives: RepositoryKeys }) // prettier-ignore

/** Keys change a few times a year, and each question is a process. */
const rememberedMs = 60_000

export function repositoryKeyRoutes(o: ApiOptions): Api {
  const api = newApi()
  const remembered = remembering<Awaited<ReturnType<typeof readKeys>>>({
    forMs: rememberedMs,
    isGood: (told) => !('error' in told),
  })

  api.openapi(get, async (c) => {
    const { name } = c.req.valid('param')
    const repository = await withCaller(o, c.var.claims, ['read', 'repositories'], async (q) =>
      found(await findRepository(q, name), `repository ${name}`),
    )
    const told = await ask(repository)
    if ('error' in told) return c.json({ keys: null, error: told.error }, 200)
    const { ownerKey, ownerConfirmed, recipients, hosts, epochs } = told.keys
    const keys = {
      ownerKey,
      ownerConfirmed,
      recipients: [...recipients],
      hosts: hosts.map(({ id, name: host, admitted, revoked }) => ({ id, name: host, admitted, revokedAt: revoked?.at ?? null })), // prettier-ignore
      epochs: epochs.map(({ id, created, publicKey }) => ({ id, created, publicKey })),
    }
    return c.json({ keys, error: null }, 200)
  })

  /** `changedAt`: another host file may make another answer of it. */
  async function ask(repository: { id: string; name: string; changedAt: string }) {
    const { catalog, commandLine } = o
    if (commandLine === undefined)
      throw new HoldfastError('not_found', 'This process runs no commands: ask the service itself.')
    const key = `${repository.id} ${repository.changedAt}`
    return await remembered(key, () => readKeys({ catalog, commandLine, repository }))
  }

  return api
}
