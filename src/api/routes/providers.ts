import { addProvider, enableProvider, findProvider, listProviders, removeProvider, type Provider as ProviderRecord } from '../../people/providers.ts' // prettier-ignore
import {
  body,
  emptyRoute,
  found,
  newApi,
  optionalBody,
  route,
  withCaller,
  type Api,
  type ApiOptions,
} from '../context.ts'
import { Confirmation, nameParams, Provider, ProviderChange, ProviderInput, Providers } from '../contract.ts'
import { destructive } from '../destructive.ts'
import { requireGiver } from '../giver.ts'
import { refusingTaken } from '../refusals.ts'

const tags: [string] = ['providers']
const path = '/providers'
const one = '/providers/{name}'

const list = route({ method: 'get', path, tags, summary: 'List providers of sign-ins', request: {}, status: 200, gives: Providers }) // prettier-ignore
const add = route({ method: 'post', path, tags, summary: 'Add a provider', request: { body: body(ProviderInput) }, status: 201, gives: Provider }) // prettier-ignore
const change = route({ method: 'patch', path: one, tags, summary: 'Switch a provider on or off', request: { params: nameParams, body: body(ProviderChange) }, status: 200, gives: Provider }) // prettier-ignore
const remove = emptyRoute({ method: 'delete', path: one, tags, summary: 'Remove a provider; people and their sessions stay', request: { params: nameParams, body: optionalBody(Confirmation) } }) // prettier-ignore

/** Whoever adds a provider decides who is whom: it takes what it takes to make accounts. Another issuer is another provider. */
export function providerRoutes(o: ApiOptions): Api {
  const { seal } = o.catalog
  const api = newApi()

  api.openapi(list, async (c) => {
    const items = await withCaller(o, c.var.claims, ['read', 'providers'], listProviders)
    return c.json({ items: items.map(toAnswer) }, 200)
  })

  api.openapi(add, async (c) => {
    const { sharedSecret, clientSecret, ...given } = c.req.valid('json')
    await requireGiver(o, c.var.claims, ['create', 'providers'])
    const made = await refusingTaken(`A provider ${given.name}, or of this issuer and audience,`, () =>
      withCaller(o, c.var.claims, ['create', 'providers'], (q) =>
        addProvider(q, seal, { ...given, secrets: { sharedSecret, clientSecret } }),
      ),
    )
    return c.json(toAnswer(made), 201)
  })

  api.openapi(change, async (c) => {
    const { name } = c.req.valid('param')
    const { enabled } = c.req.valid('json')
    await requireGiver(o, c.var.claims, ['change', 'providers'])
    const changed = await withCaller(o, c.var.claims, ['change', 'providers'], (q) =>
      enableProvider(q, { name, enabled }),
    )
    return c.json(toAnswer(found(changed, `provider ${name}`)), 200)
  })

  api.openapi(remove, async (c) => {
    const { name } = c.req.valid('param')
    const { claims } = c.var
    const there = await withCaller(o, claims, ['remove', 'providers'], (q) => findProvider(q, name))
    const { id: about } = found(there, `provider ${name}`)
    await destructive(o, c, { what: 'remove a provider', about, confirm: name, given: c.req.valid('json') })
    await requireGiver(o, claims, ['remove', 'providers'])
    const removed = await withCaller(o, claims, ['remove', 'providers'], (q) => removeProvider(q, name))
    found(removed ? true : null, `provider ${name}`)
    return c.body(null, 204)
  })

  return api
}

function toAnswer({ algorithms, ...provider }: ProviderRecord) {
  return { ...provider, algorithms: [...algorithms] }
}
