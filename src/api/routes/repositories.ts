import type { z } from '@hono/zod-openapi'
import {
  addRepository,
  changeRepository,
  findRepository,
  listRepositories,
  removeRepository,
  type RepositoryRecord,
} from '../../catalog/repositories.ts'
import type { Queries } from '../../catalog/database.ts'
import type { Seal } from '../../catalog/seal.ts'
import { placeOf, type RepositorySecrets } from '../../catalog/secrets.ts'
import { enqueueFor } from '../../jobs/enqueue.ts'
import { jobKind } from '../../jobs/kinds.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { ofRepository } from '../consequences.ts'
import { body, emptyRoute, found, newApi, optionalBody, route, withCaller, type Api, type ApiOptions } from '../context.ts' // prettier-ignore
import { Confirmation, Consequences, nameParams, Repositories, Repository, RepositoryChange, RepositoryInput } from '../contract.ts' // prettier-ignore
import { destructive } from '../destructive.ts'
import { forChange, requireMatch } from '../etag.ts'
import { refusingTaken, refusingUsed, requireRepository } from '../refusals.ts'

const tags: [string] = ['repositories']
const path = '/repositories'
const one = '/repositories/{name}'

const list = route({ method: 'get', path, tags, summary: 'List repositories', request: {}, status: 200, gives: Repositories }) // prettier-ignore
const get = route({ method: 'get', path: one, tags, summary: 'Get a repository', request: { params: nameParams }, status: 200, gives: Repository }) // prettier-ignore
const add = route({ method: 'post', path, tags, summary: 'Add a repository that is there', request: { body: body(RepositoryInput) }, status: 201, gives: Repository }) // prettier-ignore
const change = route({ method: 'patch', path: one, tags, summary: 'Change a repository', request: { params: nameParams, body: body(RepositoryChange) }, status: 200, gives: Repository }) // prettier-ignore
const remove = emptyRoute({ method: 'delete', path: one, tags, summary: 'Forget a repository; what is stored in it stays, but for an upload, which is removed', request: { params: nameParams, body: optionalBody(Confirmation) } }) // prettier-ignore
const preview = route({ method: 'get', path: '/repositories/{name}/consequences', tags, summary: 'What happens if a repository is forgotten', request: { params: nameParams }, status: 200, gives: Consequences }) // prettier-ignore

export function repositoryRoutes(o: ApiOptions): Api {
  const { seal } = o.catalog
  const api = newApi()

  api.openapi(list, async (c) => {
    const items = await withCaller(o, c.var.claims, ['read', 'repositories'], listRepositories)
    return c.json({ items: items.map(shown) }, 200)
  })

  api.openapi(get, async (c) => {
    const { name } = c.req.valid('param')
    const repository = await withCaller(o, c.var.claims, ['read', 'repositories'], (q) =>
      findRepository(q, name),
    )
    return c.json(shown(found(repository, `repository ${name}`)), 200)
  })

  api.openapi(add, async (c) => {
    const { name, address, copies = [], maxJobs, ...rest } = c.req.valid('json')
    for (const place of [address, ...copies]) requireRepository(place)
    const made = await refusingTaken(`A repository ${name}`, () =>
      withCaller(o, c.var.claims, ['create', 'repositories'], async (q) => {
        const repository = await addRepository(q, {
          seal,
          name,
          address,
          copies,
          maxJobs,
          secrets: secretsOf(rest),
        })
        // What it holds already is known as soon as a worker has read it.
        await enqueueFor(q, o.queue, {
          kind: jobKind('refresh'),
          sourceId: null,
          repositoryId: repository.id,
          about: name,
          params: {},
          requestedBy: c.var.claims.subject,
        })
        return repository
      }),
    )
    o.wake()
    return c.json(shown(made), 201)
  })

  api.openapi(change, async (c) => {
    const { name } = c.req.valid('param')
    const { address, copies, maxJobs, ...rest } = c.req.valid('json')
    for (const place of [...(address === undefined ? [] : [address]), ...(copies ?? [])])
      requireRepository(place)
    const changed = await withCaller(o, c.var.claims, ['change', 'repositories'], async (q) => {
      const { id, kind } = await forChange(q, c, { ...locked, name })
      if (address !== undefined || copies !== undefined) requireOrdinary(name, kind)
      const secrets =
        Object.keys(rest).length === 0
          ? undefined
          : await q.asSystem((system) => repositorySecrets(system, seal, id, rest))
      return await changeRepository(q, { seal, id, address, copies, maxJobs, secrets })
    })
    return c.json(shown(found(changed, `repository ${name}`)), 200)
  })

  api.openapi(preview, async (c) => {
    const { name } = c.req.valid('param')
    const told = await withCaller(o, c.var.claims, ['remove', 'repositories'], async (q) =>
      ofRepository(q, found(await findRepository(q, name), `repository ${name}`)),
    )
    return c.json(told, 200)
  })

  api.openapi(remove, async (c) => {
    const { name } = c.req.valid('param')
    const there = found(
      await withCaller(o, c.var.claims, ['remove', 'repositories'], (q) => findRepository(q, name)),
      `repository ${name}`,
    )
    requireMatch(c, there)
    await destructive(o, c, { what: 'forget a repository', about: there.id, confirm: name, given: c.req.valid('json') }) // prettier-ignore
    await refusingUsed(`Repository ${name}`, () =>
      withCaller(o, c.var.claims, ['remove', 'repositories'], async (q) => {
        await forChange(q, c, { ...locked, name })
        await removeRepository(q, there.id)
      }),
    )
    // After its row, which nothing would lead to any more: what is left of a process that dies here is swept away later.
    if (there.kind === 'upload') await o.uploads?.remove(there.address)
    return c.body(null, 204)
  })

  return api
}

/** The file of an upload is the service's own: it is where it is, and goes with its row. */
function requireOrdinary(name: string, kind: RepositoryRecord['kind']): void {
  if (kind === 'upload')
    throw new HoldfastError('request_invalid', `${name} is an upload, which is nowhere else.`, {
      hint: 'Leave out address and copies.',
    })
}

/** Those that it has, with what is given in their place: who adds an identity does not mean to take the host file away. */
async function repositorySecrets(
  { query }: Queries,
  seal: Seal,
  id: string,
  given: Omit<z.infer<typeof RepositoryChange>, 'address' | 'copies' | 'maxJobs'>,
): Promise<RepositorySecrets> {
  const [row] = await query<{ secrets: Buffer | null }>(
    'SELECT secrets FROM holdfast.repositories WHERE id = $1',
    [id],
  )
  const sealed = row?.secrets ?? null
  const there: RepositorySecrets = sealed === null ? {} : seal.open(placeOf.repository(id), sealed)
  const secrets = { ...there, ...given }
  return secretsOf(Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== null)))
}

const locked = { table: 'repositories', what: 'repository', find: findRepository } as const

function shown({ copies, ...rest }: RepositoryRecord) {
  return { ...rest, copies: [...copies] }
}

function secretsOf({ hostFile, identity, passphrase, env }: RepositorySecrets): RepositorySecrets {
  return { hostFile, identity, passphrase, env }
}
