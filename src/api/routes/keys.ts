import { HoldfastError } from '../../lib/errors.ts'
import { requireRecent } from '../../people/recent.ts'
import type { Claims } from '../../catalog/claims.ts'
import type { KeyScope } from '../../catalog/permissions.ts'
import {
  body,
  found,
  newApi,
  requireRight,
  route,
  withCaller,
  type Api,
  type ApiOptions,
} from '../context.ts'
import { idParams, Key, KeyInput, Keys, NewKey } from '../contract.ts'
import { listKeys, makeKey, revokeKey } from '../keys.ts'
import { refusingTaken } from '../refusals.ts'
import { sourceIds } from '../source-ids.ts'

const tags: [string] = ['keys']
const path = '/keys'
const one = '/keys/{id}'

const list = route({ method: 'get', path, tags, summary: 'List keys, newest first', request: {}, status: 200, gives: Keys }) // prettier-ignore
const add = route({ method: 'post', path, tags, summary: 'Make a key, which is shown once', request: { body: body(KeyInput) }, status: 201, gives: NewKey }) // prettier-ignore
const revoke = route({ method: 'delete', path: one, tags, summary: 'Revoke a key; what it did stays', request: { params: idParams }, status: 200, gives: Key }) // prettier-ignore

export function keyRoutes(o: ApiOptions): Api {
  const api = newApi()

  api.openapi(list, async (c) => {
    const items = await withCaller(o, c.var.claims, ['read', 'api_keys'], listKeys)
    return c.json({ items }, 200)
  })

  api.openapi(add, async (c) => {
    const { sources: names, expiresAt, ...given } = c.req.valid('json')
    const { claims } = c.var
    requireRight(claims, 'create', 'api_keys')
    requireNoMore(claims, given.scopes)
    const now = await o.catalog.now()
    requireRecent(claims, now)
    if (expiresAt !== null && Date.parse(expiresAt) <= now.getTime())
      throw new HoldfastError('request_invalid', 'expiresAt is over already.')
    const made = await refusingTaken(`A key ${given.name}`, () =>
      withCaller(o, claims, ['create', 'api_keys'], async (q) =>
        makeKey(q, {
          ...given,
          sources: await sourceIds(q, names),
          createdBy: claims.subject,
          ...(expiresAt === null ? {} : { expiresAt: new Date(expiresAt) }),
        }),
      ),
    )
    return c.json({ ...made.record, key: made.key }, 201)
  })

  // Whoever finds that a key has leaked is not held up by anything.
  api.openapi(revoke, async (c) => {
    const { id } = c.req.valid('param')
    const revoked = await withCaller(o, c.var.claims, ['change', 'api_keys'], (q) => revokeKey(q, id))
    return c.json(found(revoked, `key ${id}`), 200)
  })

  return api
}

/** A key makes none that may do more than it. Of people, only who may do everything makes keys. */
function requireNoMore({ scopes }: Claims, wanted: readonly KeyScope[]): void {
  const more = wanted.filter((scope) => scopes?.includes(scope) === false)
  if (more.length > 0)
    throw new HoldfastError(
      'not_permitted',
      `A key without the scope ${more.join(', ')} makes none that has it.`,
    )
}
