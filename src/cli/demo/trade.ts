import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type Connection, type ServerAddress } from '../../postgres/connect.ts'
import type { Clock } from '../../lib/clock.ts'
import { placeOrders, sendOrders } from './business.ts'

const everyMs = 3_000

/**
 * Goes on with the shop's business until the signal: an order now and then. A table that is gone, a restore that holds it, or a connection
 * that breaks is in the way for as long as it is.
 */
export async function trade(o: {
  address: ServerAddress
  clock: Clock
  random: () => number
  signal: AbortSignal
}): Promise<void> {
  const { address, clock, random, signal } = o
  let connection: Connection | null = null
  for (let turn = 1; !signal.aborted; turn++) {
    await sleep(everyMs * (0.5 + random()), undefined, { signal }).catch(() => undefined)
    if (signal.aborted) break
    try {
      connection ??= await connect({ address, signal })
      const now = clock.now()
      await placeOrders(connection, {
        seed: Math.floor(now.getTime() / 1000) % 100_000_000,
        orders: 1,
        until: now,
        minutes: 0,
      })
      if (turn % 20 === 0) await sendOrders(connection, { now })
    } catch {
      await connection?.[Symbol.asyncDispose]().catch(() => undefined)
      connection = null
    }
  }
  await connection?.[Symbol.asyncDispose]().catch(() => undefined)
}
