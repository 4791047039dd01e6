import assert from 'node:assert/strict'
import { openRepository } from '../../src/repository/open.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { Random } from '../oracle/random.ts'
import { besideUrl, contentsOf, type DatabaseState } from '../support/journey.ts'
import type { TestDatabase, TestServer } from '../support/postgres.ts'
import type { Machine, Run } from './machine.ts'

/** How much quicker time goes by for who prunes: it takes whoever is silent for about a minute for dead. */
export const quicker = 1500
const takenForDeadAfterSeconds = (24 * 60 * 60) / quicker

/** Half of the runs are this slow, so that others come between their beginning and their end. */
const slow = ['--limit-rate', '10kB/s']

/** A machine, and the database that it backs up. */
export interface Worker {
  readonly machine: Machine
  /** Its host file. */
  readonly host: string
  readonly source: TestDatabase
  /** Names of the states that it goes to and fro between: so a backup has what a prune is just about to delete with the one before. */
  readonly states: readonly [string, string]
  /** The state that it is in: 0 or 1. */
  state: number
  readonly random: Random
}

/** Everything that they share. */
export interface World {
  readonly server: TestServer
  readonly storage: Storage
  /** What a source holds in the state of this name. */
  readonly expected: ReadonlyMap<string, DatabaseState>
  /** Ids of backups that somebody was told are pinned, and nobody has ever tried to unpin. */
  readonly pinned: Set<string>
  readonly unpinned: Set<string>
  /** What was done, and how often. */
  readonly figures: Record<string, number>
  failed: boolean
  isOver(): boolean
}

interface Listed {
  readonly id: string
  /** That of the state that it is of. */
  readonly name: string | null
}

/** A database with a table, which goes through both states to see what it holds then. */
export async function newSource(
  server: TestServer,
  states: readonly [string, string],
): Promise<{ readonly source: TestDatabase; readonly expected: readonly [string, DatabaseState][] }> {
  const source = await server.database()
  await source.query('CREATE TABLE t (id int PRIMARY KEY, v text)')
  const expected: [string, DatabaseState][] = []
  for (const state of states) {
    await setState(source, state)
    expected.push([state, await contentsOf(source.url)])
  }
  return { source, expected }
}

async function setState(source: TestDatabase, state: string): Promise<void> {
  await source.query(
    `TRUNCATE t; INSERT INTO t SELECT i, md5(i || '${state}') FROM generate_series(1, 500) i`,
  )
}

const works = ['check', 'drill', 'pin', 'unpin', ...Array<'restore'>(4).fill('restore'), ...Array<'backup'>(8).fill('backup')] as const // prettier-ignore

/** Does one thing after the other until all is over. */
export async function liveOn(world: World, worker: Worker): Promise<void> {
  const { machine, random } = worker
  while (!world.isOver()) {
    const killAfterMs = random.chance(0.08) ? random.between(200, 5000) : null
    const work = random.pick(works)
    if (work === 'backup') await backUpOnce(world, worker, killAfterMs)
    else if (work === 'check') {
      const run = await machine.run(['check', '--read-data', '1/4'], killAfterMs)
      if (run.status !== null) succeeded(run)
      count(world, run.status === null ? 'killed' : 'checks')
    } else {
      const all = await listed(world)
      if (all.length === 0) continue
      const one = random.pick(all)
      if (work === 'restore') await restoreOne(world, worker, one, killAfterMs)
      else if (work === 'drill') await drillOne(world, worker, one, killAfterMs)
      else if (work === 'pin') await pinOne(world, worker, one)
      else await unpinOne(world, worker, one)
    }
  }
}

async function backUpOnce(world: World, worker: Worker, killAfterMs: number | null): Promise<void> {
  const { machine, source, random } = worker
  if (random.chance(0.9)) worker.state = 1 - worker.state
  const state = worker.states[worker.state] ?? ''
  await setState(source, state)
  // A state has one content for good: so a backup tells by its name what it must hold, also if nobody lived to hear of it.
  const args = ['backup', source.url, '--name', state, '--jobs', '1', ...(random.chance(0.5) ? slow : [])]
  const run = await machine.run(args, killAfterMs)
  if (run.status === null) count(world, 'killed')
  else if (run.status === 0) count(world, 'backups')
  else {
    // Only who was silent for so long is given up, and finds out at its end, or before, at a chunk that is gone.
    assert.ok(wasSilent(run), told(run))
    assert.match(run.stdout, /writer_overtaken|gone again/, told(run))
    count(world, 'overtaken')
  }
}

let serial = 0

/** Restores a backup, and compares. */
export async function restoreOne(
  world: World,
  { machine, source, random }: Worker,
  { id, name }: Listed,
  killAfterMs: number | null,
): Promise<void> {
  serial += 1
  const database = `restored_${process.pid}_${serial}`
  const target = besideUrl(source.url, database)
  try {
    const args = ['restore', id, '--to', target, '--create-database', ...(random.chance(0.5) ? slow : [])]
    const run = await machine.run(args, killAfterMs)
    if (run.status === 0) {
      assert.deepEqual(await contentsOf(target), world.expected.get(name ?? ''), `${id} of state ${name}`)
      count(world, 'restores')
    } else readingFailed(world, run)
  } finally {
    await world.server.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
  }
}

async function drillOne(
  world: World,
  { machine }: Worker,
  { id }: Listed,
  killAfterMs: number | null,
): Promise<void> {
  const run = await machine.run(['drill', id], killAfterMs)
  if (run.status === 0) count(world, 'drills')
  else readingFailed(world, run)
}

/**
 * A backup may be gone before it is read. What is in use is there to the end, unless it was told that it is going already, or its
 * reader was silent for so long that it was taken for dead.
 */
function readingFailed(world: World, run: Run): void {
  const gone = /"code":\s*"backup_not_found"/.test(run.stdout)
  const going = /A prune was begun that removes/.test(run.stderr)
  assert.ok(run.status === null || gone || going || wasSilent(run), told(run))
  count(world, run.status === null ? 'killed' : 'gone')
}

async function pinOne(world: World, { machine }: Worker, { id }: Listed): Promise<void> {
  const run = await machine.run(['pin', id, '--reason', 'by chance'])
  if (run.status !== 0) assert.match(run.stdout, /"backup_going"|"backup_not_found"/, told(run))
  else if (!world.unpinned.has(id)) world.pinned.add(id)
  count(world, 'pins')
}

async function unpinOne(world: World, { machine }: Worker, { id }: Listed): Promise<void> {
  world.unpinned.add(id)
  world.pinned.delete(id)
  const run = await machine.run(['unpin', id])
  if (run.status !== 0) assert.match(run.stdout, /"backup_not_found"/, told(run))
  count(world, 'unpins')
}

/** The backups there are. */
export async function listed({ storage }: Pick<World, 'storage'>): Promise<readonly Listed[]> {
  const { backups, refused } = await (await openRepository({ storage })).manifests()
  assert.deepEqual(refused, [])
  return backups
}

export function succeeded(run: Run): Run {
  assert.equal(run.status, 0, told(run))
  return run
}

const wasSilent = ({ seconds }: Run): boolean => seconds > takenForDeadAfterSeconds * 0.9

const told = ({ status, stdout, stderr, seconds }: Run): string =>
  `status ${status} after ${seconds.toFixed(1)} s: ${stdout.slice(0, 2000)} ${stderr.slice(0, 2000)}`

export function count({ figures }: World, what: string, by = 1): void {
  figures[what] = (figures[what] ?? 0) + by
}
