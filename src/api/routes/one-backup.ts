import type { Context } from 'hono'
import type { Claims } from '../../catalog/claims.ts'
import type { Queries } from '../../catalog/database.ts'
import { findJob } from '../../catalog/jobs.ts'
import { findBackups, type BackupDetail as Detail } from '../../catalog/one-backup.ts'
import { findRepository } from '../../catalog/repositories.ts'
import type { Action, Resource } from '../../catalog/permissions.ts'
import { enqueueFor } from '../../jobs/enqueue.ts'
import { jobKind } from '../../jobs/kinds.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { ofBackup } from '../consequences.ts'
import { body, found, newApi, optionalBody, route, withCaller, type Api, type ApiEnv, type ApiOptions } from '../context.ts' // prettier-ignore
import { BackupDetail, backupIdParams, BackupPlace, BackupRemoval, Consequences, JobDetail, PinInput } from '../contract.ts' // prettier-ignore
import { destructive } from '../destructive.ts'
import { requireMatch } from '../etag.ts'

const tags: [string] = ['backups']
const one = '/backups/{id}'
const pinned = '/backups/{id}/pin'
const place = { params: backupIdParams, query: BackupPlace }

const get = route({ method: 'get', path: one, tags, summary: 'Get a backup', request: place, status: 200, gives: BackupDetail }) // prettier-ignore
const read = route({ method: 'post', path: '/backups/{id}/details', tags, summary: 'Have what is in a backup read', request: place, status: 202, gives: JobDetail }) // prettier-ignore
const preview = route({ method: 'get', path: '/backups/{id}/consequences', tags, summary: 'What happens if a backup is removed', request: place, status: 200, gives: Consequences }) // prettier-ignore
const remove = route({ method: 'delete', path: one, tags, summary: 'Remove a backup for good', request: { ...place, body: optionalBody(BackupRemoval) }, status: 202, gives: JobDetail }) // prettier-ignore
const pin = route({ method: 'post', path: pinned, tags, summary: 'Keep a backup whatever the rules say', request: { ...place, body: body(PinInput) }, status: 202, gives: JobDetail }) // prettier-ignore
const unpin = route({ method: 'delete', path: pinned, tags, summary: 'Leave a pinned backup to the rules', request: { ...place, body: optionalBody(BackupRemoval.pick({ confirm: true, reason: true })) }, status: 202, gives: JobDetail }) // prettier-ignore

interface Place {
  readonly id: string
  readonly repository?: string | undefined
}

export function oneBackupRoutes(o: ApiOptions): Api {
  const api = newApi()

  api.openapi(get, async (c) => {
    const backup = await withCaller(o, c.var.claims, ['read', 'backups'], (q) => find(q, meant(c.req.valid('param'), c.req.valid('query')))) // prettier-ignore
    return c.json(backup, 200)
  })

  api.openapi(preview, async (c) => {
    const told = await withCaller(o, c.var.claims, ['remove', 'backups'], async (q) =>
      ofBackup(q, await find(q, meant(c.req.valid('param'), c.req.valid('query')))),
    )
    return c.json(told, 200)
  })

  api.openapi(read, async (c) => {
    const right = ['create', 'jobs'] as const
    const where = meant(c.req.valid('param'), c.req.valid('query'))
    return c.json(await begin(c.var.claims, right, where, { kind: 'show' }), 202)
  })

  api.openapi(remove, async (c) => {
    const { evenLast, ...given } = c.req.valid('json')
    const where = meant(c.req.valid('param'), c.req.valid('query'))
    await gate(c, where, 'remove a backup', given)
    const right = ['remove', 'backups'] as const
    const job = await begin(c.var.claims, right, where, { kind: 'remove', params: { evenLast }, check: (there) => requireMatch(c, there) }) // prettier-ignore
    return c.json(job, 202)
  })

  api.openapi(pin, async (c) => {
    const { reason } = c.req.valid('json')
    const where = meant(c.req.valid('param'), c.req.valid('query'))
    const right = ['change', 'backups'] as const
    return c.json(await begin(c.var.claims, right, where, { kind: 'pin', params: { reason } }), 202)
  })

  // What is not pinned any more goes with the next prune: that is as good as removing it.
  api.openapi(unpin, async (c) => {
    const where = meant(c.req.valid('param'), c.req.valid('query'))
    await gate(c, where, 'unpin a backup', c.req.valid('json'))
    const right = ['change', 'backups'] as const
    return c.json(await begin(c.var.claims, right, where, { kind: 'unpin' }), 202)
  })

  async function gate(
    c: Context<ApiEnv>,
    where: Place,
    what: string,
    given: { confirm?: string | undefined; reason?: string | undefined },
  ) {
    // prettier-ignore
    const right = [what.startsWith('remove') ? 'remove' : 'change', 'backups'] as const
    const { id, repositoryId } = await withCaller(o, c.var.claims, right, (q) => find(q, where))
    await destructive(o, c, { what, about: `${repositoryId}/${id}`, confirm: id, given })
  }

  async function begin(
    claims: Claims,
    right: readonly [Action, Resource],
    where: Place,
    job: { kind: string; params?: object; check?: (there: Detail) => void },
  ) {
    const made = await withCaller(o, claims, right, async (q) => {
      const there = await find(q, where)
      job.check?.(there)
      const { id } = await enqueueFor(q, o.queue, {
        kind: jobKind(job.kind),
        sourceId: there.sourceId,
        repositoryId: there.repositoryId,
        about: there.id,
        params: { ...job.params, backup: there.id },
        requestedBy: claims.subject,
        dedupeKey: `${job.kind}:${there.repositoryId}:${there.id}`,
      })
      return found(await findJob(q, id), `job ${id}`)
    })
    o.wake()
    return made
  }

  return api
}

function meant({ id }: { id: string }, { repository }: { repository?: string | undefined }): Place {
  return { id, repository }
}

/** The backup that is meant, of those that the caller may see. Throws `not_found`; `request_invalid` if it may be several. */
async function find(queries: Queries, { id, repository }: Place): Promise<Detail> {
  const repositoryId =
    repository === undefined
      ? null
      : found(await findRepository(queries, repository), `repository ${repository}`).id
  const [only, ...more] = await findBackups(queries, { id, repositoryId })
  if (more.length > 0)
    throw new HoldfastError('request_invalid', 'Several repositories have a backup of this id: say which.')
  return found(only ?? null, `backup ${id}`)
}
