import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { ident, literal } from '../../src/postgres/quote.ts'
import { failAt, fullAfter, openFaultyStorage } from '../../src/storage/faulty.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { TestServer } from '../support/postgres.ts'
import { codeOf, drawBackup, drawRestore, requireEqual, type Case } from './case.ts'
import type { ChildCall } from './child.ts'
import type { State } from './compare.ts'
import { backUp, planOf, restore, type RestoreCall } from './engine.ts'

/** What is done to a backup or restore that runs. */
type Blow = 'kill' | 'terminate' | 'abort' | 'fault' | 'full' | 'crash'

/**
 * Breaks off a backup at a random moment of the `usual` milliseconds. Resolves to how it went: `kill done`, if the blow
 * came too late, `kill broken`, and so on. Whatever fails must fail with a code that has a name.
 */
export async function interruptBackup(c: Case, usual: number): Promise<string> {
  const blow = c.r.pick<Blow>(['kill', 'kill', 'terminate', 'abort', 'fault', 'full', 'crash'])
  const call = drawBackup(c)
  if (blow === 'kill') return await killChild(c, { action: 'backup', call }, usual)
  const [abort, moment, storage] = [new AbortController(), drawMoment(c, usual), faulty(c, blow)]
  const hooks = { ...(storage ? { storage } : {}), signal: abort.signal, onStep: moment.onStep }
  const running = backUp({ ...call, ...hooks })
  const end = await strike({
    c,
    blow,
    moment,
    running,
    abort,
    server: c.source,
    database: new URL(call.source),
  })
  if (blow === 'crash') await c.reconnect()
  return end
}

/** As `interruptBackup`, for restores into one target: each time the target must be clean, or say that it is not. */
export async function interruptRestore(
  c: Case,
  backup: string,
  expected: State,
  usual: number,
): Promise<Record<string, number>> {
  const ends: Record<string, number> = {}
  let wasClean = true
  let call = await drawRestore(c, backup)
  for (let left = c.r.between(1, 4); left > 0; left--) {
    const blow = c.r.pick<Blow>(['kill', 'kill', 'terminate', 'abort', 'fault', 'crash'])
    const end = await breakRestore(c, call, blow, usual)
    await untilMade(c.target)
    ends[end] = (ends[end] ?? 0) + 1
    const { done, problem, clean } = await standOf(call)
    const told = `${end}, then ${problem}, ${JSON.stringify(call.options)}`
    if (end.endsWith('done')) assert.ok(done, told)
    if (done) {
      // It may have ended although nobody was told.
      await requireEqual(c, call.target, expected)
      return ends
    }
    assert.ok(clean || problem === 'target_unfinished', told)
    if (wasClean && !/kill|crash/.test(end)) assert.ok(clean, told)
    wasClean = clean
    // The server had made the database when the process that asked for it died: empty, and its name is taken.
    if (problem === 'target_exists') await dropTarget(c, call)
    else call = { ...call, options: { ...call.options, restart: true } }
  }
  await restore(call)
  await requireEqual(c, call.target, expected)
  return ends
}

async function breakRestore(c: Case, call: RestoreCall, blow: Blow, usual: number): Promise<string> {
  if (blow === 'kill') return await killChild(c, { action: 'restore', call }, usual)
  const [abort, moment, storage] = [new AbortController(), drawMoment(c, usual), faulty(c, blow)]
  const hooks = { ...(storage ? { storage } : {}), signal: abort.signal, onStep: moment.onStep }
  const running = restore({ ...call, ...hooks })
  return await strike({ c, blow, moment, running, abort, server: c.target, database: new URL(call.target) })
}

/** What a target is after a restore was broken off. `clean`: a restore into it could begin as if nothing had been. */
async function standOf(call: RestoreCall): Promise<{ done: boolean; clean: boolean; problem: string }> {
  const plan = await planOf({ ...call, options: { ...call.options, restart: false } })
  const problem = plan.problems[0]?.code ?? 'none'
  if (problem === 'none') return { done: false, clean: true, problem }
  if (problem === 'target_unfinished') return { done: false, clean: false, problem }
  const inside = await planOf({ ...call, options: { createDatabase: false } })
  const empty = inside.problems.length === 0
  assert.ok(empty || inside.problems[0]?.code === 'target_not_empty', JSON.stringify(inside.problems))
  return { done: !empty, clean: empty, problem }
}

/** A server goes on making a database although the process that asked for it is dead: until then nobody sees it. */
async function untilMade(server: TestServer): Promise<void> {
  const making = `SELECT FROM pg_stat_activity WHERE application_name = 'holdfast' AND state = 'active' AND query LIKE 'CREATE DATABASE%'`
  while ((await server.query(making)).length > 0) await sleep(20)
}

async function dropTarget(c: Case, call: RestoreCall): Promise<void> {
  const name = decodeURIComponent(new URL(call.target).pathname.slice(1))
  await c.target.query(`DROP DATABASE ${ident(name)} WITH (FORCE)`)
}

function faulty(c: Case, blow: Blow): Storage | null {
  const inner = openLocalStorage(c.place.directory)
  if (blow === 'full') return openFaultyStorage(inner, fullAfter(c.r.skewed(300_000)))
  if (blow !== 'fault') return null
  return openFaultyStorage(inner, failAt(1 + c.r.skewed(25), undefined, { kind: c.r.pick(['fail', 'lost']) }))
}

/** When a blow falls: after some time, or after some steps, so that all parts of the work are hit whatever they take. */
interface Moment {
  readonly onStep: () => void
  /** Resolves when it has come. The time begins to count now. */
  come(): Promise<unknown>
}

function drawMoment(c: Case, usual: number): Moment {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (c.r.chance(0.4)) {
    const ms = c.r.int(usual)
    return { onStep: () => undefined, come: () => sleep(ms) }
  }
  let left = c.r.skewed(60)
  const [wait, step] = [c.r.int(15), (): void => (left-- <= 0 ? resolve() : undefined)]
  return { onStep: step, come: () => promise.then(() => sleep(wait)) }
}

async function strike(o: {
  c: Case
  blow: Blow
  moment: Moment
  running: Promise<unknown>
  abort: AbortController
  server: TestServer
  database: URL
}): Promise<string> {
  const { c, blow } = o
  const settled = o.running.then(
    () => 'done',
    (error: unknown) => `broken by ${codeOf(error)}`,
  )
  // Looked at below; until then it must not count as unhandled.
  settled.catch(() => undefined)
  if (blow === 'abort' || blow === 'terminate' || blow === 'crash') {
    await Promise.race([settled, o.moment.come()])
  }
  if (blow === 'abort') o.abort.abort()
  const name = decodeURIComponent(o.database.pathname.slice(1))
  if (blow === 'terminate') await terminate(o.server, name, c)
  if (blow === 'crash') await crash(o.server, name, c)
  const end = `${blow} ${await settled}`
  if (blow === 'full' || blow === 'fault') assert.match(end, /done|storage_/)
  return end
}

async function backends(server: TestServer, database: string, c: Case): Promise<number[]> {
  const rows = await server.query(
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'holdfast' AND datname IN (${literal(database)}, 'postgres')`,
  )
  return c.r.shuffle(rows.map((row) => Number(row['pid'])))
}

/** Ends some of the connections that work in the database. */
async function terminate(server: TestServer, database: string, c: Case): Promise<void> {
  for (const pid of (await backends(server, database, c)).slice(0, 1 + c.r.int(3))) {
    await server.query(`SELECT pg_terminate_backend(${pid})`)
  }
}

/** Kills one of them as the kernel does when memory is short: the server ends all others, and recovers. */
async function crash(server: TestServer, database: string, c: Case): Promise<void> {
  const [pid] = await backends(server, database, c)
  if (pid === undefined) return
  const witness = new pg.Client({ connectionString: server.url() })
  const noticed = new Promise<void>((resolve) => witness.once('error', () => resolve()))
  await witness.connect()
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
    return await witness.end()
  }
  // One that was ending by itself when it was killed does the server no harm.
  const harmless = untilGone(pid).then(() => sleep(2000, 'harmless' as const))
  if ((await Promise.race([noticed, harmless])) === 'harmless') return await witness.end()
  for (let attempt = 0; attempt < 600; attempt++) {
    try {
      await server.query('SELECT 1')
      return
    } catch {
      await sleep(50)
    }
  }
  throw new Error(`The server does not come back:\n${server.logTail()}`)
}

async function untilGone(pid: number): Promise<void> {
  try {
    for (;;) {
      process.kill(pid, 0)
      await sleep(20)
    }
  } catch {
    // There is no such process any more.
  }
}

/** Runs a call in a process of its own and kills it at a random moment. */
async function killChild(c: Case, call: ChildCall, usual: number): Promise<string> {
  const file = fileURLToPath(new URL('child.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let [out, err, steps] = ['', '', 0]
  const { promise: started, resolve } = Promise.withResolvers<void>()
  // A new process takes longer than this one, which has done it before.
  const moment = drawMoment(c, usual * 1.5)
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString()
    if (out.includes('started')) resolve()
    for (const all = out.split('step').length - 1; steps < all; steps++) moment.onStep()
  })
  child.stderr.on('data', (data: Buffer) => (err += data.toString()))
  const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)))
  child.stdin.end(JSON.stringify(call))
  await Promise.race([started, ended])
  await Promise.race([ended, moment.come()])
  child.kill('SIGKILL')
  const code = await ended
  if (out.includes('done')) return 'kill done'
  assert.equal(code, null, `The child failed by itself: ${err}`)
  return 'kill broken'
}
