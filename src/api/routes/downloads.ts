import { findBackupRows } from '../../catalog/backups.ts'
import type { Origin } from '../origin.ts'
import { downloadToken, type Download } from '../../catalog/downloads.ts'
import { findRepository } from '../../catalog/repositories.ts'
import { record } from '../../audit/record.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { body, found, newApi, route, withCaller, type Api, type ApiOptions } from '../context.ts'
import { requireIdentity } from '../identity.ts'
import { backupParam, DownloadInput, DownloadLink } from '../contract.ts'

const ask = route({
  method: 'post',
  path: '/backups/{id}/downloads',
  tags: ['downloads'],
  summary: 'Make a link to a backup as one file, good for one GET within ten minutes',
  request: { params: backupParam, body: body(DownloadInput) },
  status: 201,
  gives: DownloadLink,
})

export function downloadRoutes(o: ApiOptions): Api {
  const api = newApi()
  api.openapi(ask, async (c) => {
    const { id } = c.req.valid('param')
    const { format, repository, tables, schemas, modules } = c.req.valid('json')
    const chosen = tables.length + schemas.length + modules.length
    if (format === 'archive' && chosen > 0)
      throw new HoldfastError('request_invalid', 'An archive holds a whole backup: tables, schemas and modules are for other formats.') // prettier-ignore
    const right = format === 'archive' ? 'archives' : 'exports'
    const about = await withCaller(o, c.var.claims, ['create', right], async (q) => {
      const wanted = repository === undefined ? null : found(await findRepository(q, repository), `repository ${repository}`) // prettier-ignore
      const all = await findBackupRows(q, { id, repositoryId: null })
      const backup = all.find(({ repositoryId }) => wanted === null || repositoryId === wanted.id)
      const { repositoryId, sourceId } = found(backup ?? null, `backup ${id}`)
      if (modules.length > 0 && sourceId === null)
        throw new HoldfastError('request_invalid', `Of which source ${id} is, the catalog does not know: so it knows no modules.`) // prettier-ignore
      if (format !== 'archive') await q.asSystem((system) => requireIdentity(o, system, repositoryId))
      return { repositoryId, sourceId }
    })
    const { claims, session } = c.var.caller
    const by = { subject: claims.subject, session: session?.session.id ?? null }
    const subject = { backup: id, format, tables, schemas, modules, ...by }
    const { token, download } = downloadToken(o.catalog.seal, await o.catalog.now(), { ...about, ...subject })
    await record(o.catalog.system, {
      claims: c.var.claims,
      action: 'exports.create',
      about: id,
      sourceId: about.sourceId,
      result: 'done',
      facts: { format, link: download.id },
    })
    return c.json({ url: `/api/v1/downloads/${token}`, expiresAt: download.expiresAt }, 201)
  })
  return api
}

const types: Readonly<Record<Download['format'], readonly [ending: string, type: string]>> = {
  archive: ['holdfast', 'application/x-tar'],
  sql: ['sql', 'application/sql'],
  folder: ['zip', 'application/zip'],
  csv: ['zip', 'application/zip'],
  json: ['zip', 'application/zip'],
}

/** Whoever takes nothing for so long keeps others from downloading, and is hung up on. */
const stallMs = 5 * 60_000

/** A connection that can be broken off: what Node's server hands to a handler besides the request. */
export interface Connection {
  readonly outgoing?: { destroy(): unknown }
}

/** What a link leads to. It carries its own right, so a browser can follow it like any other. */
export async function sendDownload(
  o: ApiOptions,
  {
    request,
    token,
    connection,
    from,
  }: { request: Request; token: string; connection: Connection; from: Origin },
): Promise<Response> {
  // Whoever only looks at a link must not use it up.
  if (request.method !== 'GET')
    throw new HoldfastError('request_invalid', 'A link to a download is for GET only.')
  if (o.downloads === undefined) throw new HoldfastError('not_found', 'Nothing is downloaded here.')
  const { download, bytes } = await o.downloads.start(token)
  const { backup, format, id, subject, sourceId } = download
  // Whoever follows a link is not asked who they are: it was given to this one.
  const facts = { format, link: id, givenTo: subject }
  await record(o.catalog.system, { claims: null, from, action: 'exports.download', about: backup, sourceId, result: 'done', facts }) // prettier-ignore
  const [ending, type] = types[download.format]
  const breakOff = (): unknown => connection.outgoing?.destroy()
  let stalled: NodeJS.Timeout | undefined
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(stalled)
        try {
          const next = await bytes.next()
          if (next.done === true) controller.close()
          else {
            controller.enqueue(next.value)
            stalled = setTimeout(breakOff, stallMs).unref()
          }
        } catch (error) {
          // The connection ends without the end of the body, which every client tells from a whole file. A server that is only told of the error
          // might add its words to the file.
          if (connection.outgoing === undefined) controller.error(error)
          else breakOff()
        }
      },
      async cancel() {
        clearTimeout(stalled)
        await bytes.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(stream, {
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename="holdfast-${download.backup}.${ending}"`,
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
  })
}
