import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectWire } from '../../src/postgres/connect.ts'
import { createSample } from '../../src/sample/sample.ts'
import { addressOf } from '../support/address.ts'
import { contentsOf, schemaOf } from '../support/journey.ts'
import { majors, testServer, type TestDatabase } from '../support/postgres.ts'
import type { ServerMajor } from '../../src/postgres/server/server.ts'

async function build(major: ServerMajor): Promise<TestDatabase> {
  const database = await (await testServer(major)).database()
  await using wire = await connectWire({ address: addressOf(database.url) })
  await createSample({ wire })
  return database
}

const built = new Map<ServerMajor, Promise<TestDatabase>>()

/** One of each major, which no test changes. */
function sampleOn(major: ServerMajor): Promise<TestDatabase> {
  const found = built.get(major) ?? build(major)
  built.set(major, found)
  return found
}

test('two builds are equal, in content and schema, also beside each other', async () => {
  const one = await sampleOn(18)
  await using other = await build(18)
  assert.deepEqual(await contentsOf(other.url), await contentsOf(one.url))
  const withoutRegion = async (url: string) => (await schemaOf(url)).replaceAll(/\bt_[0-9a-f]{12}\b/g, 'name')
  assert.equal(await withoutRegion(other.url), await withoutRegion(one.url))
})

test('it is the same on every major', async () => {
  const states = []
  for (const major of majors) {
    const database = await sampleOn(major)
    const { tables, sequences, largeObjects, filledViews } = await contentsOf(database.url)
    states.push({ tables, sequences, largeObjects, filledViews })
  }
  const [first, ...others] = states
  assert.equal(others.length, 3)
  for (const other of others) assert.deepEqual(other, first)
})

test('it is what the tour says: twenty tenants, two hundred thousand rows, and what is hard', async () => {
  const database = await sampleOn(17)
  const { tables, largeObjects, filledViews } = await contentsOf(database.url)
  // Partitioned tables count their partitions' rows once more.
  const rows = Object.entries(tables)
    .filter(([name]) => !/^audit\.log_\d|^shop\.(sales_by_month|best_month)$/.test(name))
    .map(([, digest]) => Number.parseInt(digest, 10))
  const total = rows.reduce((sum, n) => sum + n, 0)
  assert.ok(total > 200_000 && total < 250_000, `${total} rows`)
  assert.match(tables['app.tenants'] ?? '', /^20 rows/)
  assert.match(tables['Büro 🗂.客户备注'] ?? '', /^200 rows/)
  assert.match(tables['audit.log_other'] ?? '', /^0 rows/)
  assert.equal(largeObjects.length, 60)
  assert.equal(filledViews.length, 2)
  const [row] = await database.query(
    `SELECT (SELECT count(*)::int FROM pg_policy) AS policies,
       (SELECT count(*)::int FROM pg_trigger WHERE NOT tgisinternal) AS triggers,
       (SELECT count(*)::int FROM pg_constraint WHERE contype = 'x') AS exclusions,
       (SELECT count(*)::int FROM pg_constraint WHERE contype = 'f' AND condeferred) AS deferred,
       (SELECT count(*)::int FROM pg_inherits WHERE inhparent = 'audit.log'::regclass) AS partitions,
       (SELECT count(*)::int FROM shop.orders AS o WHERE o.total <> (SELECT sum(i.total) FROM shop.order_items AS i WHERE i.order_id = o.id)) AS wrong_totals`,
  )
  assert.equal(row?.['wrong_totals'], 0)
  assert.equal(row?.['partitions'], 13)
  for (const kind of ['policies', 'triggers', 'exclusions', 'deferred'])
    assert.ok(Number(row?.[kind]) > 1, kind)
})

test('a tenant sees its own rows only', async () => {
  const database = await sampleOn(16)
  const [row] = await database.query(
    `SET ROLE bazaar_app; SELECT set_config('bazaar.tenant', '7', false);
     SELECT count(*)::int AS seen, count(*) FILTER (WHERE tenant_id = 7)::int AS own FROM crm.customers`,
  )
  assert.ok(Number(row?.['own']) > 0)
  assert.equal(row?.['seen'], row?.['own'])
})
