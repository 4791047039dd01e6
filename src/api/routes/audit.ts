import { createRoute } from '@hono/zod-openapi'
import { printTrail } from '../../audit/export.ts'
import { headOf, listAudit, readTrail } from '../../audit/list.ts'
import { record } from '../../audit/record.ts'
import { verifyTrail } from '../../audit/verify.ts'
import type { Claims } from '../../catalog/claims.ts'
import { newApi, problems, route, withCaller, type Api, type ApiOptions } from '../context.ts'
import { AuditEntries, AuditExportQuery, AuditQuery, AuditVerdict, AuditVerifyQuery } from '../contract.ts'

const tags: [string] = ['audit']

const list = route({ method: 'get', path: '/audit', tags, summary: 'List what was done, newest first', request: { query: AuditQuery }, status: 200, gives: AuditEntries }) // prettier-ignore
const verify = route({ method: 'get', path: '/audit/verify', tags, summary: 'Prove that the audit trail is whole', request: { query: AuditVerifyQuery }, status: 200, gives: AuditVerdict }) // prettier-ignore
const download = createRoute({
  method: 'get',
  path: '/audit/export',
  tags,
  summary: 'Read the whole audit trail as one file',
  security: [{ key: [] }],
  request: { query: AuditExportQuery },
  responses: {
    200: {
      description: 'docs/AUDIT.md says what is in it',
      content: { 'application/json': {}, 'text/csv': {} },
    },
    default: problems,
  },
})

export function auditRoutes(o: ApiOptions): Api {
  const api = newApi()

  api.openapi(list, async (c) => {
    const { limit, after, who, action, about, from, to, result } = c.req.valid('query')
    const filter = {
      who: who ?? null,
      action: action ?? null,
      about: about ?? null,
      from: from ?? null,
      to: to ?? null,
      result: result ?? null,
    }
    const before = after === undefined ? null : Number(after)
    const { entries, head } = await withCaller(o, c.var.claims, ['read', 'audit'], async (q) => ({
      // One more than asked for tells whether there are more.
      entries: await listAudit(q, filter, { limit: limit + 1, before }),
      head: await headOf(q),
    }))
    const items = entries.slice(0, limit)
    const next = entries.length > limit ? String(items.at(-1)?.number) : null
    return c.json({ items, next, head }, 200)
  })

  api.openapi(download, async (c) => {
    const { format } = c.req.valid('query')
    const { claims } = c.var
    await withCaller(o, claims, ['read', 'audit'], (q) =>
      q.asSystem((system) =>
        record(system, { claims, action: 'audit.export', about: format, result: 'done' }),
      ),
    )
    const pieces = printTrail(trail(claims), format)[Symbol.asyncIterator]()
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        const next = await pieces.next()
        if (next.done === true) controller.close()
        else controller.enqueue(new TextEncoder().encode(next.value))
      },
      cancel: async () => void (await pieces.return?.(undefined)),
    })
    c.header('content-type', format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json')
    c.header('content-disposition', `attachment; filename="audit.${format}"`)
    return c.body(body, 200)
  })

  api.openapi(verify, async (c) => {
    const verdict = await verifyTrail(trail(c.var.claims), c.req.valid('query').head ?? null)
    return c.json({ whole: verdict.broken === null && !verdict.cut, ...verdict }, 200)
  })

  /** A transaction a page, so that a slow reader holds none. */
  function trail(claims: Claims) {
    return readTrail((work) => withCaller(o, claims, ['read', 'audit'], work))
  }

  return api
}
