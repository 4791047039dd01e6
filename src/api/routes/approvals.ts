import { decideApproval, findApproval, isSamePerson, listApprovals } from '../../catalog/approvals.ts'
import type { Claims } from '../../catalog/claims.ts'
import { changeSettings, readSettings } from '../../catalog/settings.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { body, found, newApi, parseCursor, printCursor, route, withCaller, type Api, type ApiOptions } from '../context.ts' // prettier-ignore
import { Approval, Approvals, idParams, pageQuery, Settings, SettingsChange } from '../contract.ts'
import { destructive } from '../destructive.ts'

const settingsTags: [string] = ['settings']
const tags: [string] = ['approvals']

const settings = route({ method: 'get', path: '/settings', tags: settingsTags, summary: 'Get the settings of the service', request: {}, status: 200, gives: Settings }) // prettier-ignore
const change = route({ method: 'patch', path: '/settings', tags: settingsTags, summary: 'Change settings of the service', request: { body: body(SettingsChange) }, status: 200, gives: Settings }) // prettier-ignore
const list = route({ method: 'get', path: '/approvals', tags, summary: 'List what somebody else has to agree to, newest first', request: { query: pageQuery }, status: 200, gives: Approvals }) // prettier-ignore
const approve = route({ method: 'post', path: '/approvals/{id}/approve', tags, summary: 'Agree to what somebody else wants to do', request: { params: idParams }, status: 200, gives: Approval }) // prettier-ignore
const refuse = route({ method: 'post', path: '/approvals/{id}/refuse', tags, summary: 'Refuse what somebody else wants to do', request: { params: idParams }, status: 200, gives: Approval }) // prettier-ignore

const uuids = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function approvalRoutes(o: ApiOptions): Api {
  const api = newApi()

  api.openapi(settings, async (c) =>
    c.json(await withCaller(o, c.var.claims, ['read', 'settings'], readSettings), 200),
  )

  api.openapi(change, async (c) => {
    const { approvals, ...given } = c.req.valid('json')
    const { claims } = c.var
    const before = await withCaller(o, claims, ['change', 'settings'], readSettings)
    // Else one person alone could take the second one out of the way.
    if (before.approvals && approvals === false)
      await destructive(o, c, { what: 'turn approvals off', about: 'approvals', confirm: 'approvals', given })
    const now = await withCaller(o, claims, ['change', 'settings'], async (q) => {
      if (approvals !== undefined) await changeSettings(q, { approvals })
      return await readSettings(q)
    })
    return c.json(now, 200)
  })

  api.openapi(list, async (c) => {
    const { limit, after } = c.req.valid('query')
    const page = { limit, after: parseCursor(after, uuids) }
    const { items, next } = await withCaller(o, c.var.claims, ['read', 'approvals'], (q) =>
      listApprovals(q, page),
    )
    return c.json({ items: [...items], next: printCursor(next) }, 200)
  })

  api.openapi(approve, async (c) => c.json(await decide(c.var.claims, c.req.valid('param').id, 'approved'), 200)) // prettier-ignore
  api.openapi(refuse, async (c) => c.json(await decide(c.var.claims, c.req.valid('param').id, 'refused'), 200)) // prettier-ignore

  async function decide(claims: Claims, id: string, status: 'approved' | 'refused') {
    return await withCaller(o, claims, ['change', 'approvals'], async (q) => {
      const decided = await decideApproval(q, { id, status, by: claims.subject })
      if (decided !== null) return decided
      const there = found(await findApproval(q, id), `approval ${id}`)
      if (await isSamePerson(q, there.requestedBy, claims.subject))
        throw new HoldfastError('approval_own', 'It is the wish of the same person.')
      throw new HoldfastError('approval_over', `It is ${there.status} already.`)
    })
  }

  return api
}
