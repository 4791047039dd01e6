import assert from 'node:assert/strict'
import { backUp, backupsIn, damageOf, drill, restore } from './engine.ts'
import { drawBackup, drawRestore, quietBackup, refreshViews, restoreAndCompare, type Case } from './case.ts'
import { differences, readState } from './compare.ts'
import { interruptBackup, interruptRestore } from './interrupt.ts'
import { brokenInvariants, ledgerSchema, workLedger } from './ledger.ts'
import { change, drawChanges } from './workload.ts'

/** What a case did, for the sums at the end. */
export type Outcome = Readonly<Record<string, number>>

/** A backup of a quiet source is restored; sometimes it is drilled as well. */
export async function plain(c: Case): Promise<Outcome> {
  const { manifest, state } = await quietBackup(c)
  await restoreAndCompare(c, manifest.id, state)
  if (!c.r.chance(0.08)) return { backups: 1, restores: 1 }
  const report = await drill({ place: c.place, backup: manifest.id })
  assert.equal(report.rows, manifest.totals.rows)
  return { backups: 1, restores: 1, drills: 1 }
}

/** Several backups into one repository, with changes between them. Each is still what the source was then. */
export async function series(c: Case): Promise<Outcome> {
  const made = [await quietBackup(c)]
  let changes = 0
  for (let left = c.r.between(1, 3); left > 0; left--) {
    changes += await change(c.client, c.model, c.r, c.r.skewed(40))
    made.push(await quietBackup(c))
  }
  assert.deepEqual(await damageOf(c.place), [])
  assert.deepEqual(await backupsIn(c.place), made.map((m) => m.manifest.id).reverse())
  const chosen = new Set([made[made.length - 1], c.r.pick(made)])
  for (const one of chosen) if (one) await restoreAndCompare(c, one.manifest.id, one.state)
  return {
    backups: made.length,
    restores: chosen.size,
    changes,
    reused: made.at(-1)?.manifest.totals.reusedChunks ?? 0,
  }
}

/** A backup while several connections work: it must be one moment that really was. */
export async function busy(c: Case): Promise<Outcome> {
  for (const sql of ledgerSchema) await c.client.query(sql)
  const stop = new AbortController()
  const others = (r: Case['r']): readonly string[] => drawChanges(c.model, r)
  const workers = Array.from({ length: c.r.between(1, 3) }, (_, at) =>
    workLedger({ url: c.url, r: c.r.fork(`worker ${at}`), signal: stop.signal, others }),
  )
  const ids: string[] = []
  try {
    await new Promise((resolve) => setTimeout(resolve, c.r.int(100)))
    for (let left = c.r.between(1, 2); left > 0; left--) ids.push((await backUp(drawBackup(c))).id)
  } finally {
    stop.abort()
  }
  const committed = (await Promise.all(workers)).reduce((sum, w) => sum + w.committed, 0)
  for (const id of ids) {
    const call = await drawRestore(c, id)
    await restore(call)
    assert.deepEqual(await brokenInvariants(call.target), [])
  }
  await refreshViews(c.client)
  assert.deepEqual(await brokenInvariants(c.url), [], 'the workload itself is wrong')
  const { manifest, state } = await quietBackup(c)
  await restoreAndCompare(c, manifest.id, state)
  return { backups: ids.length + 1, restores: ids.length + 1, committed }
}

/** A backup is broken off at any moment. What was there before is still there, and the next backup is whole. */
export async function brokenBackup(c: Case): Promise<Outcome> {
  const first = await quietBackup(c)
  await change(c.client, c.model, c.r, c.r.skewed(30))
  await refreshViews(c.client)
  let before = await readState(c.url)
  const broken: Record<string, number> = {}
  for (let left = c.r.between(4, 10); left > 0; left--) {
    const known = await backupsIn(c.place)
    const end = await interruptBackup(c, first.ms)
    broken[end] = (broken[end] ?? 0) + 1
    const now = await backupsIn(c.place)
    assert.deepEqual(now.slice(-known.length), known)
    assert.ok(now.length <= known.length + 1)
    assert.deepEqual(await damageOf(c.place), [])
    // A backup that came to exist although nobody was told is as good as any.
    if (now.length > known.length && c.r.chance(0.5)) await restoreAndCompare(c, now[0] ?? '', before)
    // A server that has crashed empties unlogged tables, and its sequences skip some values.
    if (!end.startsWith('crash')) continue
    await refreshViews(c.client)
    before = await readState(c.url)
  }
  assert.deepEqual(differences(before, await readState(c.url)), [], 'the source was changed')
  const next = await quietBackup(c)
  assert.equal((await backupsIn(c.place))[0], next.manifest.id)
  await restoreAndCompare(c, 'latest', next.state)
  if (c.r.chance(0.3)) await restoreAndCompare(c, first.manifest.id, first.state)
  return { backups: 2, restores: 1, ...broken }
}

/** A restore is broken off at any moment: the target is as it was, or says what it is, and the next one succeeds. */
export async function brokenRestore(c: Case): Promise<Outcome> {
  const { manifest, state, ms } = await quietBackup(c)
  // A restore takes about as long as the backup, as small as these databases are.
  const ends = await interruptRestore(c, manifest.id, state, ms)
  return { backups: 1, restores: 1, ...ends }
}
