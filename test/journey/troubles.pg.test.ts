import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { hardTroubles } from '../fixtures/hard.ts'
import { loadAreas } from '../support/hard-database.ts'
import {
  failure,
  newRepository,
  requireSame,
  stateOf,
  type JourneyRepository,
  type MadeBackup,
} from '../support/journey.ts'
import { testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'

/* What no dump brings back as it was: each is restored otherwise, or told, and never by halves. */

let server: TestServer
let repository: JourneyRepository

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
})

after(() => server.stop('immediate'))

async function backedUp(
  name: string,
  look: (trouble: { target: TestDatabase; made: MadeBackup }) => Promise<void>,
): Promise<void> {
  await using source = await server.database()
  await using target = await server.database()
  const areas = hardTroubles().filter((area) => area.name === name)
  assert.equal(areas.length, 1, name)
  await loadAreas(source, areas)
  await look({ target, made: await repository.backUp(source.url) })
}

test('a table that was made a member of an extension is the matter of that extension, and told', () =>
  backedUp('extension_member', async ({ target, made }) => {
    assert.deepEqual(made.contents.tables, [])
    const [gap] = made.contents.gaps
    assert.equal(gap?.what, 'rows of trouble_extension.member, of the extension dict_int')
    await repository.restoreTo(target.url)
    assert.deepEqual(
      await target.query(
        `SELECT extname AS extension, to_regclass('trouble_extension.member') AS member FROM pg_extension WHERE extname = 'dict_int'`,
      ),
      [{ extension: 'dict_int', member: null }],
    )
  }))

test('a table that was made the child of another has the columns it inherits first, with their rows', () =>
  backedUp('inherited_column_order', async ({ target }) => {
    const report = await repository.restoreTo(target.url)
    assert.ok(report.tables.every((table) => table.compared === 'hashed'))
    assert.deepEqual(await target.query('SELECT to_json(t) AS row FROM trouble_order.adopted t'), [
      { row: { id: 2, a: 'a', extra: 1 } },
    ])
    assert.deepEqual(await target.query('SELECT id, a FROM trouble_order.parent'), [{ id: 2, a: 'a' }])
  }))

test('a language with the handler of an extension is told before anything is touched', () =>
  backedUp('language_with_builtin_handler', async ({ target }) => {
    const refused = await failure(repository.restoreTo(target.url), 'target_lacks')
    assert.match(refused.message, /language trouble_language has a handler of another extension/)
    const drilled = await failure(repository.drill(), 'drill_failed')
    assert.match(drilled.message, /trouble_language/)
  }))

test('a row that names an index as such cannot be loaded before it is there: it is told, and undone', () =>
  backedUp('refers_to_index', async ({ target }) => {
    const was = await stateOf(target.url)
    const failed = await failure(repository.restoreTo(target.url), 'restore_failed')
    assert.match(failed.message, /Rows of trouble_regclass\.refers could not be loaded.*target_key/)
    requireSame(await stateOf(target.url), was, 'the target')
  }))
