import { setTimeout as sleep } from 'node:timers/promises'
import { openClient, type OpenClient } from '../postgres/open.ts'
import type { ServerAddress } from '../postgres/server-address.ts'

/** A connection that hears notifications, and is opened anew when it breaks. */
export interface Listening {
  close(): Promise<void>
}

const firstPauseMs = 250
const longestPauseMs = 10_000

/**
 * Calls `onNotify` at each notification, and whenever it begins to listen, since there may have been some before. None is promised: who
 * listens looks also by itself.
 */
export function listenTo(o: {
  address: ServerAddress
  channel: 'holdfast_changes'
  onNotify: () => void
}): Listening {
  const stopping = new AbortController()
  const { signal } = stopping
  let open: OpenClient | null = null
  const loop = run()

  async function run(): Promise<void> {
    let pause = firstPauseMs
    while (!signal.aborted) {
      try {
        open = await openClient({ address: o.address, applicationName: 'holdfast-listen', signal })
        const { client } = open
        const over = new Promise<void>((resolve) => {
          client.on('error', () => resolve())
          client.on('end', () => resolve())
        })
        client.on('notification', () => o.onNotify())
        await client.query(`LISTEN ${o.channel}`)
        pause = firstPauseMs
        o.onNotify()
        await over
      } catch {
        // It is tried again below.
      }
      await open?.client.end().catch(() => undefined)
      open = null
      await sleep(pause, undefined, { signal }).catch(() => undefined)
      pause = Math.min(pause * 2, longestPauseMs)
    }
  }

  return {
    async close() {
      stopping.abort()
      await open?.client.end().catch(() => undefined)
      await loop
    },
  }
}
