import { forecast } from '../../alarms/judge/filling.ts'
import { readCounts } from '../../catalog/counts.ts'
import { findRepository } from '../../catalog/repositories.ts'
import { readSourceFacts } from '../../catalog/source-facts.ts'
import { findSource } from '../../catalog/sources.ts'
import { readStatistics } from '../../catalog/statistics.ts'
import { readMeasuring, readStoragePoints, type StoragePointRow } from '../../catalog/storage.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { found, newApi, route, withCaller, type Api, type ApiOptions } from '../context.ts'
import { nameParams, Overview, RepositoryStorage, SourceState, Statistics, StatisticsQuery, ZoneQuery } from '../contract.ts' // prettier-ignore
import { sourceState } from '../source-state.ts'

const tags: [string] = ['statistics']

const statistics = route({ method: 'get', path: '/statistics', tags, summary: 'Get figures of backups in a period', request: { query: StatisticsQuery }, status: 200, gives: Statistics }) // prettier-ignore
const state = route({ method: 'get', path: '/sources/{name}/state', tags, summary: 'Say how safe a source is', request: { params: nameParams, query: ZoneQuery }, status: 200, gives: SourceState }) // prettier-ignore
const overview = route({ method: 'get', path: '/overview', tags, summary: 'Say how safe all sources are, with storage, alarms and jobs', request: { query: ZoneQuery }, status: 200, gives: Overview }) // prettier-ignore
const storage = route({ method: 'get', path: '/repositories/{name}/storage', tags, summary: 'Get how full the storage of a repository was, is and will be', request: { params: nameParams }, status: 200, gives: RepositoryStorage }) // prettier-ignore

const dayMs = 86_400_000
/** Rows are summed, not read; days are listed. */
const mostDays = 400
/** As far back as the alarm of a storage that fills takes its rate from, and as the points are kept. */
const rateDays = 30
const historyDays = 90

export function statisticsRoutes(o: ApiOptions): Api {
  const api = newApi()

  api.openapi(statistics, async (c) => {
    const { source, zone, ...period } = c.req.valid('query')
    requireZone(zone)
    const to = period.to === undefined ? await o.catalog.now() : new Date(period.to)
    const from = period.from === undefined ? new Date(to.getTime() - rateDays * dayMs) : new Date(period.from)
    if (from > to || to.getTime() - from.getTime() > mostDays * dayMs)
      throw new HoldfastError('request_invalid', `from is before to, and no more than ${mostDays} days.`)
    const figures = await withCaller(o, c.var.claims, ['read', 'jobs'], async (q) => {
      const sourceId = source === undefined ? null : found(await findSource(q, source), `source ${source}`).id
      return await readStatistics(q, { sourceId, from, to, zone })
    })
    const days = figures.days.map((day) => ({ ...day }))
    return c.json({ from: from.toISOString(), to: to.toISOString(), ...figures, days }, 200)
  })

  api.openapi(state, async (c) => {
    const { name } = c.req.valid('param')
    const { zone } = c.req.valid('query')
    requireZone(zone)
    const now = await o.catalog.now()
    const [row] = await withCaller(o, c.var.claims, ['read', 'sources'], (q) => readSourceFacts(q, name))
    return c.json(sourceState(found(row ?? null, `source ${name}`), now, zone), 200)
  })

  api.openapi(overview, async (c) => {
    const { zone } = c.req.valid('query')
    requireZone(zone)
    const now = await o.catalog.now()
    const answer = await withCaller(o, c.var.claims, ['read', 'sources'], async (q) => {
      const sources = (await readSourceFacts(q, null)).map((row) => sourceState(row, now, zone))
      const points = await readStoragePoints(q, { repositoryId: null, days: rateDays })
      const storages = [...Map.groupBy(points, ({ repository }) => repository).values()]
      return { sources, storage: storages.flatMap((own) => figureOf(own) ?? []), ...(await readCounts(q)) }
    })
    return c.json(answer, 200)
  })

  api.openapi(storage, async (c) => {
    const { name } = c.req.valid('param')
    const { points, last } = await withCaller(o, c.var.claims, ['read', 'repositories'], async (q) => {
      const { id } = found(await findRepository(q, name), `repository ${name}`)
      const points = await readStoragePoints(q, { repositoryId: id, days: historyDays })
      return { points, last: await readMeasuring(q, id) }
    })
    const newest = points.at(-1)
    const since = newest === undefined ? 0 : newest.at.getTime() - rateDays * dayMs
    const history = points.map(({ at, usedBytes, capacityBytes }) => ({ at: at.toISOString(), usedBytes, capacityBytes })) // prettier-ignore
    const measuring = last === null ? null : { ...last, at: last.at.toISOString() }
    const now = figureOf(points.filter(({ at }) => at.getTime() > since))
    return c.json({ now, measuring, history }, 200)
  })

  return api
}

/** By the same rule as the alarm. Null: it was not measured. */
function figureOf(points: readonly StoragePointRow[]) {
  const seen = forecast(points)
  const last = points.at(-1)
  if (seen === null || last === undefined) return null
  const { newest, perMs, fullInMs } = seen
  return {
    repository: last.repository,
    at: newest.at.toISOString(),
    usedBytes: newest.usedBytes,
    capacityBytes: newest.capacityBytes,
    bytesPerDay: perMs === null ? null : perMs * dayMs,
    fullInSeconds: fullInMs === null ? null : Math.floor(fullInMs / 1000),
  }
}

function requireZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch (cause) {
    throw new HoldfastError('request_invalid', 'zone is no time zone such as Europe/Berlin.', { cause })
  }
}
