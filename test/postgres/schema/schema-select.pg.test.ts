import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { SchemaDump, SchemaEntry } from '../../../src/postgres/schema/entry.ts'
import { selectEntries, type Selection, type TableName } from '../../../src/postgres/schema/select.ts'
import { testServer } from '../../support/postgres.ts'
import { dumpOf, replay } from './replay.ts'
import { sampleRoles, sampleSchema } from './sample.ts'

const dumped = dumpSample()

async function dumpSample(): Promise<SchemaDump> {
  const server = await testServer(18)
  await server.query(sampleRoles)
  const source = await server.database()
  await source.query(sampleSchema(18))
  const dump = await dumpOf(source.url)
  await source.query('DROP SUBSCRIPTION sub')
  await source.drop()
  return dump
}

const namesOf = ({ entries }: { entries: readonly SchemaEntry[] }): string[] =>
  entries.map(({ type, name }) => `${type} ${name}`)
const inApp = (...names: string[]): TableName[] => names.map((name) => ({ schema: 'app', name }))
const tablesOf = (dump: SchemaDump): TableName[] =>
  dump.entries
    .filter(({ type }) => /^(FOREIGN )?TABLE$/.test(type))
    .map(({ schema, name }) => ({ schema: schema ?? '', name }))

it('chooses all when all is chosen', async () => {
  const { entries } = await dumped
  const all = { entries, leftOut: [], neededTables: [] }
  assert.deepEqual(selectEntries({ entries, tables: null }), all)
  const withoutGrants = selectEntries({ entries, tables: null, noGrants: true, noOwner: true })
  assert.deepEqual(
    new Set(withoutGrants.leftOut.map(({ entry }) => entry.type)),
    new Set(['ACL', 'DEFAULT ACL']),
  )
})

it('is closed under dependencies, splits the entries in two, and grows with the choice', async () => {
  const dump = await dumped
  const { entries } = dump
  fc.assert(
    fc.property(fc.subarray(tablesOf(dump)), fc.subarray(tablesOf(dump)), (some, more) => {
      const selection = selectEntries({ entries, tables: some })
      assertClosed(selection)
      assert.equal(selection.entries.length + selection.leftOut.length, entries.length)
      const larger = new Set(selectEntries({ entries, tables: [...some, ...more] }).entries)
      assert.ok(selection.entries.every((entry) => larger.has(entry)))
    }),
    { numRuns: 200 },
  )
})

it('restores every table by itself into an empty database', async () => {
  const dump = await dumped
  const server = await testServer(18)
  for (const table of tablesOf(dump)) {
    await using target = await server.database()
    const { entries } = selectEntries({ entries: dump.entries, tables: [table] })
    await replay(target.url, dump, { entries })
    const found = await target.query(
      `SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relname = $x$${table.name}$x$ AND nspname = $x$${table.schema}$x$`,
    )
    assert.equal(found.length, 1, table.name)
  }
})

it('takes what belongs to a table, and what it needs', async () => {
  const { entries } = await dumped
  const orders = selectEntries({ entries, tables: inApp('orders') })
  const names = namesOf(orders)
  for (const name of [
    'SCHEMA app',
    'EXTENSION hstore',
    'TYPE floats',
    'SEQUENCE orders_id_seq',
    'SEQUENCE OWNED BY orders_id_seq',
    'DEFAULT orders id',
    'CONSTRAINT orders orders_pkey',
    'COMMENT CONSTRAINT orders_pkey ON orders',
    'INDEX orders by Note',
    'COMMENT INDEX "orders by Note"',
    'STATISTICS st',
    'TRIGGER orders touch',
    'TRIGGER orders later',
    'FUNCTION touch()',
    'RULE orders no_delete',
    'ROW SECURITY orders',
    'POLICY orders mine',
    'ACL TABLE orders',
    'ACL COLUMN orders.note',
    'ACL SCHEMA app',
    'COMMENT COLUMN orders.note',
  ]) {
    assert.ok(names.includes(name), name)
  }
  // The policy reads the other table, so that is needed, and then the foreign key has both its ends.
  assert.deepEqual(orders.neededTables, inApp('tenant'))
  assert.ok(names.includes('FK CONSTRAINT orders orders_tenant_id_fkey'))
  for (const name of ['VIEW v', 'FUNCTION on_ddl()', 'EVENT TRIGGER ddl', 'PUBLICATION pub', 'TABLE log']) {
    assert.ok(!names.includes(name), name)
  }
  assert.match(whyOf(orders, 'VIEW', 'v') ?? '', /uses what is chosen/)
})

it('takes a foreign key only with both of its tables', async () => {
  const { entries } = await dumped
  const one = selectEntries({ entries, tables: inApp('a') })
  assert.deepEqual(one.neededTables, [])
  assert.deepEqual(
    namesOf(one).filter((name) => name.startsWith('FK')),
    [],
  )
  assert.equal(whyOf(one, 'FK CONSTRAINT', 'a a_b'), 'needs table app.b, which is not chosen')
  const both = namesOf(selectEntries({ entries, tables: inApp('a', 'b') }))
  assert.deepEqual(
    both.filter((name) => name.startsWith('FK')),
    ['FK CONSTRAINT a a_b', 'FK CONSTRAINT b b_a_fkey'],
  )
})

it('takes the parents of a partition, not its siblings', async () => {
  const { entries } = await dumped
  const leaf = selectEntries({ entries, tables: inApp('log_rest_a') })
  assert.deepEqual(leaf.neededTables, inApp('log', 'log_rest'))
  const names = namesOf(leaf)
  assert.ok(names.includes('TABLE ATTACH log_rest_a') && names.includes('INDEX ATTACH log_rest_a_pkey'))
  assert.ok(!names.some((name) => name.includes('log_2024')))
  assert.deepEqual(selectEntries({ entries, tables: inApp('child') }).neededTables, inApp('parent'))
})

it('takes all of a schema, and says what it can not', async () => {
  const dump = await dumped
  const { entries } = dump
  const app = selectEntries({ entries, tables: null, schemas: ['app'] })
  assertClosed(app)
  const missed = app.leftOut
    .map(({ entry }) => entry)
    .filter(({ schema, type }) => schema === 'app' && type !== 'DEFAULT ACL')
  assert.deepEqual(
    missed.map(({ type, name }) => `${type} ${name}`),
    ['PUBLICATION TABLE pub a', 'PUBLICATION TABLE pub b'],
  )
  const server = await testServer(18)
  await using target = await server.database()
  await replay(target.url, dump, { entries: app.entries })
  const other = selectEntries({ entries, tables: inApp('empty'), schemas: ['Ünï "code" 🐘; DROP'] })
  assert.equal(other.entries.filter(({ type }) => type === 'TABLE').length, 2)
})

function whyOf({ leftOut }: Selection, type: string, name: string): string | undefined {
  return leftOut.find(({ entry }) => entry.type === type && entry.name === name)?.why
}

function assertClosed({ entries }: Selection): void {
  const ids = new Set(entries.map(({ id }) => id))
  for (const { type, name, dependsOn } of entries) {
    assert.ok(
      dependsOn.every((id) => ids.has(id)),
      `${type} ${name}`,
    )
  }
}
