import assert from 'node:assert/strict'
import { test } from 'node:test'
import { previewOf, reportOf } from '../../src/console/lib/preview.ts'
import { stageOf } from '../../src/console/lib/restore-stage.ts'
import { choiceOf, inputOf, missingIn, patternOf, placeOf, type Choice } from '../../src/console/pages/restores/choice.ts' // prettier-ignore
import type { Restore } from '../../src/console/lib/types.ts'

const address = 'postgres://back%40up@db.example.com:5433/shop?sslmode=require'
const from = { source: 'shop' }
const given = {
  from,
  backup: '20261128T023000Z-7f3a',
  place: placeOf({}, address),
  password: '',
  identity: '',
}

test('what is chosen is asked for, and a restore gives back the choice that it was begun with', () => {
  const choices: Choice[] = [
    { scope: 'all', to: 'place' },
    { scope: 'modules', names: 'orders\nstock', to: 'place', extra: 'yes' },
    { scope: 'tables', names: 'public.orders\n"My Schema"."a.b"', to: 'place', changed: 'yes' },
    { scope: 'rows', names: 'public.orders', where: 'id = 7', to: 'place', conflicts: 'skip' },
  ]
  for (const choice of choices) {
    const { into, source, ...params } = inputOf(choice, given)
    assert.deepEqual(into, { inPlace: true })
    const restore = {
      source,
      sourceId: 's',
      params,
      place: 'in place',
      target: address,
    } as unknown as Restore
    assert.deepEqual(choiceOf(restore), { source: 'shop', backup: given.backup, ...choice })
  }
})

test('a new database is beside the one in use unless something else is said, and no password is in its address', () => {
  assert.deepEqual(given.place, { server: 'db.example.com:5433', user: 'back@up', database: 'shop_restored' })
  const { into } = inputOf({ database: 'a b' }, { ...given, place: placeOf({ database: 'a b' }, address), password: 'SECRET' }) // prettier-ignore
  assert.deepEqual(into, { database: 'postgres://back%40up@db.example.com:5433/a%20b', password: 'SECRET' })
  // Rows by a condition are restored in place, whatever stands in the address.
  assert.deepEqual(inputOf({ scope: 'rows', names: 'a', where: 'true', to: 'new' }, given).into, {
    inPlace: true,
  })
})

test('an upload is restored into a new database, with an identity for that once, which is in no address', () => {
  const choice: Choice = { repository: 'laptop', to: 'place', database: 'back' }
  const place = placeOf(choice, '')
  assert.equal(placeOf({}, '').database, 'restored')
  const { into, repository, source, identity } = inputOf(choice, { ...given, from: { repository: 'laptop' }, place, identity: 'AGE-SECRET-KEY-1' }) // prettier-ignore
  assert.deepEqual([repository, source, identity], ['laptop', undefined, 'AGE-SECRET-KEY-1'])
  assert.deepEqual(into, { database: 'postgres:///back' })
  const restore = { source: 'laptop', sourceId: null, params: {}, place: 'new', target: 'postgres://h/back' }
  assert.equal(choiceOf(restore as unknown as Restore).repository, 'laptop')
  assert.equal(
    missingIn({ ...choice, scope: 'rows', names: 'a', where: 'true' }),
    'restores.what.rowsOfUpload',
  )
})

test('names that hold dots, stars or quotes mean themselves', () => {
  assert.equal(patternOf({ schema: 'public', name: 'orders' }), 'public.orders')
  assert.equal(patternOf({ schema: 'a.b', name: 'c"*' }), '"a.b"."c""*"')
})

test('one goes on only with something chosen', () => {
  assert.equal(missingIn({}), null)
  assert.equal(missingIn({ scope: 'tables' }), 'restores.what.needsTable')
  assert.equal(missingIn({ scope: 'rows', names: 'a', where: ' ' }), 'restores.what.needsWhere')
})

test('where a restore is follows from its job, its step and the time', () => {
  const now = new Date('2026-11-28T14:00:00Z')
  const [early, late] = ['2026-11-28T13:00:00Z', '2026-11-28T15:00:00Z']
  const stage = (known: Partial<Parameters<typeof stageOf>[0]>): string =>
    stageOf({ status: 'running', step: 'change', changed: null, expiresAt: null, confirmedAt: null, ...known }, now) // prettier-ignore
  assert.equal(stage({ step: 'preview' }), 'looking')
  assert.equal(stage({ status: 'waiting', step: 'agreement', expiresAt: late }), 'deciding')
  assert.equal(stage({ status: 'waiting', step: 'agreement', expiresAt: early }), 'expired')
  assert.equal(stage({ status: 'cancelled', step: 'over', expiresAt: early }), 'expired')
  assert.equal(stage({ status: 'cancelled', step: 'over', expiresAt: early, confirmedAt: early }), 'cancelled') // prettier-ignore
  assert.equal(stage({ status: 'pending', step: 'run' }), 'working')
  assert.equal(stage({ status: 'completed', changed: false }), 'nothing')
  assert.equal(stage({ status: 'completed', changed: true }), 'done')
})

test('a preview that was cut, or is of another kind, is read as far as it goes', () => {
  const { totals, tables, warnings } = previewOf({ totals: { create: 2 }, warnings: [{ text: 'a' }, 'b', 7] })
  assert.deepEqual(totals, { create: 2, update: 0, delete: 0, conflicts: 0 })
  assert.deepEqual([tables, warnings], [[], ['a', 'b']])
  const report = reportOf({ tables: [{ schema: 's', name: 'a', rows: 5 }, { schema: 's', name: 'b', rows: 0 }] }) // prettier-ignore
  assert.deepEqual([report.created, report.tables.length], [5, 1])
  const part = { key: 'standby', values: {}, text: 'a' }
  const said = previewOf({ problems: [{ code: 'x', message: 'a' }], parts: [part, { key: 7 }, null] })
  assert.deepEqual([said.problems, said.parts], [['a'], [part]])
})
