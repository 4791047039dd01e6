import type { z } from '@hono/zod-openapi'
import type { CallerQueries, Claims } from '../../catalog/claims.ts'
import { findBackup, findBackupRows, listBackups } from '../../catalog/backups.ts'
import { findJob, findJobs, type JobRecord } from '../../catalog/jobs.ts'
import { findRestore, listRestores, type RestoreRecord } from '../../catalog/restores.ts'
import { findRepository } from '../../catalog/repositories.ts'
import { findSource } from '../../catalog/sources.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { repositoryOf } from '../../jobs/restores/kinds.ts'
import { confirmRestore, startRestore, type NewRestore } from '../../jobs/restores/start.ts'
import { body, found, newApi, parseCursor, printCursor, route, uuids, withCaller, type Api, type ApiOptions } from '../context.ts' // prettier-ignore
import { ConfirmInput, idParams, inPlaceChoices, ReleaseInput, Restore, RestoreInput, RestoreQuery, Restores, type RestoreSummary, rowChoices, UndoInput } from '../contract.ts' // prettier-ignore
import { destructive } from '../destructive.ts'
import { requireSource } from '../refusals.ts'
import { requireIdentity } from '../identity.ts'

const tags: [string] = ['restores']
const one = '/restores/{id}'

const list = route({ method: 'get', path: '/restores', tags, summary: 'List restores, newest first', request: { query: RestoreQuery }, status: 200, gives: Restores }) // prettier-ignore
const get = route({ method: 'get', path: one, tags, summary: 'Get a restore with its preview and report', request: { params: idParams }, status: 200, gives: Restore }) // prettier-ignore
const start = route({ method: 'post', path: '/restores', tags, summary: 'Restore into a new database, or preview a restore in place', request: { body: body(RestoreInput) }, status: 202, gives: Restore }) // prettier-ignore
const confirm = route({ method: 'post', path: '/restores/{id}/confirm', tags, summary: 'Make the change that was previewed', request: { params: idParams, body: body(ConfirmInput) }, status: 202, gives: Restore }) // prettier-ignore
const undo = route({ method: 'post', path: '/restores/{id}/undo', tags, summary: 'Preview taking a restore in place back', request: { params: idParams, body: body(UndoInput) }, status: 202, gives: Restore }) // prettier-ignore
const release = route({ method: 'post', path: '/restores/{id}/release', tags, summary: 'Let a restored copy work', request: { params: idParams, body: body(ReleaseInput) }, status: 202, gives: Restore }) // prettier-ignore

export function restoreRoutes(o: ApiOptions): Api {
  const api = newApi()

  api.openapi(list, async (c) => {
    const { limit, after, source } = c.req.valid('query')
    const page = { limit, after: parseCursor(after, uuids) }
    const answer = await withCaller(o, c.var.claims, ['read', 'restores'], async (q) => {
      const sourceId = source === undefined ? null : found(await findSource(q, source), `source ${source}`).id
      const { items, next } = await listRestores(q, { sourceId }, page)
      const jobs = new Map((await findJobs(q, items.map(({ id }) => id))).map((job) => [job.id, job])) // prettier-ignore
      const summaries = items.flatMap((item) => {
        const job = jobs.get(item.id)
        return job === undefined ? [] : [summaryOf(item, job)]
      })
      return { items: summaries, next: printCursor(next) }
    })
    return c.json(answer, 200)
  })

  api.openapi(get, async (c) => {
    const { id } = c.req.valid('param')
    const there = await withCaller(o, c.var.claims, ['read', 'restores'], (q) => read(q, id))
    return c.json(there, 200)
  })

  api.openapi(start, async (c) => {
    const given = c.req.valid('json')
    requireChoices(given)
    const { source, repository, backup, into, as, identity, passphrase, ...choices } = given
    const action = 'inPlace' in into ? 'change' : 'create'
    const answer = await begin(c.var.claims, action, async (q, requestedBy) => {
      const opens = { identity, passphrase }
      const of = source === undefined ? await fromRepository(q, repository ?? '', backup) : await fromSource(q, source, backup) // prettier-ignore
      if (identity === undefined && passphrase === undefined)
        await q.asSystem((system) => requireIdentity(o, system, of.repositoryId))
      const base = { ...of, kind: 'restore', requestedBy, undoes: null } as const
      const params = { ...choices, ...of.params }
      if ('inPlace' in into) {
        const secrets = { ...opens, password: as?.password }
        return { ...base, params, place: 'in place', target: of.address, asUser: as?.user ?? null, database: null, secrets } // prettier-ignore
      }
      const { database: target, password, create, restart } = into
      requireSource({ name: 'target', address: target, settings: {} })
      const database = databaseOf(target)
      return { ...base, params: { ...params, create, restart }, place: 'new', target, asUser: null, database, secrets: { ...opens, password } } // prettier-ignore
    })
    return c.json(answer, 202, { location: `/api/v1/restores/${answer.id}` })
  })

  api.openapi(confirm, async (c) => {
    const { id } = c.req.valid('param')
    const { claims } = c.var
    const there = await withCaller(o, claims, ['change', 'restores'], (q) => read(q, id))
    requireWaiting(there)
    await destructive(o, c, { what: `${there.kind} in place`, about: id, confirm: there.database ?? '', given: c.req.valid('json') }) // prettier-ignore
    const answer = await withCaller(o, claims, ['change', 'restores'], async (q) => {
      const now = await o.catalog.now()
      if (!(await confirmRestore(q, { queue: o.queue, id, by: claims.subject, now }))) throw notWaiting('It waits for nobody any more.') // prettier-ignore
      return await read(q, id)
    })
    o.wake()
    return c.json(answer, 202)
  })

  api.openapi(undo, async (c) => {
    const { id } = c.req.valid('param')
    const { as, identity, passphrase, ...choices } = c.req.valid('json')
    const answer = await begin(c.var.claims, 'change', async (q, requestedBy) => {
      const there = await read(q, id)
      const { place, target, restore, changed } = there
      if (place !== 'in place' || restore === null || changed === false)
        throw new HoldfastError('undo_nothing', 'That restore has changed no database in use.')
      return {
        kind: 'undo',
        ...placeOf(there),
        params: choices,
        requestedBy,
        place,
        target,
        asUser: as?.user ?? null,
        database: null,
        undoes: restore,
        secrets: { password: as?.password, identity, passphrase },
      }
    })
    return c.json(answer, 202, { location: `/api/v1/restores/${answer.id}` })
  })

  api.openapi(release, async (c) => {
    const { id } = c.req.valid('param')
    const given = c.req.valid('json')
    const { password } = given
    const { claims } = c.var
    const there = await withCaller(o, claims, ['create', 'restores'], (q) => read(q, id))
    const { kind, status, place, target, database } = there
    if (place !== 'new' || kind !== 'restore' || status !== 'completed')
      throw new HoldfastError('nothing_quarantined', 'That restore has made no copy.')
    await destructive(o, c, { what: 'release a copy', about: id, confirm: database ?? '', given })
    const answer = await begin(claims, 'create', (_queries, requestedBy) => {
      return Promise.resolve({ kind: 'release', ...copyOf(there), requestedBy, place, target, asUser: null, database, undoes: null, secrets: { password } }) // prettier-ignore
    })
    return c.json(answer, 202, { location: `/api/v1/restores/${answer.id}` })
  })

  /** Makes the job, with the right that it takes, and answers with it. */
  async function begin(
    claims: Claims,
    action: 'create' | 'change',
    what: (queries: CallerQueries, by: string) => Promise<NewRestore>,
  ) {
    const now = await o.catalog.now()
    const answer = await withCaller(o, claims, [action, 'restores'], async (q) => {
      const restore = await what(q, claims.subject)
      const id = await startRestore(q, { queue: o.queue, seal: o.catalog.seal, now, restore })
      return await read(q, id)
    })
    o.wake()
    return answer
  }

  return api
}

type Shown = z.infer<typeof Restore>

async function read(queries: CallerQueries, id: string): Promise<Shown> {
  const restore = await findRestore(queries, id)
  const job = restore === null ? null : await findJob(queries, id)
  if (restore === null || job === null) throw new HoldfastError('job_not_found', `There is no restore ${id}.`)
  const { preview, previewCut, report } = restore
  return { ...summaryOf(restore, job), preview, previewCut, report, undo: undoText(restore, job) }
}

function summaryOf(restore: RestoreRecord, job: JobRecord): z.infer<typeof RestoreSummary> {
  const {
    digest: _digest,
    why: _why,
    preview: _preview,
    previewCut: _cut,
    report: _report,
    totals,
    ...own
  } = restore
  const { status, sourceId, repositoryId, params, requestedBy, progress, error, about: source } = job
  const { createdAt, startedAt, endedAt } = job
  const kind = job.kind as Shown['kind']
  // Sound because only jobs/restores/totals.ts makes them.
  const rows = totals as Shown['rows']
  return { ...own, rows, kind, status, source, sourceId, repositoryId, params, requestedBy, progress, error, createdAt, startedAt, endedAt } // prettier-ignore
}

function undoText({ place, restore, changed }: RestoreRecord, { id, status }: JobRecord): string | null {
  if (place === 'new') return 'Drop the database.'
  return status === 'completed' && changed === true && restore !== null
    ? `POST /restores/${id}/undo, or holdfast undo ${restore}`
    : null
}

interface Found extends Pick<NewRestore, 'sourceId' | 'repositoryId' | 'about' | 'params'> {
  /** Of the database of the source; empty: it is of none. */
  readonly address: string
}

async function fromSource(q: CallerQueries, name: string, backup: string): Promise<Found> {
  const { id: sourceId, repositoryId, address } = found(await findSource(q, name), `source ${name}`)
  const id = backup === 'latest' ? null : backup
  const meant = await findBackup(q, { repositoryId, sourceId, id })
  const params = { backup: found(meant, `backup ${backup} of ${name} that the catalog knows`) }
  return { sourceId, repositoryId, about: name, params, address }
}

/** Of no source: the repository may be of another service, or of none. */
async function fromRepository(q: CallerQueries, name: string, backup: string): Promise<Found> {
  const { id: repositoryId } = found(await findRepository(q, name), `repository ${name}`)
  const [known, ...others] =
    backup === 'latest'
      ? (await listBackups(q, { repositoryId, sourceId: null }, { limit: 2, after: null })).items
      : await findBackupRows(q, { id: backup, repositoryId })
  if (others.length > 0)
    throw new HoldfastError('request_invalid', `Say which backup: ${name} may hold those of several sources.`)
  const { id } = found(known ?? null, `backup ${backup} in ${name} that the catalog knows`)
  return { sourceId: null, repositoryId, about: name, params: { repository: name, backup: id }, address: '' }
}

/** Of a restored copy, which may be of no source. */
function copyOf(there: Shown): Omit<Found, 'address'> {
  const { repositoryId, source: about, params } = there
  const repository = repositoryOf(params)
  if (repository === null || repositoryId === null) return { ...placeOf(there), params: {} }
  return { sourceId: null, repositoryId, about, params: { repository } }
}

function placeOf({ sourceId, repositoryId, source: about }: Shown) {
  if (sourceId === null || repositoryId === null)
    throw new HoldfastError('not_found', `The source ${about} or its repository is not there any more.`)
  return { sourceId, repositoryId, about }
}

function requireWaiting({ status, step, expiresAt }: Shown): void {
  if (status === 'waiting' && step === 'agreement') return
  throw notWaiting(
    step === 'preview'
      ? 'Its preview is not there yet.'
      : `It is ${status}${expiresAt === null ? '' : `, and could be confirmed until ${expiresAt}`}.`,
  )
}

function notWaiting(why: string): HoldfastError {
  return new HoldfastError('not_waiting', `There is nothing to confirm. ${why}`)
}

function requireChoices(given: z.infer<typeof RestoreInput>): void {
  if ((given.source === undefined) === (given.repository === undefined))
    throw new HoldfastError('request_invalid', 'A restore is of a source, or of a repository.')
  if (given.source === undefined && 'inPlace' in given.into)
    throw new HoldfastError('request_invalid', 'In place a backup of the source is restored, which has a repository that can be written to.', { hint: 'Restore it into a new database, or copy it into the repository of the source first.' }) // prettier-ignore
  if (given.source === undefined && given.modules !== undefined)
    throw new HoldfastError('request_invalid', 'modules are of a source, and this is of a repository.')
  const said = (names: readonly (keyof typeof given)[]) => names.find((name) => given[name] !== undefined)
  const wrong = !('inPlace' in given.into)
    ? { name: said(inPlaceChoices), why: 'is about a restore in place' }
    : given.swap === undefined
      ? { name: said(['quarantine']), why: 'is about a swap' }
      : { name: said(rowChoices), why: 'is about parts of a database, and a swap is of a whole one' }
  if (wrong.name !== undefined) throw new HoldfastError('request_invalid', `${wrong.name} ${wrong.why}.`)
}

function databaseOf(address: string): string {
  const name = /^postgres(?:ql)?:\/\/[^/?]*\/([^?]+)/.exec(address)?.[1]
  if (name === undefined) throw new HoldfastError('request_invalid', 'into.database: the address names no database.') // prettier-ignore
  return decodeURIComponent(name)
}
