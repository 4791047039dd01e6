import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ident } from '../../../src/postgres/quote.ts'
import { isHoldfastError } from '../../../src/lib/errors.ts'
import { restoreInPlace, undo } from '../../support/in-place.ts'
import { drawAsk } from './ask.ts'
import { manyCases } from './cases.ts'
import { requireAsked } from './expected.ts'
import { brokenReferences, rowsOf } from './state.ts'

const actions = { create: true, update: true, delete: true }

test('dropped tables come back with all that went with them, and go again when it is undone', async () => {
  await manyCases(async (c, add) => {
    await c.damage(10)
    // One may go with the other.
    for (const table of c.r.shuffle(c.model.tables).slice(0, 2))
      await c.client.query(`DROP TABLE IF EXISTS ${table.label} CASCADE`)
    const before = await c.state()
    const done = await restoreInPlace(c.repository, c.url, {
      actions,
      missingReferences: 'skip',
      skipConflicts: true,
    })
    const after = await c.state()
    assert.deepEqual(await brokenReferences(c.client), [])
    assert.deepEqual(after.catalog, c.backup.catalog)
    for (const [label, { rows }] of c.backup.tables) {
      const now = after.tables.get(label)?.rows ?? []
      if (!before.tables.has(label)) assert.deepEqual(sorted(now), sorted(rows), label)
    }
    add('made', done.preview.makes.length)
    await undo(c.url, done)
    assert.deepEqual(rowsOf(await c.state()), rowsOf(before), 'undone')
  })
})

test('columns that are new, gone or of another type are worked around', async () => {
  await manyCases(async (c, add) => {
    for (let n = 0; n < 3; n++) {
      await c.damage(10)
      for (const table of c.r.some(c.model.tables, 0.3)) {
        const plain = table.columns.filter((column) => column.role === 'plain')
        const alter = c.r.pick([
          `ADD COLUMN "new ${n}" app.pair`,
          ...plain.map((column) => `DROP COLUMN ${ident(column.name)} CASCADE`),
          ...plain
            .filter((column) => /^integer( NOT NULL)?$/.test(column.definition))
            .map((column) => `ALTER COLUMN ${ident(column.name)} TYPE bigint`),
          ...plain
            .filter((column) => /^text( NOT NULL)?$/.test(column.definition))
            .map((column) => `ALTER COLUMN ${ident(column.name)} TYPE character varying`),
        ])
        // A view, a key or a computed column may stand in the way.
        await c.client.query(`ALTER TABLE ${table.label} ${alter}`).then(
          () => add('altered', 1),
          () => add('not altered', 1),
        )
      }
      const ask = drawAsk(c.r, c.model, c.backup)
      const before = await c.state()
      const done = await restoreInPlace(c.repository, c.url, { ...ask.options, skipConflicts: true }).catch(
        (error: unknown) => error,
      )
      // A condition, or what is newer, may be about a column that is gone.
      if (
        isHoldfastError(done, 'target_lacks') ||
        isHoldfastError(done, 'restore_failed') ||
        (isHoldfastError(done) && ask.meets !== null)
      ) {
        assert.deepEqual(rowsOf(await c.state()), rowsOf(before))
        assert.ok(ask.keepNewer !== null || ask.meets !== null, String(done))
        continue
      }
      if (!isDone(done)) throw done
      requireAsked(c.model, ask, { backup: c.backup, before, after: await c.state() }, done.preview)
      if (done.safety === null) continue
      const undone = await undo(c.url, done, { skipConflicts: true })
      if (undone.preview.totals.conflicts === 0)
        assert.deepEqual(rowsOf(await c.state()), rowsOf(before), 'undone')
    }
  })
})

const sorted = (rows: readonly { readonly values: readonly unknown[] }[]): string[] =>
  rows.map((r) => JSON.stringify(r.values)).sort()

function isDone(done: unknown): done is Awaited<ReturnType<typeof restoreInPlace>> {
  return !(done instanceof Error)
}
