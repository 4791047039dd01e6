import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { commandLine } from '../support/command-line.ts'
import { queryAt, testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'

let server: TestServer
let live: TestDatabase
const cli = await commandLine()

before(async () => {
  server = await testServer(17)
  live = await server.database({ name: 'cli_live' })
  await live.query('CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE PUBLICATION p FOR TABLE t')
  cli.json(['backup', live.url])
  await live.query(`INSERT INTO t VALUES (2); COMMENT ON DATABASE cli_live IS 'ours'`)
})

interface Failed {
  readonly error: { readonly code: string; readonly message: string }
}

const values = async (): Promise<unknown[]> =>
  (await queryAt(live.url, 'SELECT a FROM t ORDER BY a')).map((row) => row['a'])

test('a whole database is restored in place by the commands alone, given back, and let go', async () => {
  const restore = ['restore', 'latest', '--to', live.url, '--swap']
  const idle = queryAt(live.url, 'SELECT pg_sleep(600)').catch(() => 'ended')
  while ((await server.query(`SELECT FROM pg_stat_activity WHERE datname = 'cli_live'`)).length === 0) {
    await server.query('SELECT pg_sleep(0.02)')
  }
  const plan = cli.run([...restore, '--plan'])
  assert.equal(plan.status, 0, plan.stderr)
  assert.match(plan.stdout, /restore {3}into cli_live_holdfast_[0-9a-f]{8}, beside it, and compare/)
  assert.match(plan.stdout, /then {6}end 1 session\n\s+1 of postgres/)
  assert.match(plan.stdout, /differs {3}Comment: stays ours; in the backup it was none/)
  assert.doesNotMatch(plan.stdout, /publication p/)
  const { error } = cli.json<Failed>([...restore, '--yes', '--confirm', 'other'], { status: 7 })
  assert.equal(error.code, 'confirmation_missing')
  assert.deepEqual(await values(), [1, 2])

  const done = cli.run([...restore, '--yes', '--confirm', 'cli_live'])
  assert.equal(done.status, 0, done.stderr)
  assert.match(done.stdout, /is postgres:\S+cli_live now\n {2}kept {6}.* as cli_live_before_[0-9a-f]{8};/)
  assert.equal(await idle, 'ended')
  assert.deepEqual(await values(), [1])

  const listed = cli.run(['release', live.url, '--list'])
  assert.match(
    listed.stdout,
    /is not in quarantine\.\nBeside it:\n {2}cli_live_before_\S+ {2}\S+ .B, was cli_live until .* for backup/,
  )
  const confirmed = ['--yes', '--confirm', 'cli_live']
  const undo = ['undo', 'latest', '--to', live.url]
  assert.match(
    cli.run([...undo, '--preview']).stdout,
    /Gets its name back.*\n {2}cli_live_before_.* was cli_live/,
  )
  assert.deepEqual(await values(), [1])
  assert.match(cli.run(['restores']).stdout, /swap .* yes\n/)
  const undone = cli.run([...undo, ...confirmed])
  assert.match(undone.stdout, /is cli_live again/)
  assert.deepEqual(await values(), [1, 2])
  assert.match(cli.run(['restores']).stdout, /undo .*\n.*swap .* undone\n/)
  assert.match(cli.run(undo).stderr, /holdfast release --swap-back exchanges the two once more/)
  const { restores } = cli.json<{ restores: { id: string; undo: string }[] }>(['restores'])
  assert.deepEqual(
    restores.map((r) => r.undo),
    ['no', 'undone'],
  )
  const again = ['undo', restores[1]?.id ?? '', '--to', live.url, ...confirmed]
  assert.equal(cli.json<Failed>(again, { status: 3 }).error.code, 'nothing_replaced')
  assert.equal(
    cli.json<Failed>(['release', live.url, '--drop-old'], { status: 7 }).error.code,
    'confirmation_missing',
  )
  assert.match(cli.run(['release', live.url, '--drop-old', ...confirmed]).stdout, /Dropped cli_live_after_/)
  assert.equal(
    cli.json<Failed>(['release', live.url, '--drop-old'], { status: 3 }).error.code,
    'nothing_replaced',
  )
  assert.deepEqual(await values(), [1, 2])
})

test('with --quarantine it is quiet in its place, and a part of a database is none to be replaced', async () => {
  const restore = ['restore', 'latest', '--to', live.url, '--swap', '--yes', '--confirm', 'cli_live']
  assert.equal(cli.json<Failed>([...restore, '--table', 't'], { status: 2 }).error.code, 'usage')
  assert.equal(cli.json<Failed>([...restore, '-C'], { status: 2 }).error.code, 'usage')
  const { swap } = cli.json<{ swap: { restore: { quarantined: unknown[] } } }>([...restore, '--quarantine'])
  assert.equal(swap.restore.quarantined.length, 1)
  assert.match(cli.run(['release', live.url, '--list']).stdout, /publication p: will publish insert/)
  cli.json(['release', live.url, '--drop-old', '--yes', '--confirm', 'cli_live'])
})
