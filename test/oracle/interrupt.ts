import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ident } from '../../src/postgres/quote.ts'
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
  const blow = c.r.pick<Blow>(['kill', 'kill', 'terminate', 'abort', 'fault', 'full'])
  const call = drawBackup(c)
  if (blow === 'kill') return await killChild(c, { action: 'backup', call }, usual)
  const abort = new AbortController()
  const storage = faulty(c, blow)
  const running = backUp({ ...call, ...(storage ? { storage } : {}), signal: abort.signal })
  return await strike({ c, blow, usual, running, abort, server: c.source, database: new URL(call.source) })
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
  for (let left = c.r.between(1, 3); left > 0; left--) {
    const blow = c.r.pick<Blow>(['kill', 'kill', 'terminate', 'abort', 'fault', 'crash'])
    const end = await breakRestore(c, call, blow, usual)
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
  const abort = new AbortController()
  const storage = faulty(c, blow)
  const running = restore({ ...call, ...(storage ? { storage } : {}), signal: abort.signal })
  return await strike({ c, blow, usual, running, abort, server: c.target, database: new URL(call.target) })
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

async function strike(o: {
  c: Case
  blow: Blow
  usual: number
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
    await Promise.race([settled, sleep(c.r.int(o.usual))])
  }
  if (blow === 'abort') o.abort.abort()
  if (blow === 'terminate' || blow === 'crash') await hitBackends(o.server, o.database, c, blow)
  const end = await settled
  if (blow === 'crash') await ready(o.server)
  return `${blow} ${end}`
}

/** Ends some of the connections that work in the database: politely, or as the kernel does when memory is short. */
async function hitBackends(server: TestServer, database: URL, c: Case, blow: Blow): Promise<void> {
  const name = decodeURIComponent(database.pathname.slice(1)).replaceAll("'", "''")
  const rows = await server.query(
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'holdfast' AND datname IN ('${name}', 'postgres')`,
  )
  const pids = c.r.shuffle(rows.map((row) => Number(row['pid'])))
  for (const pid of pids.slice(0, blow === 'crash' ? 1 : 1 + c.r.int(3))) {
    if (blow === 'terminate') await server.query(`SELECT pg_terminate_backend(${pid})`)
    else process.kill(pid, 'SIGKILL')
  }
}

/** Waits until a server that crashed has recovered. */
async function ready(server: TestServer): Promise<void> {
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

/** Runs a call in a process of its own and kills it at a random moment. */
async function killChild(c: Case, call: ChildCall, usual: number): Promise<string> {
  const file = fileURLToPath(new URL('child.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  const { promise: started, resolve } = Promise.withResolvers<void>()
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString()
    if (out.includes('started')) resolve()
  })
  child.stderr.on('data', (data: Buffer) => (err += data.toString()))
  const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)))
  child.stdin.end(JSON.stringify(call))
  await Promise.race([started, ended])
  // A new process takes longer than this one, which has done it before.
  await Promise.race([ended, sleep(c.r.int(usual * 1.5))])
  child.kill('SIGKILL')
  const code = await ended
  if (out.includes('done')) return 'kill done'
  assert.equal(code, null, `The child failed by itself: ${err}`)
  return 'kill broken'
}
