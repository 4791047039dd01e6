import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogSchema, writtenSchema } from '../../scripts/catalog-schema.ts'
import { openDatabase } from '../../src/catalog/database.ts'
import { migrate, readMigrations, type Migration } from '../../src/catalog/migrate.ts'
import { addressOf } from '../support/address.ts'
import { testServer, type TestServer } from '../support/postgres.ts'

const [server, oldest] = await Promise.all([testServer(18), testServer(15)])

async function open(on: TestServer, connections = 2) {
  const { url } = await on.database()
  return await openDatabase({
    address: addressOf(url),
    role: null,
    connections,
    applicationName: 'test',
    answerWithinMs: null,
  })
}

test('the schema that is written down is what the migrations make', async () => {
  const database = await server.database()
  const made = await catalogSchema(addressOf(database.url))
  assert.equal(made, writtenSchema(), 'run npm run catalog:schema')
})

test('of processes that migrate at once one works, and the others find it done', async () => {
  for (const on of [server, oldest]) {
    const database = await open(on, 8)
    const migrations = await readMigrations()
    const done = await Promise.all(Array.from({ length: 6 }, () => migrate({ database, migrations })))
    assert.deepEqual(
      done.sort((a, b) => a - b),
      [0, 0, 0, 0, 0, migrations.length],
    )
    await database.close()
  }
})

test('a migration that fails leaves the catalog as it was, and the next run goes on', async () => {
  const database = await open(server)
  const migrations = await readMigrations()
  const number = (migrations.at(-1)?.number ?? 0) + 1
  const next = (sql: string): Migration => ({ number, name: 'next', sql, sha256: sql })
  await migrate({ database, migrations })
  const broken = next('CREATE TABLE holdfast.half (); SELECT 1 / 0')
  await assert.rejects(migrate({ database, migrations: [...migrations, broken] }), { code: 'catalog_failed' })
  const [found] = await database.query<{ half: unknown }>(
    "SELECT pg_catalog.to_regclass('holdfast.half') AS half",
  )
  assert.equal(found?.half, null)
  const whole = [...migrations, next('CREATE TABLE holdfast.half ()')]
  assert.equal(await migrate({ database, migrations: whole }), 1)
  await assert.rejects(migrate({ database, migrations }), { code: 'catalog_too_new' })
  const other = [...migrations, next('CREATE TABLE holdfast.other ()')]
  await assert.rejects(migrate({ database, migrations: other }), { code: 'catalog_changed' })
  await database.close()
})
