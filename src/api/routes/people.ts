import type { Context } from 'hono'
import type { Queries } from '../../catalog/database.ts'
import {
  addPerson,
  changePerson,
  emailOf,
  findPerson,
  listPeople,
  removePerson,
  type Person as PersonRecord,
} from '../../people/accounts.ts'
import { linkAddress, newLink } from '../../people/links.ts'
import { endSessions } from '../../people/sessions.ts'
import { body, emptyRoute, found, newApi, optionalBody, route, withCaller, type Api, type ApiEnv, type ApiOptions } from '../context.ts' // prettier-ignore
import {
  Confirmation,
  Ended,
  idParams,
  Invited,
  Link,
  People,
  Person,
  PersonChange,
  PersonInput,
} from '../contract.ts'
import { destructive } from '../destructive.ts'
import { forChange, requireMatch } from '../etag.ts'
import { requireGiver } from '../giver.ts'
import { sendLetter } from '../letters.ts'
import { refusingTaken } from '../refusals.ts'
import { sourceIds } from '../source-ids.ts'

const tags: [string] = ['people']
const path = '/people'
const one = '/people/{id}'

const list = route({ method: 'get', path, tags, summary: 'List people', request: {}, status: 200, gives: People }) // prettier-ignore
const get = route({ method: 'get', path: one, tags, summary: 'Get a person', request: { params: idParams }, status: 200, gives: Person }) // prettier-ignore
const invite = route({ method: 'post', path, tags, summary: 'Invite somebody', request: { body: body(PersonInput) }, status: 201, gives: Invited }) // prettier-ignore
const change = route({ method: 'patch', path: one, tags, summary: 'Change a person', request: { params: idParams, body: body(PersonChange) }, status: 200, gives: Person }) // prettier-ignore
const remove = emptyRoute({ method: 'delete', path: one, tags, summary: 'Remove a person; what they did stays', request: { params: idParams, body: optionalBody(Confirmation) } }) // prettier-ignore
const relink = route({ method: 'post', path: '/people/{id}/link', tags, summary: 'Get a link with which they choose a password', request: { params: idParams }, status: 201, gives: Link }) // prettier-ignore
const end = route({ method: 'delete', path: '/people/{id}/sessions', tags, summary: 'End all sessions of a person', request: { params: idParams }, status: 200, gives: Ended }) // prettier-ignore

/** Only who has all rights has these, so that nobody gives more than they have; of a key, all scopes. */
export function peopleRoutes(o: ApiOptions): Api {
  const api = newApi()

  api.openapi(list, async (c) => {
    const items = await withCaller(o, c.var.claims, ['read', 'people'], listPeople)
    return c.json({ items: items.map(toAnswer) }, 200)
  })

  api.openapi(get, async (c) => {
    const { id } = c.req.valid('param')
    const person = await withCaller(o, c.var.claims, ['read', 'people'], (q) => findPerson(q, id))
    return c.json(toAnswer(found(person, `person ${id}`)), 200)
  })

  api.openapi(invite, async (c) => {
    const { language, ...given } = c.req.valid('json')
    const email = emailOf(given.email)
    await requireGiver(o, c.var.claims, ['create', 'people'])
    const made = await refusingTaken(`Somebody with the address ${email}`, () =>
      withCaller(o, c.var.claims, ['create', 'people'], async (q) => {
        const sources = await sourceIds(q, given.sources)
        const added = await addPerson(q, { ...given, email, sources })
        const person =
          language === undefined ? added : ((await changePerson(q, added.id, { language })) ?? added)
        return { person, link: await q.asSystem((system) => linkFor(system, c, person)) }
      }),
    )
    const link = { ...made.link, mailed: await mail(made.person, made.link.link) }
    return c.json({ person: toAnswer(made.person), link }, 201)
  })

  api.openapi(change, async (c) => {
    const { id } = c.req.valid('param')
    const { sources, email, ...given } = c.req.valid('json')
    await requireGiver(o, c.var.claims, ['change', 'people'])
    const changed = await refusingTaken('Somebody with this address', () =>
      withCaller(o, c.var.claims, ['change', 'people'], async (q) => {
        await forChange(q, c, { ...locked, name: id })
        return await changePerson(q, id, {
          ...given,
          email: email === undefined ? undefined : emailOf(email),
          sources: sources === undefined ? undefined : await sourceIds(q, sources),
        })
      }),
    )
    return c.json(toAnswer(found(changed, `person ${id}`)), 200)
  })

  api.openapi(remove, async (c) => {
    const { id } = c.req.valid('param')
    const { claims } = c.var
    const there = found(
      await withCaller(o, claims, ['remove', 'people'], (q) => findShown(q, id)),
      `person ${id}`,
    )
    requireMatch(c, there)
    await destructive(o, c, { what: 'remove a person', about: id, confirm: there.email, given: c.req.valid('json') }) // prettier-ignore
    await requireGiver(o, claims, ['remove', 'people'])
    await withCaller(o, claims, ['remove', 'people'], async (q) => {
      await forChange(q, c, { ...locked, name: id })
      await removePerson(q, id)
    })
    return c.body(null, 204)
  })

  api.openapi(relink, async (c) => {
    const { id } = c.req.valid('param')
    await requireGiver(o, c.var.claims, ['change', 'people'])
    const made = await withCaller(o, c.var.claims, ['change', 'people'], async (q) => {
      const person = found(await findPerson(q, id), `person ${id}`)
      return { person, link: await q.asSystem((system) => linkFor(system, c, person)) }
    })
    return c.json({ ...made.link, mailed: await mail(made.person, made.link.link) }, 201)
  })

  api.openapi(end, async (c) => {
    const { id } = c.req.valid('param')
    const ended = await withCaller(o, c.var.claims, ['change', 'people'], async (q) => {
      found(await findPerson(q, id), `person ${id}`)
      return await q.asSystem((system) => endSessions(system, id, null))
    })
    return c.json({ ended }, 200)
  })

  /** Where the browser of who asks has found the service, unless it is said where people do. Only they are told. */
  async function linkFor(queries: Queries, c: Context<ApiEnv>, { id, invited }: PersonRecord) {
    const purpose = invited ? 'invitation' : 'reset'
    const { secret, expiresAt } = await newLink(queries, { purpose, personId: id })
    const base = o.publicUrl ?? new URL(c.req.url).origin
    return { link: linkAddress(base, purpose, secret), expiresAt: expiresAt.toISOString() }
  }

  async function mail({ email, language, invited }: PersonRecord, link: string): Promise<boolean> {
    return await sendLetter(o, { to: email, language, about: invited ? 'invitation' : 'reset', link })
  }

  return api
}

async function findShown(queries: Queries, id: string) {
  const person = await findPerson(queries, id)
  return person === null ? null : toAnswer(person)
}

const locked = { table: 'people', by: 'id', what: 'person', find: findShown } as const

function toAnswer({ sources, wished: _wished, ...person }: PersonRecord) {
  return { ...person, sources: [...sources] }
}
