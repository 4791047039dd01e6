import type { Queries } from '../../catalog/database.ts'
import {
  addSchedule,
  changeSchedule,
  findSchedule,
  listSchedules,
  removeSchedule,
  type ScheduleSettings,
} from '../../catalog/schedules.ts'
import { nextRun, requireRule, type ScheduleRule } from '../../jobs/schedule-rule.ts'
import { nextTimes, type ScheduleTimes } from '../../jobs/scheduler.ts'
import { ofSchedule } from '../consequences.ts'
import { body, emptyRoute, found, newApi, optionalBody, requireDestroy, route, withCaller, type Api, type ApiOptions } from '../context.ts' // prettier-ignore
import { Confirmation, Consequences, nameParams, Schedule, ScheduleChange, ScheduleInput, ScheduleRuns, ScheduleRunsInput, Schedules, type kinds } from '../contract.ts' // prettier-ignore
import { destructive } from '../destructive.ts'
import { forChange, requireMatch } from '../etag.ts'
import { refusingTaken } from '../refusals.ts'
import { findTarget } from '../targets.ts'

const tags: [string] = ['schedules']
const path = '/schedules'
const one = '/schedules/{name}'

const list = route({ method: 'get', path, tags, summary: 'List schedules', request: {}, status: 200, gives: Schedules }) // prettier-ignore
const get = route({ method: 'get', path: one, tags, summary: 'Get a schedule', request: { params: nameParams }, status: 200, gives: Schedule }) // prettier-ignore
const add = route({ method: 'post', path, tags, summary: 'Add a schedule', request: { body: body(ScheduleInput) }, status: 201, gives: Schedule }) // prettier-ignore
const change = route({ method: 'patch', path: one, tags, summary: 'Change a schedule', request: { params: nameParams, body: body(ScheduleChange) }, status: 200, gives: Schedule }) // prettier-ignore
const remove = emptyRoute({ method: 'delete', path: one, tags, summary: 'Remove a schedule; its jobs stay', request: { params: nameParams, body: optionalBody(Confirmation) } }) // prettier-ignore
const preview = route({ method: 'get', path: '/schedules/{name}/consequences', tags, summary: 'What happens if a schedule is removed', request: { params: nameParams }, status: 200, gives: Consequences }) // prettier-ignore
const runs = route({ method: 'post', path: '/schedules/next-runs', tags, summary: 'Say when a rule would run next', request: { body: body(ScheduleRunsInput) }, status: 200, gives: ScheduleRuns }) // prettier-ignore

export function scheduleRoutes(o: ApiOptions): Api {
  const api = newApi()

  api.openapi(list, async (c) => {
    const items = await withCaller(o, c.var.claims, ['read', 'schedules'], listSchedules)
    return c.json({ items }, 200)
  })

  api.openapi(get, async (c) => {
    const { name } = c.req.valid('param')
    const schedule = await withCaller(o, c.var.claims, ['read', 'schedules'], (q) => findSchedule(q, name))
    return c.json(found(schedule, `schedule ${name}`), 200)
  })

  api.openapi(add, async (c) => {
    const given = c.req.valid('json')
    const { source, repository, kind, params, keep, ...rest } = given
    if (kind === 'prune' || keep !== null) requireDestroy(c.var.claims)
    const made = await refusingTaken(`A schedule ${given.name}`, () =>
      withCaller(o, c.var.claims, ['create', 'schedules'], async (q) => {
        const wanted = {
          kind,
          source,
          repository,
          keep,
          params: withKeep(params, kind === 'prune' ? keep : null),
        }
        const { sourceId, repositoryId } = await findTarget(q, wanted)
        const ofSource = sourceId !== null
        const settings = {
          ...rest,
          kind,
          params,
          keep,
          sourceId,
          repositoryId: ofSource ? null : repositoryId,
        }
        return await addSchedule(q, settings, await timesOf(settings))
      }),
    )
    return c.json(made, 201)
  })

  api.openapi(change, async (c) => {
    const { name } = c.req.valid('param')
    const given = c.req.valid('json')
    if (given.keep !== undefined) requireDestroy(c.var.claims)
    const changed = await withCaller(o, c.var.claims, ['change', 'schedules'], async (q) => {
      const before = await forChange(q, c, { ...locked, name })
      const settings = { ...before, ...withoutUndefined(given) }
      await requireTarget(q, settings)
      return await changeSchedule(q, settings, await timesOf(settings))
    })
    return c.json(found(changed, `schedule ${name}`), 200)
  })

  api.openapi(preview, async (c) => {
    const { name } = c.req.valid('param')
    const schedule = await withCaller(o, c.var.claims, ['remove', 'schedules'], (q) => findSchedule(q, name))
    return c.json(ofSchedule(found(schedule, `schedule ${name}`)), 200)
  })

  api.openapi(remove, async (c) => {
    const { name } = c.req.valid('param')
    const there = found(
      await withCaller(o, c.var.claims, ['remove', 'schedules'], (q) => findSchedule(q, name)),
      `schedule ${name}`,
    )
    requireMatch(c, there)
    await destructive(o, c, { what: 'remove a schedule', about: there.id, confirm: name, given: c.req.valid('json') }) // prettier-ignore
    await withCaller(o, c.var.claims, ['remove', 'schedules'], async (q) => {
      await forChange(q, c, { ...locked, name })
      await removeSchedule(q, name)
    })
    return c.body(null, 204)
  })

  // A rule that was not saved yet: the one way to show people what it means, by the very code that will go by it.
  api.openapi(runs, async (c) => {
    const { rule, zone, count } = c.req.valid('json')
    await withCaller(o, c.var.claims, ['read', 'schedules'], async () => undefined)
    const items: string[] = []
    let after = await o.catalog.now()
    requireRule(rule, zone, after)
    while (items.length < count) {
      const next = nextRun(rule, zone, after)
      if (next === null) break
      items.push(next.toISOString())
      after = next
    }
    return c.json({ items }, 200)
  })

  async function timesOf(settings: ScheduleSettings): Promise<ScheduleTimes> {
    const now = await o.catalog.now()
    const { zone, jitterSeconds } = settings
    // Sound because the contract has checked it.
    const rule = settings.rule as unknown as ScheduleRule
    requireRule(rule, zone, now)
    return nextTimes({ rule, zone, jitterSeconds }, now, o.random)
  }

  return api
}

const locked = { table: 'schedules', what: 'schedule', find: findSchedule } as const

type Params = Readonly<Record<string, unknown>>

/** What the jobs of a schedule get, for the check of what their kind takes. */
function withKeep(params: Params, keep: Params | null): Params {
  return keep === null ? params : { ...params, keep }
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

/** That what a changed schedule says is still what its kind takes. */
async function requireTarget(queries: Queries, settings: ScheduleSettings): Promise<void> {
  const nameOf = async (
    table: 'sources' | 'repositories',
    id: string | null,
  ): Promise<string | undefined> => {
    if (id === null) return undefined
    const [row] = await queries.query<{ name: string }>(`SELECT name FROM holdfast.${table} WHERE id = $1`, [
      id,
    ])
    return row?.name
  }
  const { kind, keep, params } = settings
  await findTarget(queries, {
    kind: kind as (typeof kinds)[number],
    source: await nameOf('sources', settings.sourceId),
    repository: await nameOf('repositories', settings.repositoryId),
    keep,
    params: withKeep(params, kind === 'prune' ? keep : null),
  })
}
