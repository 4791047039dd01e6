import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { checksOf, type SourceCheck } from '../../src/cli/source-checks.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { examineSource } from '../../src/snapshot/examine.ts'
import { wholeDatabase } from '../../src/snapshot/scope.ts'
import { addressOf } from '../support/address.ts'
import { commandLine } from '../support/command-line.ts'
import { open } from '../support/globals.ts'
import { standby, tcpProxy, testServer } from '../support/postgres.ts'

/* `source test` against real servers, with every failure made to happen. */

const server = await testServer(17)
const source = await server.database()
const { directory, json, run } = await commandLine()

await server.query(`
  CREATE ROLE app LOGIN PASSWORD 'hunter22';
  CREATE ROLE single LOGIN PASSWORD 'hunter22' CONNECTION LIMIT 0`)
await source.query(`
  CREATE SCHEMA crm;
  CREATE TABLE crm.leads AS SELECT i, md5(i::text) AS t FROM generate_series(1, 5000) i;
  CREATE TABLE crm.hidden (i int);
  CREATE TABLE notes (note text);
  CREATE SEQUENCE crm.numbers;
  CREATE SEQUENCE crm.secrets;
  GRANT USAGE ON SCHEMA crm TO app;
  GRANT SELECT ON crm.leads, crm.hidden, crm.numbers, notes TO app;
  SELECT lo_create(4711)`)

interface Result {
  readonly checks?: readonly SourceCheck[]
  readonly error?: {
    readonly code: string
    readonly message: string
    readonly details: { readonly checks?: readonly SourceCheck[] }
  }
}

/** The address of the database for a role, without the password that it needs. */
function addressFor(role: string, o: { port?: number; database?: string } = {}): string {
  return `postgres://${role}@127.0.0.1:${o.port ?? server.port}/${o.database ?? source.name}`
}

/** What is found of a source: `name result: text`, and the code that it ends with. */
async function find(
  members: Readonly<Record<string, unknown>>,
  o: { status?: number; env?: Readonly<Record<string, string>> } = {},
): Promise<{ code: string | undefined; lines: string[]; of: (name: string) => string[] }> {
  const file = join(directory, 'holdfast.json')
  const shop = { address: addressFor('app'), password: { env: 'SHOP_PASSWORD' }, ...members }
  await writeFile(file, JSON.stringify({ version: 1, sources: { shop } }))
  const env = { SHOP_PASSWORD: 'hunter22', ...o.env }
  const { checks, error } = json<Result>(['source', 'test', 'shop'], { status: o.status ?? 0, env })
  const found = checks ?? error?.details.checks ?? []
  assert.doesNotMatch(JSON.stringify([found, error]), /hunter/)
  const lines = found.map(({ name, result, text }) => `${name} ${result}: ${text}`)
  return {
    code: error?.code,
    lines,
    of: (name) => lines.filter((line) => line.startsWith(`${name} `)),
  }
}

test('a source that a backup can be made of is told whole, in words', async () => {
  const found = await find({})
  assert.deepEqual(
    found.lines.filter((line) => !/^\w.* (good|note): /.test(line)),
    [],
  )
  assert.deepEqual(found.of('login'), [`login good: as role app, into database ${source.name}`])
  assert.deepEqual(found.of('rows'), ['rows good: all of 3 tables can be read'])
  assert.deepEqual(found.of('sequences'), [
    'sequences note: the values of crm.secrets can not be read, and will be left out',
  ])
  assert.deepEqual(found.of('large'), [
    'large objects note: of 1 large object, 1 can not be read, and will be left out',
  ])
  assert.match(found.of('version')[0] ?? '', /^version good: Postgres 17\.\d+$/)
  assert.match(found.of('size')[0] ?? '', /^size good: .* in 3 tables, the largest crm\.leads with \d+ kB$/)
  assert.match(found.of('extensions')[0] ?? '', /good: plpgsql 1\.0$/)
  assert.match(found.of('wal_level')[0] ?? '', /good: logical;/)
  // On a machine that is very busy, the answer may take so long that it tells little.
  assert.match(found.of('clock')[0] ?? '', /^clock (good: within \d s of|note: the server's is \d+ s)/)
  assert.match(found.of('encrypted')[0] ?? '', /^encrypted good: not needed/)
  assert.deepEqual(found.of('server'), ['server good: a primary'])

  const { status, stdout, stderr } = run(['source', 'test', 'shop'], { SHOP_PASSWORD: 'hunter22' })
  assert.equal(status, 0, stderr)
  assert.match(
    stdout,
    /^Source shop\n {2}ok +reachable +postgres:\/\/app@[\s\S]*\n {2}note +sequences .*\n +Grant SELECT on them\.\n[\s\S]*A backup would work\.\n$/,
  )
})

test('what keeps a session from being opened is told for what it is', async () => {
  const env = { SHOP_PASSWORD: 'wrong-hunter22' }
  const wrong = await find({}, { status: 5, env })
  assert.equal(wrong.code, 'login_failed')
  assert.deepEqual([wrong.of('reachable').length, wrong.of('rest').length], [1, 1])
  assert.match(wrong.of('login')[0] ?? '', /^login bad: .*password authentication failed for user "app"/)

  const none = await find({ password: undefined }, { status: 5 })
  assert.match(none.of('login')[0] ?? '', /^login bad: .* asks for a password, and none was given/)
  const unset = await find({ password: { env: 'NOT_SET' } }, { status: 5 })
  assert.deepEqual([unset.code, unset.lines.length], ['password_missing', 1])
  assert.match(unset.lines[0] ?? '', /^password bad: .*NOT_SET is not set$/)

  const missing = await find({ address: addressFor('app', { database: 'nowhere' }) }, { status: 3 })
  assert.equal(missing.code, 'database_missing')
  assert.match(
    missing.lines.join('\n'),
    /login good: the server accepts app\ndatabase bad: .*"nowhere" does not exist/,
  )

  const full = await find({ address: addressFor('single') }, { status: 6 })
  assert.match(full.of('server')[0] ?? '', /^server bad: .*too many connections for role "single"/)

  const proxy = await tcpProxy(server.port)
  await proxy.close()
  const away = await find({ address: addressFor('app', { port: proxy.port }) }, { status: 6 })
  assert.equal(away.code, 'connection_failed')
  assert.match(away.lines[0] ?? '', /^reachable bad: .*ECONNREFUSED/)
})

test('rows that can not be read, and those that would be hidden, are named, with what mends it', async (t) => {
  await source.query(`
    REVOKE SELECT ON crm.hidden FROM app;
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY`)
  t.after(() =>
    source.query('GRANT SELECT ON crm.hidden TO app; ALTER TABLE notes DISABLE ROW LEVEL SECURITY'),
  )
  const both = await find({}, { status: 5 })
  assert.equal(both.code, 'source_denied')
  assert.deepEqual(both.of('rows'), ['rows bad: Role app may not read 1 table: crm.hidden'])
  assert.deepEqual(both.of('row'), [
    'row security bad: Row level security would hide rows of 1 table from role app: public.notes',
  ])
  const words = run(['source', 'test', 'shop'], { SHOP_PASSWORD: 'hunter22' })
  assert.match(
    words.stdout,
    /\n {2}PROBLEM +rows .*crm\.hidden\n +Run GRANT SELECT ON TABLE "crm"\."hidden" TO "app";/,
  )
  assert.match(words.stderr, /error code: source_denied\n$/)

  const scoped = await find({ excludeTables: ['crm.hidden'] }, { status: 5 })
  assert.equal(scoped.code, 'source_row_security')
  const rest = await find({ tables: ['crm.leads'] })
  assert.deepEqual(rest.of('rows'), ['rows good: all of 1 table, of 3, in scope can be read'])
  const misspelt = await find({ tables: ['crm.leeds'] }, { status: 3 })
  assert.deepEqual(misspelt.of('scope'), ['scope bad: No table matches "crm.leeds"'])
})

test('a server that passes over damage is a problem; to be a superuser is none', async (t) => {
  await server.query(`ALTER DATABASE "${source.name}" SET zero_damaged_pages = on`)
  t.after(() => server.query(`ALTER DATABASE "${source.name}" RESET zero_damaged_pages`))
  const damaged = await find({}, { status: 7 })
  assert.equal(damaged.code, 'source_hides_damage')
  assert.match(damaged.of('server').join(), /zero_damaged_pages/)
  await server.query(`ALTER DATABASE "${source.name}" RESET zero_damaged_pages`)

  const env = { SHOP_PASSWORD: server.password }
  const admin = await find({ address: addressFor('postgres') }, { env })
  assert.match(admin.of('role')[0] ?? '', /^role note: postgres has superuser/)
  assert.deepEqual(admin.of('large'), ['large objects good: 1 large object, all can be read'])
})

test('a server of another major version is refused, older or newer', async () => {
  const [row] = await server.query('SHOW server_version_num')
  const number = String(row?.['server_version_num'])
  for (const other of ['140022', '190001']) {
    // As the server would say it: the number is as long as its own.
    const change = (bytes: Buffer): Buffer => {
      const at = bytes.indexOf(number)
      return at < 0
        ? bytes
        : Buffer.concat([bytes.subarray(0, at), Buffer.from(other), bytes.subarray(at + 6)])
    }
    await using proxy = await tcpProxy(server.port, () => change)
    const address = addressOf(proxy.url(source.urlFor('app', 'hunter22')))
    const facts = await examineSource({ address, scope: wholeDatabase, clock: systemClock })
    // The first one is what the exit status says.
    const first = checksOf(facts).find(({ result }) => result === 'bad')
    assert.deepEqual([first?.name, first?.code], ['version', 'source_unsupported'], other)
  }
})

test('a locked table, a limit of connections, a standby and a clock that is far away are told as facts', async () => {
  await using blocker = await open(source.url)
  await blocker.query('ALTER ROLE app CONNECTION LIMIT 5')
  await blocker.query('BEGIN; LOCK TABLE crm.leads')
  const address = addressOf(source.urlFor('app', 'hunter22'))
  const locked = await examineSource({ address, scope: wholeDatabase, clock: systemClock })
  assert.deepEqual([locked.largest, locked.tables?.held, locked.refusals], [null, 3, []])
  assert.equal(locked.server.connectionLimit, 5)
  await blocker.query('ROLLBACK; ALTER ROLE app CONNECTION LIMIT -1')

  await source.query('CREATE UNLOGGED TABLE fleeting (i int)')
  const copy = await standby(server, { hot_standby_feedback: 'off' })
  const facts = await examineSource({
    address: addressOf(copy.url(source.name)),
    scope: wholeDatabase,
    // This machine's clock is a minute ahead of what it is.
    clock: { now: () => new Date(Date.now() + 60_000) },
  })
  await source.query('DROP TABLE fleeting')
  assert.equal(facts.server.connectionLimit, null, 'a superuser has no limit')
  assert.deepEqual([facts.server.standby, facts.server.standbyFeedback], [true, false])
  assert.deepEqual(facts.tables?.unlogged, ['public.fleeting'])
  assert.ok(facts.clockAheadMs < -30_000 && facts.clockAheadMs > -90_000, String(facts.clockAheadMs))
})

test('while it runs, the program shows no password in its arguments', async () => {
  const print = `tr '\\0' ' ' < /proc/$PPID/cmdline > seen; printf %s "$SHOP_PASSWORD"`
  await find({ password: { command: ['sh', '-c', print] } })
  const seen = await readFile(join(directory, 'seen'), 'utf8')
  assert.match(seen, /source test shop/)
  assert.doesNotMatch(seen, /hunter/)
})

interface Counted {
  readonly rows: number | null
  readonly how: string
}

test('modules are counted as they are now: small tables exactly, large ones by the statistics, and no lock is waited for', async () => {
  await using counted = await server.database()
  await counted.query(`
    CREATE SCHEMA crm;
    CREATE TABLE crm.leads AS SELECT i FROM generate_series(1, 5000) i;
    CREATE TABLE crm.visits (i int) PARTITION BY RANGE (i);
    CREATE TABLE crm.visits_1 PARTITION OF crm.visits FOR VALUES FROM (0) TO (100);
    CREATE TABLE crm.visits_2 PARTITION OF crm.visits FOR VALUES FROM (100) TO (200);
    INSERT INTO crm.visits SELECT i FROM generate_series(0, 149) i;
    CREATE TABLE big AS SELECT i FROM generate_series(1, 10) i;
    CREATE TABLE held AS SELECT i FROM generate_series(1, 10) i;
    CREATE TABLE denied AS SELECT i FROM generate_series(1, 10) i;
    GRANT USAGE ON SCHEMA crm TO app; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO app; GRANT SELECT ON big, held TO app;
    UPDATE pg_class SET reltuples = 3000000, relpages = 40000 WHERE relname = 'big'`)
  const modules = {
    leads: { tables: ['crm.leads'] },
    visits: { tables: ['visits'] },
    big: { tables: ['big', 'leads'] },
    held: { tables: ['held', 'leads'] },
    denied: { tables: ['denied'] },
    gone: { tables: ['gone'] },
  }
  const shop = { address: addressFor('app', { database: counted.name }), password: { env: 'SHOP_PASSWORD' }, modules } // prettier-ignore
  await writeFile(join(directory, 'holdfast.json'), JSON.stringify({ version: 1, sources: { shop } }))
  const env = { SHOP_PASSWORD: 'hunter22' }
  await using blocker = await open(counted.url)
  await blocker.query('BEGIN; LOCK TABLE public.held IN ACCESS EXCLUSIVE MODE')
  const found = json<{ modules: (Counted & { name: string; tables: Counted[] })[] }>(['source', 'count', 'shop'], { env }) // prettier-ignore
  assert.deepEqual(
    found.modules.map(({ name, rows, how, tables }) => [name, rows, how, tables.length]),
    [
      ['leads', 5000, 'exact', 1],
      ['visits', 150, 'exact', 2],
      ['big', 3_005_000, 'estimate', 2],
      ['held', 5000, 'unknown', 2],
      ['denied', null, 'unknown', 1],
      ['gone', 0, 'exact', 0],
    ],
  )
  assert.match(run(['source', 'count', 'shop'], env).stdout, /big +2 tables +about 3,005,000/)
})
