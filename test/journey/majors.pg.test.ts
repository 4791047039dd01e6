import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { addressOf } from '../support/address.ts'
import { loadHard } from '../support/hard-database.ts'
import {
  besideUrl,
  databaseOf,
  newRepository,
  requireSame,
  rolesOf,
  schemaOf,
  stateOf,
  type DatabaseStateAndSchema,
  type JourneyRepository,
} from '../support/journey.ts'
import { musicShop } from '../support/music-shop.ts'
import { majors, testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'
import { connectWire } from '../../src/postgres/connect.ts'
import { createSample } from '../../src/sample/sample.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'

/** A well-known sample database, where somebody has put it beside the checkout. */
const chinook = fileURLToPath(new URL('../../../shared/data/chinook.sql', import.meta.url))
const hasChinook = existsSync(chinook)
console.log(
  `majors: the shop is ${hasChinook ? 'Chinook' : 'a music shop of our own: chinook.sql is not there'}`,
)

interface Backed {
  readonly major: number
  readonly what: string
  readonly id: string
  readonly state: Awaited<ReturnType<typeof stateOf>>
  readonly database: unknown
  readonly roles: unknown
}

const backed: Backed[] = []
let repository: JourneyRepository

type Sources = Readonly<Record<string, (server: TestServer) => Promise<TestDatabase>>>

/** Makes the databases that travel. */
const sources: Sources = {
  hard: loadHard,
  shop: async (server) => {
    const database = await server.database()
    await database.query(hasChinook ? withoutCommands(readFileSync(chinook, 'utf8')) : musicShop())
    return database
  },
  sample: async (server) => {
    const database = await server.database()
    await using wire = await connectWire({ address: addressOf(database.url) })
    await createSample({ wire })
    return database
  },
}

/** The sample is large and has nothing that majors between would read otherwise. */
function sourcesOf(major: number): Sources {
  const { hard, shop } = sources
  return major === majors[0] || major === majors.at(-1) ? sources : ({ hard, shop } as Sources)
}

/** Without what makes and enters a database of its own. */
function withoutCommands(script: string): string {
  return script.replaceAll(/^(\\c|DROP DATABASE|CREATE DATABASE) .*$/gm, '')
}

/** A restore fills materialized views anew, so the source's must not be stale. Several rounds: some read others. */
async function refreshViews(database: TestDatabase): Promise<void> {
  const refresh = `DO $$ DECLARE name text; BEGIN FOR round IN 1..3 LOOP
    FOR name IN SELECT oid::regclass FROM pg_class WHERE relkind = 'm' AND relispopulated LOOP
      EXECUTE 'REFRESH MATERIALIZED VIEW ' || name; END LOOP; END LOOP; END $$`
  await database.query(refresh)
}

/** What may differ without any meaning: leaves of a table partitioned by the hash of an enum, and the order of a policy's roles. */
function withoutChance(state: DatabaseStateAndSchema): DatabaseStateAndSchema {
  const tables = Object.entries(state.tables).filter(([name]) => !name.startsWith('hard_parts.by_enum_'))
  const schema = state.schema.replaceAll(
    /^(CREATE POLICY .* TO )(\w+(?:, \w+)+)/gm,
    (_, start: string, roles: string) => start + roles.split(', ').sort().join(', '),
  )
  return { ...state, schema, tables: Object.fromEntries(tables) }
}

/**
 * The schema as the newer server writes down what the older one's pg_dump says: views are deparsed in other words. It
 * is made by running that script in a database of its own.
 */
async function schemaOn(server: TestServer, script: string): Promise<string> {
  const database = await server.database()
  // pg_dump 18 writes this for columns that inherit, and only 18 reads it. A primary key makes them NOT NULL later.
  if (server.major < 17) script = script.replace('SET transaction_timeout = 0;', '')
  await database.query(server.major < 18 ? script.replaceAll(/^    NOT NULL id,\n/gm, '') : script)
  return await schemaOf(database.url)
}

after(() => backed.splice(0))

for (const major of majors) {
  test(`databases of ${major} are backed up`, async () => {
    repository ??= await newRepository(openMemoryStorage())
    const server = await testServer(major, { label: 'source' })
    for (const [what, make] of Object.entries(sourcesOf(major))) {
      const source = await make(server)
      const { url } = source
      await refreshViews(source)
      const { manifest, contents } = await repository.backUp(url)
      assert.deepEqual(contents.gaps, [])
      const facts = {
        state: await stateOf(url),
        database: await databaseOf(url),
        roles: await rolesOf(url, 'hard'),
      }
      backed.push({ major, what, id: manifest.id, ...facts })
    }
    await server.stop('immediate')
  })
}

const newest = majors.at(-1)

// What lies between is met by random databases: oracle/oracle.pg.test.ts.
for (const major of majors.filter((one) => one === majors[0] || one === newest)) {
  test(`databases of ${major === newest ? 'every major' : major} are restored to ${major}, equal`, async () => {
    for (const source of major === newest ? majors : [major]) {
      // Its own server: roles are restored too, and must come from this backup alone.
      const server = await testServer(major, { label: `from ${source}` })
      const from = backed.filter((one) => one.major === source)
      assert.equal(from.length, Object.keys(sourcesOf(source)).length)
      for (const { what, id, state, database, roles } of from) {
        const url = besideUrl(server.url(), `restored_${what}`)
        const report = await repository.restoreTo(url, { backup: id, createDatabase: true })
        assert.ok(report.tables.every((table) => table.compared === 'hashed'))
        const schema = source === major ? state.schema : await schemaOn(server, state.schema)
        const expected = withoutChance({ ...state, schema })
        requireSame(withoutChance(await stateOf(url)), expected, `${what} from ${source}`)
        assert.deepEqual(await databaseOf(url), database)
        if (what === 'hard') assert.deepEqual(await rolesOf(url, 'hard'), roles)
      }
      await server.stop('immediate')
    }
  })
}

test('the hard databases of the oldest and the newest major pass a drill', async () => {
  for (const { id } of backed.filter((one) => one.what === 'hard' && [15, 18].includes(one.major))) {
    const report = await repository.drill({ backup: id })
    assert.ok(report.tables.length > 100)
    assert.ok(report.tables.every((table) => table.compared === 'hashed'))
    assert.deepEqual(report.notVerified, [])
  }
})
