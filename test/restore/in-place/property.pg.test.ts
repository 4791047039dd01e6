import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openInPlace, restoreInPlace, undo, type Done } from '../../support/in-place.ts'
import { failure, schemaOf } from '../../support/journey.ts'
import { drawAsk } from './ask.ts'
import { withCase, type Case } from './case.ts'
import { manyCases } from './cases.ts'
import { requireAsked, type Ask } from './expected.ts'
import { brokenReferences, rowsOf, type State } from './state.ts'

type Add = (name: string, count: number) => void

test('a restore does what its preview says and what was asked for, and can be undone', async () => {
  await manyCases(
    async (c, add) => {
      for (let n = 0; n < 6; n++) {
        await c.damage(c.r.between(4, 40))
        await round(c, drawAsk(c.r, c.model, c.backup), add)
      }
    },
    { helpers: true },
  )
})

test('a database of 200 tables is put back, and the schema is what it was', async () => {
  await withCase({ seed: 'large', tables: 200, major: 18 }, async (c) => {
    const schema = await schemaOf(c.url)
    await c.damage(150)
    const actions = { create: true, update: true, delete: true }
    const chosen = new Set([...c.backup.tables.values()].map((t) => t.root))
    const options = { actions, missingReferences: 'skip' as const }
    await round(c, { options, actions, chosen, meets: null, keepNewer: null }, () => undefined)
    assert.equal(await schemaOf(c.url), schema)
  })
})

async function round(c: Case, ask: Ask, add: Add): Promise<void> {
  try {
    const before = await c.state()
    if (c.r.chance(0.3)) await requireDecision(c, ask, before)
    const done = await restoreInPlace(c.repository, c.url, { ...ask.options, skipConflicts: true })
    const after = await c.state()
    for (const [name, value] of Object.entries(done.preview.totals)) add(name, value)
    const { tables, excludeTables, actions } = { ...ask.options, ...ask }
    if (tables === undefined && excludeTables === undefined && Object.values(actions).every((on) => on)) {
      add('whole', 1)
      if (!exchanges(done))
        assert.deepEqual(conflictsOf(done), [], 'a whole database is put back without leaving anything out')
    }
    requireAsked(c.model, ask, { backup: c.backup, before, after }, done.preview)
    assert.deepEqual(done.applied.preview.tables, done.preview.tables)
    assert.deepEqual(await brokenReferences(c.client), [])
    if (JSON.stringify(done.preview.warnings).includes('all triggers are off'))
      add('with all triggers off', 1)
    if (done.safety !== null) await back(c, ask, before, after, done)
  } catch (error) {
    throw new Error(JSON.stringify(ask.options), { cause: error })
  }
}

/** Rows in conflict must be decided about before anything is done. */
async function requireDecision(c: Case, ask: Ask, before: State): Promise<void> {
  await using open = await openInPlace(c.repository, c.url, ask.options)
  const { preview, digest } = await open.preview()
  if (preview.questions.length === 0) return
  await failure(open.apply(digest), 'restore_undecided')
  assert.deepEqual(rowsOf(await c.state()), rowsOf(before), 'undecided')
}

async function back(c: Case, ask: Ask, before: State, after: State, done: Done): Promise<void> {
  // What has given way to an exchange may be done the next time.
  if (!exchanges(done)) {
    const again = await restoreInPlace(c.repository, c.url, { ...ask.options, skipConflicts: true })
    assert.equal(again.applied.changed, false, 'a second restore has something to do')
    assert.deepEqual(rowsOf(await c.state()), rowsOf(after), 'a second restore')
  }
  const undone = await undo(c.url, done, { skipConflicts: true })
  if (exchanges(undone)) return
  assert.deepEqual(conflictsOf(undone), [], 'what nobody has changed since can be undone')
  assert.deepEqual(rowsOf(await c.state()), rowsOf(before), 'undone')
  if (c.r.chance(0.5)) return
  await undo(c.url, undone)
  assert.deepEqual(rowsOf(await c.state()), rowsOf(after), 'the undoing undone')
}

const conflictsOf = (done: Done): unknown[] =>
  done.preview.tables.flatMap((t) =>
    t.samples
      .filter((s) => s.action === 'conflict')
      .map((s) => [t.schema, t.name, s.why, s.columns.map((c) => [c.name, c.before, c.after])]),
  )

/**
 * A value that rows refer to, and that is to change hands, or whose row is made again for another unique value: where the
 * foreign key acts at once, these rows would go with it.
 */
const exchanges = (done: Done): boolean => JSON.stringify(conflictsOf(done)).includes('refer to it')
