import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Random } from '../oracle/random.ts'
import type { TestServer } from '../support/postgres.ts'
import type { DayTask } from './day-child.ts'

/* The processes of a day's service, and what happens to them. */

const program = fileURLToPath(new URL('day-child.ts', import.meta.url))

interface DayProcess {
  readonly name: string
  readonly serving: boolean
  readonly child: ChildProcess
}

export interface DayProcesses {
  /** Starts whatever is not there. */
  startAll(): Promise<void>
  /** Does something bad to one of them; what. */
  disaster(kind: Disaster): Promise<void>
  /** Everything is well again when this has resolved. */
  heal(): Promise<void>
  /** Ends all of them as the service is ended; their exit statuses. */
  stop(): Promise<(number | null)[]>
  /** Pids of those that live. */
  pids(): number[]
  readonly counts: Record<string, number>
}

export const disasters = [
  'worker killed',
  'serving process killed',
  'all serving processes killed',
  'catalog crashed',
  'storage away',
  'worker frozen',
  'worker stopped',
  'serving process stopped',
] as const
export type Disaster = (typeof disasters)[number]

export function dayProcesses(o: {
  random: Random
  server: TestServer
  databaseName: string
  /** Of the service; processes have their temporary files below it. */
  directory: string
  /** Where commands leave their private files. */
  temporary: string
  repository: string
  real: boolean
  leaseSeconds: number
  task: (name: string, serving: boolean) => DayTask
}): DayProcesses {
  const { random, directory } = o
  const living = new Map<string, DayProcess>()
  const counts: Record<string, number> = {}
  const mends: (() => Promise<void>)[] = []
  let starts = 0

  async function start(place: string): Promise<void> {
    const serving = place.startsWith('serving')
    const name = `${place}.${++starts}`
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', program, JSON.stringify(o.task(name, serving))],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TMPDIR: o.temporary } },
    )
    after(() => child.kill('SIGKILL'))
    living.set(place, { name, serving, child })
    child.once('exit', () => {
      if (living.get(place)?.child === child) living.delete(place)
    })
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  }
  const pick = (serving: boolean): DayProcess | undefined => {
    const all = [...living.values()].filter((one) => one.serving === serving)
    return all.length === 0 ? undefined : random.pick(all)
  }
  async function end(one: DayProcess | undefined, signal: NodeJS.Signals): Promise<void> {
    if (one === undefined || one.child.exitCode !== null || one.child.signalCode !== null) return
    const gone = once(one.child, 'exit') as Promise<[number | null]>
    one.child.kill(signal)
    const [status] = await gone
    if (signal === 'SIGTERM') assert.equal(status, 0, `${one.name} did not end well`)
  }
  async function startAll(): Promise<void> {
    const places = ['serving-1', 'serving-2', 'worker-1', 'worker-2']
    await Promise.all(places.filter((place) => !living.has(place)).map(start))
    // One that starts while the catalog is away ends: whoever runs it starts it again.
    if (places.some((place) => !living.has(place))) {
      await sleep(200)
      await startAll()
    }
  }
  const away = join(directory, 'away')
  const work: Readonly<Record<Disaster, () => Promise<void>>> = {
    'worker killed': () => end(pick(false), 'SIGKILL'),
    'serving process killed': () => end(pick(true), 'SIGKILL'),
    async 'all serving processes killed'() {
      await Promise.all(
        [...living.values()].filter(({ serving }) => serving).map((one) => end(one, 'SIGKILL')),
      )
      await sleep(o.leaseSeconds * 1000)
    },
    async 'catalog crashed'() {
      const sql = `SELECT pid FROM pg_stat_activity WHERE datname = '${o.databaseName}' AND pid <> pg_backend_pid()`
      const backends = (await o.server.query(sql)).map(({ pid }) => Number(pid))
      // The server takes it for damage: it ends all others at once, and recovers from its log.
      if (backends.length > 0) process.kill(random.pick(backends), 'SIGKILL')
    },
    async 'storage away'() {
      if (o.real) await rename(o.repository, away)
      else await writeFile(away, '')
      mends.push(async () => {
        // It fails if a backup under way has made a directory there since.
        await (o.real ? rename(away, o.repository) : rm(away))
      })
    },
    async 'worker frozen'() {
      const one = pick(false)
      if (one === undefined) return
      one.child.kill('SIGSTOP')
      await sleep(o.leaseSeconds * 1000 * 1.5)
      one.child.kill('SIGCONT')
    },
    'worker stopped': () => end(pick(false), 'SIGTERM'),
    'serving process stopped': () => end(pick(true), 'SIGTERM'),
  }
  async function heal(): Promise<void> {
    for (const mend of mends.splice(0)) await mend()
    await startAll()
  }
  return {
    startAll,
    heal,
    counts,
    async disaster(kind) {
      counts[kind] = (counts[kind] ?? 0) + 1
      await work[kind]()
    },
    async stop() {
      const all = [...living.values()]
      const ends = all.map(({ child }) => once(child, 'exit') as Promise<[number | null]>)
      for (const { child } of all) child.kill('SIGTERM')
      return (await Promise.all(ends)).map(([status]) => status)
    },
    pids: () => [...living.values()].map(({ child }) => child.pid ?? 0),
  }
}

/** Processes whose environment or arguments name this directory. */
export function processesOf(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'latin1').includes(`HOLDFAST_REPO=${directory}`)
      } catch {
        return false
      }
    })
}

/** Pids that private directories below the temporary one belong to, by their names. */
export function ownersOf(temporary: string): number[] {
  return readdirSync(temporary)
    .filter((name) => name.startsWith('holdfast-'))
    .flatMap((cache) => readdirSync(join(temporary, cache)))
    .flatMap((name) => /^(?:run|part)-([0-9a-z]+)-/.exec(name)?.[1] ?? [])
    .map((pid) => Number.parseInt(pid, 36))
}
