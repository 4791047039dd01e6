import { eachLimited, useOpened } from '../lib/async.ts'
import { HoldfastError } from '../lib/errors.ts'
import { connect, type Connection, type ServerAddress } from '../postgres/connect.ts'

/** Does the work for each item, on as many connections at once as there are jobs. */
export async function overConnections<T>(
  o: { readonly address: ServerAddress; readonly jobs: number; readonly signal?: AbortSignal | undefined },
  items: readonly T[],
  work: (connection: Connection, item: T) => Promise<void>,
): Promise<void> {
  if (items.length === 0) return
  await using connections = new AsyncDisposableStack()
  const free = await Promise.all(
    Array.from({ length: Math.min(o.jobs, items.length) }, () => useOpened(connections, connect(o))),
  )
  await eachLimited(items, free.length, async (item) => {
    const connection = free.pop()
    if (connection === undefined) throw new HoldfastError('internal', 'More checks than connections.')
    await work(connection, item)
    free.push(connection)
  })
}
