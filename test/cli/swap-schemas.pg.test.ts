import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { commandLine } from '../support/command-line.ts'
import { queryAt, testServer } from '../support/postgres.ts'

const cli = await commandLine()
/** The address for a role that owns the database, and may make none. */
let url: string

before(async () => {
  const server = await testServer(17)
  await server.query(`CREATE ROLE schemas_owner LOGIN PASSWORD 'x'`)
  const live = await server.database({ name: 'cli_rented', clauses: 'OWNER schemas_owner' })
  url = live.urlFor('schemas_owner', 'x')
  await queryAt(url, 'CREATE SCHEMA crm; CREATE TABLE crm.t (a int); INSERT INTO crm.t VALUES (1)')
  cli.json(['backup', url])
  await queryAt(url, 'INSERT INTO crm.t VALUES (2); CREATE SCHEMA mine; CREATE TABLE mine.x (a int)')
})

interface Failed {
  readonly error: { readonly code: string; readonly message: string }
}

const values = async (): Promise<unknown[]> =>
  (await queryAt(url, 'SELECT a FROM crm.t ORDER BY a')).map((row) => row['a'])

test('where a database can not be renamed, --swap replaces its schemas, by the commands alone, given back, and let go', async () => {
  const confirmed = ['--yes', '--confirm', 'cli_rented']
  const restore = ['restore', 'latest', '--to', url, '--swap']
  const plan = cli.run([...restore, '--plan'])
  assert.equal(plan.status, 0, plan.stderr)
  assert.match(
    plan.stdout,
    /in place of the schemas of .*, in one transaction\n {2}no rename schemas_owner may not rename/,
  )
  assert.match(plan.stdout, /replace {3}crm as holdfast_old_crm_[0-9a-f]{8}, which are kept/)
  assert.match(plan.stdout, /leave {5}mine, public: not in the backup/)
  const { error } = cli.json<Failed>([...restore, '--yes', '--confirm', 'other'], { status: 7 })
  assert.equal(error.code, 'confirmation_missing')
  assert.deepEqual(await values(), [1, 2])

  const done = cli.run([...restore, ...confirmed])
  assert.equal(done.status, 0, done.stderr)
  assert.match(done.stdout, /kept {6}the old crm as holdfast_old_crm_[0-9a-f]{8}\n/)
  assert.deepEqual(await values(), [1])
  assert.match(cli.run(['restores']).stdout, /swap/)

  const listed = cli.run(['release', url, '--list'])
  assert.match(
    listed.stdout,
    /Inside of it:\n {2}crm as holdfast_old_crm_\S+ {2}\S+ .?B, put aside .* for backup/,
  )
  const undo = ['undo', 'latest', '--to', url]
  assert.match(cli.run([...undo, '--preview']).stdout, /Get their names back.*\n {2}crm as holdfast_old_crm_/)
  assert.match(cli.run([...undo, ...confirmed]).stdout, /crm: as they were before/)
  assert.deepEqual(await values(), [1, 2])
  assert.match(cli.run(['restores']).stdout, /undo .*\n.*swap .* undone\n/)
  const { restores } = cli.json<{ restores: { id: string }[] }>(['restores'])
  const twice = cli.json<Failed>(['undo', restores[1]?.id ?? '', '--to', url, ...confirmed], { status: 3 })
  assert.equal(twice.error.code, 'nothing_replaced')
  cli.json(['release', url, '--swap-back', ...confirmed])
  assert.deepEqual(await values(), [1])
  assert.match(
    cli.run(['release', url, '--swap-back', ...confirmed]).stdout,
    /crm: as they were before\n {2}kept {6}what they were until now: crm as holdfast_new_crm/,
  )
  assert.deepEqual(await values(), [1, 2])
  const unasked = cli.json<Failed>(['release', url, '--drop-old'], { status: 7 })
  assert.equal(unasked.error.code, 'confirmation_missing')
  assert.match(
    cli.run(['release', url, '--drop-old', ...confirmed]).stdout,
    /Dropped the old crm as holdfast_new_crm_/,
  )
  const none = cli.json<Failed>(['release', url, '--drop-old'], { status: 3 })
  assert.equal(none.error.code, 'nothing_replaced')
  assert.deepEqual(await values(), [1, 2])
})

test('--swap-schemas does it anywhere, also in quarantine, and says what is in the way', async () => {
  const admin = (await testServer(17)).url('cli_rented')
  const restore = ['restore', 'latest', '--to', admin, '--swap-schemas', '--yes', '--confirm', 'cli_rented']
  await queryAt(admin, 'CREATE VIEW mine.v AS SELECT a FROM crm.t')
  const { error } = cli.json<Failed>(restore, { status: 7 })
  assert.equal(error.code, 'target_entangled')
  assert.match(error.message, /rule _RETURN on view mine\.v/)
  assert.equal(cli.json<Failed>([...restore, '--table', 't'], { status: 2 }).error.code, 'usage')
  await queryAt(
    admin,
    `DROP VIEW mine.v; CREATE SCHEMA net; CREATE FUNCTION net.http_post() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
     CREATE TRIGGER call AFTER INSERT ON crm.t FOR EACH ROW EXECUTE FUNCTION net.http_post()`,
  )
  cli.json(['backup', admin])
  const { swap } = cli.json<{ swap: { restore: { quarantined: unknown[] } } }>([...restore, '--quarantine'])
  assert.equal(swap.restore.quarantined.length, 1)
  assert.match(cli.run(['release', admin, '--list']).stdout, /webhook crm\.t call/)
  cli.json(['release', admin, '--yes', '--confirm', 'cli_rented'])
  cli.json(['release', admin, '--drop-old', '--yes', '--confirm', 'cli_rented'])
  const enabled = await queryAt(admin, `SELECT tgenabled AS on FROM pg_trigger WHERE tgname = 'call'`)
  assert.deepEqual(enabled, [{ on: 'O' }])
})
