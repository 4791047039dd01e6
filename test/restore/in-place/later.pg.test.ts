import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../../../src/lib/errors.ts'
import { restoreInPlace, undo, type Done } from '../../support/in-place.ts'
import { drawAsk } from './ask.ts'
import type { Case } from './case.ts'
import { manyCases } from './cases.ts'
import { byKey, requireAsked } from './expected.ts'
import { brokenReferences, rowsOf, type State } from './state.ts'

test('what has changed since the preview ends the restore, if it matters', async () => {
  await manyCases(async (c, add) => {
    for (let n = 0; n < 5; n++) {
      await c.damage(10)
      const ask = drawAsk(c.r, c.model, c.backup)
      let before = await c.state()
      const meanwhile = async (): Promise<void> => {
        await c.damage(2)
        before = await c.state()
      }
      const done = await restoreInPlace(c.repository, c.url, {
        ...ask.options,
        skipConflicts: true,
        meanwhile,
      }).catch((error: unknown) => error)
      const after = await c.state()
      if (isHoldfastError(done, 'preview_outdated')) {
        assert.deepEqual(rowsOf(after), rowsOf(before), 'outdated')
        add('outdated', 1)
      } else if (done instanceof Error) throw done
      else requireAsked(c.model, ask, { backup: c.backup, before, after }, (done as Done).applied.preview)
    }
  })
})

test('undoing leaves alone what others have changed since, or puts it back when told to', async () => {
  await manyCases(async (c, add) => {
    for (let n = 0; n < 4; n++) {
      await c.damage(20)
      const ask = drawAsk(c.r, c.model, c.backup)
      const before = await c.state()
      const done = await restoreInPlace(c.repository, c.url, { ...ask.options, skipConflicts: true })
      if (done.safety === null) continue
      const restored = await c.state()
      await c.damage(6)
      const changed = await c.state()
      const undone = await undo(c.url, done).catch((error: unknown) => error)
      if (isHoldfastError(undone, 'restore_undecided')) {
        assert.deepEqual(rowsOf(await c.state()), rowsOf(changed), 'undecided')
        const forced = await undo(c.url, done, { overwrite: true, skipConflicts: true })
        await requireUndone(c, { before, restored, changed }, forced.preview.totals.conflicts)
        add('overwritten', 1)
      } else if (undone instanceof Error) throw undone
      else {
        await requireUndone(c, { before, restored, changed }, 0)
        add('undone', 1)
      }
      assert.deepEqual(await brokenReferences(c.client), [])
    }
  })
})

/** Rows that the restore had changed are as before it, but for so many; others as they were just now. */
async function requireUndone(
  c: Case,
  o: { before: State; restored: State; changed: State },
  conflicts: number,
): Promise<void> {
  const now = await c.state()
  let left = 0
  for (const table of c.model.tables) {
    // Of equal rows nobody can tell which ones they were.
    if (table.key === null) continue
    const [before, restored, changed, after] = [o.before, o.restored, o.changed, now].map((state) =>
      byKey(
        table,
        [...state.tables.values()].filter((t) => t.root === table.label),
      ),
    )
    for (const key of new Set(
      [before, restored, changed, after].flatMap((side) => [...(side?.keys() ?? [])]),
    )) {
      const [was, done, since, is] = [before, restored, changed, after].map((side) =>
        JSON.stringify(side?.get(key)?.values),
      )
      if (was === done) assert.equal(is, since, `a row of ${table.label} that the restore had not touched`)
      else if (is !== was) {
        assert.equal(is, since, `a row of ${table.label} is neither put back nor left alone`)
        left++
      }
    }
  }
  assert.ok(left <= conflicts, `${left} rows were not put back, ${conflicts} told`)
  assert.deepEqual(now.catalog, o.changed.catalog)
}
