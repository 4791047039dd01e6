import { forgetExpected, listExpected, setExpected } from '../../alarms/expected.ts'
import { closeAlarm, findAlarm, listAlarms, markSeen } from '../../alarms/inbox.ts'
import type { Queries } from '../../catalog/database.ts'
import { findSource } from '../../catalog/sources.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { body, emptyRoute, found, newApi, parseCursor, printCursor, route, uuids, withCaller, type Api, type ApiOptions } from '../context.ts' // prettier-ignore
import { Alarm, AlarmClosing, AlarmQuery, Alarms, AlarmSettings, AlarmsSeen, AllAlarmSettings, idParams, nameParams, SourceAlarmSettings } from '../contract.ts' // prettier-ignore

const tags: [string] = ['alarms']
const one = '/alarms/{id}'
const settings = '/alarm-settings/{name}'

const list = route({ method: 'get', path: '/alarms', tags, summary: 'List alarms, newest first', request: { query: AlarmQuery }, status: 200, gives: Alarms }) // prettier-ignore
const get = route({ method: 'get', path: one, tags, summary: 'Get an alarm', request: { params: idParams }, status: 200, gives: Alarm }) // prettier-ignore
const see = emptyRoute({ method: 'post', path: '/alarms/seen', tags, summary: 'Note that the caller has seen alarms', request: { body: body(AlarmsSeen) } }) // prettier-ignore
const close = route({ method: 'post', path: '/alarms/{id}/close', tags, summary: 'Close an alarm: it is done with, or is how things are now', request: { params: idParams, body: body(AlarmClosing) }, status: 200, gives: Alarm }) // prettier-ignore
const listSettings = route({ method: 'get', path: '/alarm-settings', tags, summary: 'List what is expected of sources, where it is not the usual', request: {}, status: 200, gives: AllAlarmSettings }) // prettier-ignore
const getSettings = route({ method: 'get', path: settings, tags, summary: 'Get what is expected of a source', request: { params: nameParams }, status: 200, gives: SourceAlarmSettings }) // prettier-ignore
const putSettings = route({ method: 'put', path: settings, tags, summary: 'Set what is expected of a source', request: { params: nameParams, body: body(AlarmSettings) }, status: 200, gives: SourceAlarmSettings }) // prettier-ignore
const removeSettings = emptyRoute({ method: 'delete', path: settings, tags, summary: 'Expect the usual of a source again', request: { params: nameParams } }) // prettier-ignore

const usual = { maxAgeSeconds: null, graceSeconds: null, expected: true } as const

export function alarmRoutes(o: ApiOptions): Api {
  const api = newApi()

  api.openapi(list, async (c) => {
    const { limit, after, source, severity: minSeverity, ...filter } = c.req.valid('query')
    const page = { limit, after: parseCursor(after, uuids) }
    const { claims } = c.var
    const { items, next } = await withCaller(o, claims, ['read', 'alarms'], async (q) => {
      const sourceId = source === undefined ? undefined : await idOf(q, source)
      return await listAlarms(q, { ...filter, minSeverity, sourceId, person: claims.subject, page })
    })
    return c.json({ items: [...items], next: printCursor(next) }, 200)
  })

  api.openapi(get, async (c) => {
    const { id } = c.req.valid('param')
    const { claims } = c.var
    const alarm = await withCaller(o, claims, ['read', 'alarms'], (q) =>
      findAlarm(q, { id, person: claims.subject }),
    )
    return c.json(there(alarm, id), 200)
  })

  api.openapi(see, async (c) => {
    const { ids } = c.req.valid('json')
    const { claims } = c.var
    await withCaller(o, claims, ['read', 'alarms'], (q) => markSeen(q, { person: claims.subject, ids }))
    return c.body(null, 204)
  })

  api.openapi(close, async (c) => {
    const { id } = c.req.valid('param')
    const { text } = c.req.valid('json')
    const person = c.var.claims.subject
    const now = await o.catalog.now()
    const alarm = await withCaller(o, c.var.claims, ['change', 'alarms'], async (q) => {
      await closeAlarm(q, { id, person, text, now })
      return await findAlarm(q, { id, person })
    })
    return c.json(there(alarm, id), 200)
  })

  api.openapi(listSettings, async (c) => {
    const items = await withCaller(o, c.var.claims, ['read', 'alarm_settings'], (q) => listExpected(q))
    return c.json({ items }, 200)
  })

  api.openapi(getSettings, async (c) => {
    const { name: source } = c.req.valid('param')
    const [set] = await withCaller(o, c.var.claims, ['read', 'alarm_settings'], async (q) =>
      listExpected(q, await idOf(q, source)),
    )
    return c.json(set ?? { source, ...usual }, 200)
  })

  api.openapi(putSettings, async (c) => {
    const { name: source } = c.req.valid('param')
    const wanted = c.req.valid('json')
    await withCaller(o, c.var.claims, ['change', 'alarm_settings'], async (q) =>
      setExpected(q, await idOf(q, source), wanted),
    )
    return c.json({ source, ...wanted }, 200)
  })

  api.openapi(removeSettings, async (c) => {
    const { name: source } = c.req.valid('param')
    await withCaller(o, c.var.claims, ['remove', 'alarm_settings'], async (q) =>
      forgetExpected(q, await idOf(q, source)),
    )
    return c.body(null, 204)
  })

  return api
}

async function idOf(queries: Queries, source: string): Promise<string> {
  return found(await findSource(queries, source), `source ${source}`).id
}

function there<T>(alarm: T | null, id: string): T {
  if (alarm !== null) return alarm
  throw new HoldfastError('alarm_not_found', `There is no alarm ${id}.`)
}
