import { findJob, listJobs, readJobLog } from '../../catalog/jobs.ts'
import { findSchedule } from '../../catalog/schedules.ts'
import { findSource } from '../../catalog/sources.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { cancelJob } from '../../jobs/cancel.ts'
import { enqueue } from '../../jobs/enqueue.ts'
import type { Claims } from '../../catalog/claims.ts'
import { body, found, newApi, parseCursor, printCursor, requireDestroy, route, uuids, withCaller, type Api, type ApiOptions } from '../context.ts' // prettier-ignore
import { BackupInput, idParams, JobDetail, JobInput, JobQuery, Jobs, Log, LogQuery } from '../contract.ts'
import { destructive } from '../destructive.ts'
import { findTarget, type Wanted } from '../targets.ts'

const tags: [string] = ['jobs']
const one = '/jobs/{id}'

const list = route({ method: 'get', path: '/jobs', tags, summary: 'List jobs, newest first', request: { query: JobQuery }, status: 200, gives: Jobs }) // prettier-ignore
const get = route({ method: 'get', path: one, tags, summary: 'Get a job with its result', request: { params: idParams }, status: 200, gives: JobDetail }) // prettier-ignore
const start = route({ method: 'post', path: '/jobs', tags, summary: 'Start a job', request: { body: body(JobInput) }, status: 202, gives: JobDetail }) // prettier-ignore
const backUp = route({ method: 'post', path: '/backups', tags, summary: 'Back up a source', request: { body: body(BackupInput) }, status: 202, gives: JobDetail }) // prettier-ignore
const cancel = route({ method: 'post', path: '/jobs/{id}/cancel', tags, summary: 'Cancel a job', request: { params: idParams }, status: 202, gives: JobDetail }) // prettier-ignore
const log = route({ method: 'get', path: '/jobs/{id}/log', tags, summary: 'Read the log of a job', request: { params: idParams, query: LogQuery }, status: 200, gives: Log }) // prettier-ignore

export function jobRoutes(o: ApiOptions): Api {
  const api = newApi()

  api.openapi(list, async (c) => {
    const { limit, after, status, kind, source, schedule } = c.req.valid('query')
    const page = { limit, after: parseCursor(after, uuids) }
    const { items, next } = await withCaller(o, c.var.claims, ['read', 'jobs'], async (q) => {
      const sourceId = source === undefined ? null : found(await findSource(q, source), `source ${source}`).id
      const scheduleId =
        schedule === undefined ? null : found(await findSchedule(q, schedule), `schedule ${schedule}`).id
      return await listJobs(q, { status: status ?? null, kind: kind ?? null, sourceId, scheduleId }, page)
    })
    return c.json({ items: [...items], next: printCursor(next) }, 200)
  })

  api.openapi(get, async (c) => {
    const { id } = c.req.valid('param')
    const job = await withCaller(o, c.var.claims, ['read', 'jobs'], (q) => findJob(q, id))
    return c.json(there(job, id), 200)
  })

  api.openapi(start, async (c) => {
    const { dedupeKey, confirm, reason, ...wanted } = c.req.valid('json')
    if (wanted.kind === 'prune') {
      requireDestroy(c.var.claims)
      const { sourceId, about } = await withCaller(o, c.var.claims, ['create', 'jobs'], (q) => findTarget(q, wanted)) // prettier-ignore
      await destructive(o, c, { what: 'prune a source', about: sourceId ?? about, confirm: about, given: { confirm, reason } }) // prettier-ignore
    }
    const job = await begin(c.var.claims, wanted, dedupeKey)
    return c.json(job, 202, { location: `/api/v1/jobs/${job.id}` })
  })

  api.openapi(backUp, async (c) => {
    const { source, ...params } = c.req.valid('json')
    const job = await begin(c.var.claims, { kind: 'backup', source, params })
    return c.json(job, 202, { location: `/api/v1/jobs/${job.id}` })
  })

  api.openapi(cancel, async (c) => {
    const { id } = c.req.valid('param')
    const { claims } = c.var
    const job = await withCaller(o, claims, ['change', 'jobs'], async (q) => {
      const done = await cancelJob(q, { queue: o.queue, id, by: claims.subject })
      const now = there(await findJob(q, id), id)
      if (done === null)
        throw new HoldfastError('job_over', `The job has ended already: it is ${now.status}.`)
      return now
    })
    return c.json(job, 202)
  })

  api.openapi(log, async (c) => {
    const { id } = c.req.valid('param')
    const { after, limit } = c.req.valid('query')
    const lines = await withCaller(o, c.var.claims, ['read', 'jobs'], async (q) => {
      there(await findJob(q, id), id)
      return await readJobLog(q, { id, after, limit })
    })
    return c.json({ lines }, 200)
  })

  async function begin(claims: Claims, wanted: Wanted, dedupeKey?: string) {
    const job = await withCaller(o, claims, ['create', 'jobs'], async (q) => {
      const target = await findTarget(q, wanted)
      const requestedBy = claims.subject
      const { id } = await enqueue(q, o.queue, {
        ...target,
        requestedBy,
        ...(dedupeKey === undefined ? {} : { dedupeKey }),
      })
      return there(await findJob(q, id), id)
    })
    o.wake()
    return job
  }

  return api
}

function there<T>(job: T | null, id: string): T {
  if (job !== null) return job
  throw new HoldfastError('job_not_found', `There is no job ${id}.`)
}
