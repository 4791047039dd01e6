import type { Clock } from '../../src/lib/clock.ts'
import { initRepository, type FirstRecipient, type InitResult } from '../../src/repository/init.ts'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import type { HostCredentials } from '../../src/repository/types.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** A clock that stands still until it is set. */
export function setClock(start = '2026-11-21T01:00:00.000Z'): Clock & { set(moment: string): void } {
  let now = new Date(start)
  return {
    now: () => now,
    set(moment) {
      now = new Date(moment)
    },
  }
}

/** A new repository in memory. */
export async function newRepository(
  recipient: FirstRecipient = { kind: 'new-identity' },
): Promise<InitResult & { storage: Storage; clock: ReturnType<typeof setClock> }> {
  const storage = openMemoryStorage()
  const clock = setClock()
  const result = await initRepository({ storage, clock, hostName: 'alpha', recipient })
  return { ...result, storage, clock }
}

/** A new repository, unlocked by the identity that was made with it. */
export async function newUnlocked() {
  const made = await newRepository()
  const identity = made.identityFile ?? ''
  return { ...made, ...(await openUnlocked({ storage: made.storage, identity })), identity }
}

let serial = 0

/** A valid manifest of a backup without rows. */
export function sampleManifest(credentials: HostCredentials, changes: Partial<Manifest> = {}): Manifest {
  serial += 1
  const chunk = 'ab'.repeat(32)
  return {
    format: 1,
    id: `20261121T0131${String(serial % 60).padStart(2, '0')}Z-${serial.toString(16).padStart(8, '0')}`,
    sequence: serial,
    kind: 'full',
    name: null,
    description: null,
    source: 'cd'.repeat(32),
    host: credentials.host,
    holdfast: '0.1.0',
    started: '2026-11-21T01:31:31.000Z',
    moment: '2026-11-21T01:31:32.000Z',
    finished: '2026-11-21T01:31:33.000Z',
    lsn: '0/1A2B3C4D',
    major: 17,
    epoch: '0123456789abcdef',
    totals: {
      tables: 0,
      rows: 0,
      plainBytes: 0,
      storedBytes: 300,
      newChunks: 1,
      newStoredBytes: 300,
      reusedChunks: 0,
      gaps: 0,
    },
    contents: chunk,
    chunks: [[chunk, 200, 300]],
    ...changes,
  }
}

/** What a thief with write access does: puts other bytes in an object's place. */
export async function replaceObject(storage: Storage, key: string, data: Uint8Array | string): Promise<void> {
  await storage.delete(key)
  await storage.put(key, typeof data === 'string' ? new TextEncoder().encode(data) : data)
}

/** An object as text. */
export async function textOf(storage: Storage, key: string): Promise<string> {
  return new TextDecoder().decode(await storage.get(key))
}

/** All objects of one storage put in the place of those of another. */
export async function replaceAll(from: Storage, to: Storage): Promise<void> {
  const old: string[] = []
  for await (const { key } of to.list('')) old.push(key)
  for (const key of old) await to.delete(key)
  for await (const { key } of from.list('')) await to.put(key, await from.get(key))
}
