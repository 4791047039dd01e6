import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { besideUrl, newRepository, requireSame, stateOf } from '../support/journey.ts'
import { dieAt, killChild } from '../support/journey-process.ts'
import { testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'
import { untilNone } from '../support/sessions.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let server: TestServer
let source: TestDatabase
let expected: Awaited<ReturnType<typeof stateOf>>

before(async () => {
  server = await testServer(15)
  source = await server.database()
  await source.query(`
    CREATE ROLE killed_owner; CREATE TABLE large (id int PRIMARY KEY, v text); INSERT INTO large SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, 20000) n;
    CREATE TABLE small (id int PRIMARY KEY REFERENCES large, v text); INSERT INTO small SELECT n, n FROM generate_series(1, 50) n; ALTER TABLE small OWNER TO killed_owner;
    CREATE INDEX ON large (v); SELECT lo_from_bytea(0, decode(repeat('00ff', 9000), 'hex')); CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM large;
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO killed_owner; COMMENT ON SCHEMA public IS 'mine'`)
  expected = await stateOf(source.url)
})

after(() => server.stop('immediate'))

test('a backup killed at any moment is no backup, hurts none, and the next one works', async (t) => {
  const directory = await temporaryDirectory(t)
  const repository = await newRepository(directory)
  const { identity, credentials } = repository
  const task = { directory, identity, credentials, url: source.url, action: 'backup' } as const
  await repository.backUp(source.url)
  let ended = 0
  let killed = 0
  for (let step = 1; step <= 8; step++) {
    // At every second step exactly, whatever the machine; else at some time after it, if it has not ended by then.
    if (step % 2 === 1) {
      const listed = await repository.list()
      if (!(await dieAt(task, step))) ended++
      else {
        killed++
        assert.deepEqual(await repository.list(), listed)
      }
    } else if (await killChild(task, step, Math.random() * 40)) ended++
    const { backups, refused } = await repository.check()
    // Killed after its manifest was stored it is a backup, too: whole, as every other.
    assert.ok(backups.length >= 1 + ended, `${backups.length}`)
    assert.deepEqual(refused, [])
    for (const { missing, damaged, sizeDiffers } of backups)
      assert.deepEqual([...missing, ...damaged, ...sizeDiffers], [])
  }
  t.diagnostic(`${killed} killed in the middle, ${ended} ended`)
  // Before the locks, before the first rows, and while rows were read.
  assert.ok(killed >= 3)
  const { manifest } = await repository.backUp(source.url)
  assert.equal((await repository.list())[0], manifest.id)
  // And with them go their locks.
  await untilNone(server, `datname = '${source.name}' AND backend_type = 'client backend'`)
  await using target = await server.database()
  await repository.restoreTo(target.url)
  requireSame(await stateOf(target.url), expected, 'the copy')
})

test('a restore killed at any moment is told unfinished by the next, which can begin anew', async (t) => {
  const directory = await temporaryDirectory(t)
  const repository = await newRepository(directory)
  await repository.backUp(source.url)
  const { identity, credentials } = repository
  const common = { directory, identity, credentials, action: 'restore' } as const
  const found: string[] = []
  for (const step of [1, 2, 2, 3, 4, 5, 6, 8, 10]) {
    const createDatabase = Math.random() < 0.5
    const target = await server.database()
    const url = createDatabase ? besideUrl(server.url(), `${target.name}_new`) : target.url
    try {
      const ended = await killChild({ ...common, url, options: { createDatabase } }, step, Math.random() * 60)
      await settled()
      const exists =
        (await server.query(`SELECT FROM pg_database WHERE datname = '${new URL(url).pathname.slice(1)}'`))
          .length > 0
      const { problems } = await repository.planTo(url, { createDatabase: !exists })
      const code = problems[0]?.code ?? 'nothing'
      found.push(code)
      assert.ok(['nothing', 'target_unfinished', 'target_not_empty'].includes(code), code)
      // What holds something and is not unfinished was finished before the kill.
      if (code === 'target_not_empty') requireSame(await stateOf(url), expected, 'the finished copy')
      else {
        assert.ok(!ended)
        const restart = code === 'target_unfinished'
        await repository.restoreTo(url, { createDatabase: restart ? createDatabase : !exists, restart })
      }
      requireSame(await stateOf(url), expected, 'the copy')
    } finally {
      await server.query(`DROP DATABASE IF EXISTS ${target.name}_new WITH (FORCE)`)
      await target.drop()
    }
  }
  t.diagnostic(found.join(' '))
  assert.ok(found.includes('target_unfinished'))
})

/** Resolves when the server has noticed that nobody is there any more. */
async function settled(): Promise<void> {
  const working = `SELECT FROM pg_stat_activity WHERE application_name = 'holdfast'`
  while ((await server.query(working)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20))
}
