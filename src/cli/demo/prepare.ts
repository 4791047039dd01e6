import { sourceName, repositoryName } from './furnish.ts'
import type { DemoShop } from './shop.ts'

/** Asks the service for something, with the key of the first administrator. Throws what it refuses. */
export type ApiCall = (method: 'POST' | 'PATCH', path: string, body: unknown) => Promise<void>

const schedules = [
  { name: 'bazaar-every-night', kind: 'backup', source: sourceName, rule: { every: 'day', at: '02:00' }, zone: 'UTC', keep: { daily: 10, weekly: 8 } }, // prettier-ignore
  { name: 'bazaar-proof', kind: 'drill', source: sourceName, rule: { every: 'week', on: ['sunday'], at: '04:30' }, zone: 'UTC' }, // prettier-ignore
  { name: 'backups-check', kind: 'check', repository: repositoryName, rule: { every: 'month', on: 'last', at: '23:00' }, zone: 'UTC' }, // prettier-ignore
]

/** Tells the service where the shop is, which is elsewhere at each start; the first time, also when to do what. */
export async function prepareService(o: { call: ApiCall; shop: DemoShop; first: boolean }): Promise<void> {
  const { url: address, password } = o.shop
  await o.call('PATCH', `/sources/${sourceName}`, { address, password, moved: true })
  if (!o.first) return
  for (const schedule of schedules) await o.call('POST', '/schedules', schedule)
}
