import { listBackups } from '../../catalog/backups.ts'
import type { CallerQueries } from '../../catalog/claims.ts'
import { findRepository } from '../../catalog/repositories.ts'
import type { SourceSecrets } from '../../catalog/secrets.ts'
import { addSource, changeSource, findSource, listSources, readSourceSecrets, removeSource, type SourceRecord } from '../../catalog/sources.ts' // prettier-ignore
import { HoldfastError, isHoldfastError } from '../../lib/errors.ts'
import { leadToOne } from '../../postgres/address.ts'
import { ofSource } from '../consequences.ts'
import { body, emptyRoute, found, newApi, optionalBody, route, withCaller, type Api, type ApiOptions } from '../context.ts' // prettier-ignore
import {
  Confirmation,
  Consequences,
  nameParams,
  Source,
  SourceChange,
  SourceInput,
  Sources,
} from '../contract.ts'
import { destructive } from '../destructive.ts'
import { forChange, requireMatch } from '../etag.ts'
import { refusingTaken, requireSource } from '../refusals.ts'

const tags: [string] = ['sources']
const path = '/sources'
const one = '/sources/{name}'

const list = route({ method: 'get', path, tags, summary: 'List sources', request: {}, status: 200, gives: Sources }) // prettier-ignore
const get = route({ method: 'get', path: one, tags, summary: 'Get a source', request: { params: nameParams }, status: 200, gives: Source }) // prettier-ignore
const add = route({ method: 'post', path, tags, summary: 'Add a source', request: { body: body(SourceInput) }, status: 201, gives: Source }) // prettier-ignore
const change = route({ method: 'patch', path: one, tags, summary: 'Change a source', request: { params: nameParams, body: body(SourceChange) }, status: 200, gives: Source }) // prettier-ignore
const remove = emptyRoute({ method: 'delete', path: one, tags, summary: 'Forget a source and its schedules; its backups stay', request: { params: nameParams, body: optionalBody(Confirmation) } }) // prettier-ignore
const preview = route({ method: 'get', path: '/sources/{name}/consequences', tags, summary: 'What happens if a source is removed', request: { params: nameParams }, status: 200, gives: Consequences }) // prettier-ignore

export function sourceRoutes(o: ApiOptions): Api {
  const { seal } = o.catalog
  const api = newApi()

  api.openapi(list, async (c) => {
    const items = await withCaller(o, c.var.claims, ['read', 'sources'], listSources)
    return c.json({ items }, 200)
  })

  api.openapi(get, async (c) => {
    const { name } = c.req.valid('param')
    const source = await withCaller(o, c.var.claims, ['read', 'sources'], (q) => findSource(q, name))
    return c.json(found(source, `source ${name}`), 200)
  })

  api.openapi(add, async (c) => {
    const { name, address, settings, password, repository } = c.req.valid('json')
    requireSource({ name, address, settings })
    const made = await refusingTaken(`A source ${name}`, () =>
      withCaller(o, c.var.claims, ['create', 'sources'], async (q) => {
        const { id: repositoryId, kind } = found(
          await findRepository(q, repository),
          `repository ${repository}`,
        )
        if (kind === 'upload')
          throw new HoldfastError('request_invalid', `${repository} is an upload: it is read from, and no backup goes there.`, { hint: 'Name a repository that can be written to.' }) // prettier-ignore
        return await addSource(q, { seal, name, address, settings, repositoryId, secrets: { password } })
      }),
    )
    return c.json(made, 201)
  })

  api.openapi(change, async (c) => {
    const { name } = c.req.valid('param')
    const { address, settings, password, moved = false } = c.req.valid('json')
    const changed = await withCaller(o, c.var.claims, ['change', 'sources'], async (q) => {
      const there = await forChange(q, c, { ...locked, name })
      requireSource({ name, address: address ?? there.address, settings: settings ?? there.settings })
      if (address !== undefined && !moved) await requireSamePlace(q, there, address)
      const at = address ?? there.address
      const secrets = at === there.address ? { ...(await secretsOf(q, there)), ...given(password) } : given(password) // prettier-ignore
      const login = address === undefined && password === undefined ? undefined : { address: at, secrets }
      return await changeSource(q, { seal, id: there.id, settings, login })
    })
    return c.json(found(changed, `source ${name}`), 200)
  })

  api.openapi(preview, async (c) => {
    const { name } = c.req.valid('param')
    const told = await withCaller(o, c.var.claims, ['remove', 'sources'], async (q) =>
      ofSource(q, found(await findSource(q, name), `source ${name}`)),
    )
    return c.json(told, 200)
  })

  api.openapi(remove, async (c) => {
    const { name } = c.req.valid('param')
    const there = found(
      await withCaller(o, c.var.claims, ['remove', 'sources'], (q) => findSource(q, name)),
      `source ${name}`,
    )
    requireMatch(c, there)
    await destructive(o, c, {
      what: 'remove a source',
      about: there.id,
      confirm: name,
      given: c.req.valid('json'),
    })
    await withCaller(o, c.var.claims, ['remove', 'sources'], async (q) => {
      await forChange(q, c, { ...locked, name })
      await removeSource(q, there.id)
    })
    return c.body(null, 204)
  })

  /** Those that it has: none, if its address was changed past the API, to which they are bound. */
  async function secretsOf(q: CallerQueries, { id, address }: SourceRecord): Promise<SourceSecrets> {
    try {
      return await q.asSystem((system) => readSourceSecrets(system, { seal, id, address }))
    } catch (error) {
      if (!isHoldfastError(error, 'catalog_key_wrong')) throw error
      return {}
    }
  }

  return api
}

const given = (password: string | undefined): SourceSecrets => (password === undefined ? {} : { password })

/**
 * Backups of two databases in one list would be taken for those of one: the state of the source, what is restored and what is proven by a
 * drill all go by the newest. Only whoever changes the address knows whether the database has moved. Throws `source_elsewhere`.
 */
async function requireSamePlace(q: CallerQueries, there: SourceRecord, address: string): Promise<void> {
  if (leadToOne(there.address, address)) return
  const { items } = await listBackups(
    q,
    { repositoryId: null, sourceId: there.id },
    { limit: 1, after: null },
  )
  if (items.length > 0)
    throw new HoldfastError('source_elsewhere', `The backups of ${there.name} are of a database elsewhere.`)
}

const locked = { table: 'sources', what: 'source', find: findSource } as const
