import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestServer } from './postgres.ts'

/** Waits until the server has no session like that; it notices a moment later than its client that one has ended. */
export async function untilNone(server: TestServer, condition: string): Promise<void> {
  await untilThere(server, condition, false)
}

/** Waits until it has one. */
export async function untilSome(server: TestServer, condition: string): Promise<void> {
  await untilThere(server, condition, true)
}

async function untilThere(server: TestServer, condition: string, wanted: boolean): Promise<void> {
  const sessions = () => server.query(`SELECT pid, state, query FROM pg_stat_activity WHERE ${condition}`)
  for (let i = 0; i < 1200; i++) {
    if ((await sessions()).length > 0 === wanted) return
    await sleep(20)
  }
  assert.fail(`${condition}: ${JSON.stringify(await sessions())}`)
}
