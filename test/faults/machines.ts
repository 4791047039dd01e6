import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { S3Credentials } from '../../src/storage/s3/client.ts'
import { randomOf, type Random } from '../oracle/random.ts'
import type { DatabaseState } from '../support/journey.ts'
import type { TestServer } from '../support/postgres.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { newMachine, openRepositoryStorage, startPruner } from './machine.ts'
import type { PrunerRound, PrunerTask } from './pruner.ts'
import {
  count,
  listed,
  liveOn,
  newSource,
  quicker,
  restoreOne,
  succeeded,
  type Worker,
  type World,
} from './works.ts'

/**
 * Machines back up, restore, drill, check, pin and unpin at random, with clocks that are wrong, two others prune, and now and then one of them is killed. What must
 * hold at any time is looked at as it goes; at the end every backup that is there is restored and compared with what its source was at its moment.
 */
export async function runMachines(
  t: TestContext,
  o: {
    readonly server: TestServer
    /** Null: a directory of its own. */
    readonly s3: { readonly address: string; readonly credentials: S3Credentials } | null
    /** By how many minutes the clocks of the machines are off. */
    readonly clocks: readonly number[]
  },
): Promise<void> {
  const seed = process.env['HOLDFAST_SEED'] ?? String(Date.now())
  const minutes = Number(process.env['HOLDFAST_REPOSITORY_MINUTES'] ?? 0.15)
  t.diagnostic(`seed ${seed}`)
  const random = randomOf(seed)
  const directory = await temporaryDirectory(t)
  const repository = o.s3?.address ?? join(directory, 'repo')
  const credentials = o.s3?.credentials ?? null
  const identity = join(directory, 'identity.txt')
  const env = {
    HOLDFAST_REPO: repository,
    HOLDFAST_IDENTITY_FILE: identity,
    ...(credentials === null ? {} : { AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey }), // prettier-ignore
  }
  const expected = new Map<string, DatabaseState>()
  const workers = await Promise.all(
    o.clocks.map(async (clockMinutes, at): Promise<Worker> => {
      const [name, host] = [`m${at}`, join(directory, `m${at}.json`)]
      const home = join(directory, name)
      const machine = await newMachine({ home, clockMinutes, env: { ...env, HOLDFAST_HOST_FILE: host } })
      const states = [`${name}-a`, `${name}-b`] as const
      const { source, expected: own } = await newSource(o.server, states)
      t.after(() => source.drop())
      for (const [state, holds] of own) expected.set(state, holds)
      return { machine, host, source, states, state: 0, random: random.fork(name) }
    }),
  )
  const [first, ...others] = workers
  assert.ok(first !== undefined)
  succeeded(await first.machine.run(['init', repository]))
  for (const { host } of others)
    succeeded(await first.machine.run(['keys', 'admit', host.slice(-7, -5), '--out', host]))

  const until = performance.now() + minutes * 60_000
  const world: World = {
    server: o.server,
    storage: openRepositoryStorage(repository, credentials),
    expected,
    pinned: new Set(),
    unpinned: new Set(),
    figures: {},
    failed: false,
    isOver: () => world.failed || performance.now() > until,
  }
  const task: PrunerTask = { repository, credentials, since: Date.now(), quicker, graceMs: 1000 }
  const taskFile = join(directory, 'pruner.json')
  await writeFile(taskFile, JSON.stringify(task), { mode: 0o600 })
  const lanes = [
    ...workers.map((worker) => liveOn(world, worker)),
    ...['p1', 'p2'].map((name) => keepPruning(world, taskFile, random.fork(name))),
  ]
  const failing = lanes.map((lane) => lane.catch((cause: unknown) => ((world.failed = true), new Error(`seed ${seed}`, { cause })))) // prettier-ignore
  for (const error of await Promise.all(failing)) if (error instanceof Error) throw error

  succeeded(await first.machine.run(['check', '--read-data', 'all']))
  const left = await listed(world)
  assert.ok(left.length > 0 || world.figures['backups'] === undefined, `seed ${seed}: there is no backup`)
  for (const id of world.pinned)
    assert.ok(left.some((one) => one.id === id), `seed ${seed}: ${id} was pinned`) // prettier-ignore
  for (const one of left) await restoreOne(world, first, one, null)
  t.diagnostic(`${left.length} backups left; ${JSON.stringify(world.figures)}`)
}

/** Prunes with no pause between two rounds, and is killed in the middle of whatever it does. */
async function keepPruning(world: World, taskFile: string, random: Random): Promise<void> {
  while (!world.isOver()) {
    const pruner = startPruner(taskFile)
    const end = performance.now() + random.between(3000, 40_000)
    while (performance.now() < end && !world.isOver()) await Promise.race([sleep(200), pruner.ended])
    pruner.kill()
    const { status, stdout, stderr } = await pruner.ended
    assert.equal(status, null, stderr)
    for (const line of stdout.split('\n').filter((text) => text.endsWith('}'))) {
      const { backups, chunks, waits } = JSON.parse(line) as PrunerRound
      count(world, 'prunes')
      count(world, 'pruned backups', backups)
      count(world, 'pruned chunks', chunks)
      count(world, 'plans that waited', waits)
    }
  }
}
