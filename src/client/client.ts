import { callsOf } from './calls.ts'
import { followEvents, type EventsOptions, type FollowedEvent } from './events.ts'
import { senderOf, type ClientOptions } from './request.ts'

export { HoldfastClientError } from './error.ts'
export { forward } from './forward.ts'
export type { EventsOptions, FollowedEvent } from './events.ts'
export type { CallOptions, ClientOptions } from './request.ts'
export type * from './types.ts'

/**
 * The API of a service as functions, in a browser, Node or Deno, with nothing but fetch. A GET is tried again if the service does not
 * answer; nothing else is. Calls throw HoldfastClientError.
 */
export function createClient(o: ClientOptions) {
  return {
    ...callsOf(senderOf(o)),
    /** What changes, as it happens: `for await (const { event } of client.events({ kinds: ['job'] }))`. */
    events: (wanted?: EventsOptions): AsyncGenerator<FollowedEvent> => followEvents(o, wanted),
  }
}

export type Client = ReturnType<typeof createClient>

/** All items of a list, over its pages: `itemsOf((after) => client.getBackupJobs({ source: 'shop', after }))`. */
export async function* itemsOf<T>(
  page: (
    after: string | undefined,
  ) => Promise<{ readonly items: readonly T[]; readonly next: string | null }>,
): AsyncGenerator<T> {
  for (let after: string | undefined; ;) {
    const { items, next } = await page(after)
    yield* items
    if (next === null) return
    after = next
  }
}
