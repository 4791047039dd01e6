import { randomBytes, randomInt } from 'node:crypto'
import { open, readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeError } from './file-errors.ts'

/** Work that is done one at a time takes a few milliseconds. What is older was left by a process that died. */
const staleMs = 10_000
/** Longer than a claim lives that was left, at 5 to 100 ms each. */
const attempts = 500

/**
 * Does the work while no other process does work that is guarded by the same path; null if the others never made way. A process
 * lays a claim, a file of its own beside the path, and then looks for others: of two at least one sees the other. Whoever sees
 * one takes its own back, and tries again a moment later. A claim that was left by a process that died is removed by whoever finds it
 * old, by the file system's clock: its name is nobody else's, which the name of one lock for all would be.
 */
export async function oneAtATime<T>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<{ readonly result: T } | null> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const claim = join(dirname(path), `${claimsOf(path)}${randomBytes(8).toString('hex')}`)
    try {
      if (await isAlone(path, claim)) return { result: await work() }
    } finally {
      await rm(claim, { force: true })
    }
    await sleep(randomInt(5, 100), undefined, { signal })
  }
  return null
}

const claimsOf = (path: string): string => `.${basename(path)}.claim-`

/** Lays the claim. False if another one is there. */
async function isAlone(path: string, claim: string): Promise<boolean> {
  const file = await open(claim, 'wx', 0o600).catch((error: unknown) => {
    throw writeError(error, path)
  })
  const { mtimeMs: now } = await file.stat()
  await file.close()
  const names = await readdir(dirname(path))
  const others = names.filter((name) => name.startsWith(claimsOf(path)) && name !== basename(claim))
  let alone = true
  for (const name of others) {
    const other = join(dirname(path), name)
    const found = await stat(other).catch(() => null)
    if (found === null) continue
    if (now - found.mtimeMs > staleMs) await rm(other, { force: true })
    else alone = false
  }
  return alone
}
