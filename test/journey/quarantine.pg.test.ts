import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { inspectQuarantine, releaseQuarantine } from '../../src/restore/quarantine/release.ts'
import { quarantinedLabel } from '../../src/restore/quarantine/record.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { addressOf } from '../support/address.ts'
import {
  besideUrl,
  failure,
  newRepository,
  requireSame,
  stateOf,
  type JourneyRepository,
} from '../support/journey.ts'
import { queryAt, testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'

let server: TestServer
let repository: JourneyRepository
let source: TestDatabase
/** What foreign tables of the source read. */
let other: TestDatabase
/** A restore without quarantine. */
let plain: TestDatabase
/** How often somebody has called a listener that the source has a foreign server for. */
let calls = 0
const listener = createServer((socket) => {
  calls++
  socket.on('error', () => undefined).destroy()
})

/** pg_cron is not among the embedded server's extensions: a table as it makes it stands in for it. */
const cron = `CREATE SCHEMA cron; CREATE TABLE cron.job (jobid bigint PRIMARY KEY, schedule text NOT NULL, command text NOT NULL,
    database text NOT NULL, username text NOT NULL, active boolean NOT NULL DEFAULT true, jobname text);
  INSERT INTO cron.job SELECT i, '* * * * *', 'SELECT ' || i, 'shop', 'postgres', i % 3 <> 0, 'job ' || i FROM generate_series(1, 9) i`

/** What Supabase has for webhooks, and a function as people write them for pg_net. */
const webhooks = `CREATE SCHEMA net; CREATE FUNCTION net.http_post(url text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
  CREATE SCHEMA supabase_functions; CREATE TABLE supabase_functions.called (at timestamptz DEFAULT now());
  CREATE FUNCTION supabase_functions.http_request() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO supabase_functions.called DEFAULT VALUES; RETURN new; END $$;
  CREATE FUNCTION public."tell ä"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM net.http_post('http://example.com'); RETURN new; END $$;
  CREATE FUNCTION public.says(url text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SELECT net.http_post($1)' USING url; END $$;
  CREATE PROCEDURE public."Passes on"(url text) LANGUAGE plpgsql AS $$ BEGIN PERFORM public.says(url); END $$;
  CREATE FUNCTION public.far() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN CALL "Passes on"('http://example.com'); RETURN new; END $$;
  CREATE FUNCTION public.quiet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
  CREATE TABLE public."Orders ""x""" (id int PRIMARY KEY);
  CREATE TRIGGER "hook ON it" AFTER INSERT OR UPDATE OF id ON public."Orders ""x""" FOR EACH ROW
    EXECUTE FUNCTION supabase_functions.http_request('https://example.com', 'POST', '{}', '{}', '1000');
  CREATE TRIGGER tells AFTER INSERT ON public."Orders ""x""" FOR EACH ROW EXECUTE FUNCTION public."tell ä"();
  CREATE TRIGGER never AFTER INSERT ON public."Orders ""x""" FOR EACH ROW EXECUTE FUNCTION public."tell ä"();
  CREATE TRIGGER far AFTER INSERT ON public."Orders ""x""" FOR EACH ROW EXECUTE FUNCTION public.far();
  CREATE TRIGGER own AFTER INSERT ON public."Orders ""x""" FOR EACH ROW EXECUTE FUNCTION public.quiet();
  ALTER TABLE public."Orders ""x""" DISABLE TRIGGER never; ALTER TABLE public."Orders ""x""" ENABLE ALWAYS TRIGGER tells;
  CREATE TABLE parts (id int) PARTITION BY LIST (id); CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1);
  CREATE TABLE part2 PARTITION OF parts FOR VALUES IN (2); CREATE TABLE part3 PARTITION OF parts FOR VALUES IN (3);
  CREATE TRIGGER parted AFTER INSERT ON parts FOR EACH ROW EXECUTE FUNCTION public."tell ä"();
  ALTER TABLE part2 DISABLE TRIGGER parted; ALTER TABLE part3 ENABLE REPLICA TRIGGER parted;
  CREATE VIEW seen AS SELECT id FROM public."Orders ""x""";
  CREATE TRIGGER through INSTEAD OF INSERT ON seen FOR EACH ROW EXECUTE FUNCTION public."tell ä"()`

const triggers = `CREATE TABLE public.logins (at timestamptz DEFAULT now());
  CREATE FUNCTION public.at_login() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.logins DEFAULT VALUES; END $$;
  CREATE FUNCTION public.forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no changes here'; END $$;
  CREATE EVENT TRIGGER "at login" ON login EXECUTE FUNCTION public.at_login(); ALTER EVENT TRIGGER "at login" ENABLE ALWAYS;
  CREATE EVENT TRIGGER idle ON sql_drop EXECUTE FUNCTION public.forbid(); ALTER EVENT TRIGGER idle DISABLE;
  CREATE EVENT TRIGGER forbids ON ddl_command_end EXECUTE FUNCTION public.forbid()`

before(async () => {
  server = await testServer(17)
  repository = await newRepository(openMemoryStorage())
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  other = await server.database()
  await other.query('CREATE TABLE goods (id int); INSERT INTO goods VALUES (7)')
  source = await server.database()
  const { port } = listener.address() as AddressInfo
  await source.query(`${cron}; ${webhooks};
    CREATE EXTENSION postgres_fdw; CREATE EXTENSION file_fdw;
    CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname '${other.name}', host '127.0.0.1', port '${server.port}');
    CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'postgres', password '${server.password}');
    CREATE FOREIGN TABLE goods (id int) SERVER far;
    CREATE SERVER "listens )" FOREIGN DATA WRAPPER postgres_fdw OPTIONS (hostaddr '127.0.0.1', port '${port}', application_name 'it''s (host ''x'')');
    CREATE USER MAPPING FOR postgres SERVER "listens )" OPTIONS (password 'x');
    CREATE FOREIGN TABLE called (id int) SERVER "listens )";
    CREATE SERVER files FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE lines (line text) SERVER files OPTIONS (filename '/etc/hostname');
    CREATE MATERIALIZED VIEW copied AS SELECT id FROM goods; CREATE MATERIALIZED VIEW again AS SELECT id FROM copied;
    CREATE MATERIALIZED VIEW near AS SELECT 1 AS one; CREATE UNIQUE INDEX ON copied (id);
    CREATE PUBLICATION part FOR TABLE parts WITH (publish = 'insert, delete'); CREATE PUBLICATION everything FOR ALL TABLES;
    CREATE PUBLICATION silent WITH (publish = '');
    CREATE SUBSCRIPTION sub CONNECTION 'host=192.0.2.1' PUBLICATION p WITH (connect = false, slot_name = NONE)`)
  await source.query(triggers)
  await repository.backUp(source.url, { proof: 'full' })
  plain = await server.database()
  await repository.restoreTo(plain.url)
})

after(() => {
  listener.close()
})

const labels = async (url: string): Promise<string[]> =>
  (await inspectQuarantine(addressOf(url))).map(quarantinedLabel)

const off = [
  'foreign data wrapper file_fdw',
  'foreign server far',
  'foreign server listens )',
  'materialized view public.again',
  'materialized view public.copied',
  'publication everything',
  'publication part',
  'subscription sub',
  'webhook public.Orders "x" far',
  'webhook public.Orders "x" hook ON it',
  'webhook public.Orders "x" tells',
  'webhook public.part1 parted',
  'webhook public.part3 parted',
  'webhook public.parts parted',
  ...[1, 2, 4, 5, 7, 8].map((id) => `cron job ${id}`),
  'event trigger at login',
  'event trigger forbids',
]

/** As the server itself says it, with what pg_dump does not write. Logins are counted by the trigger under test. */
async function everything(url: string): Promise<unknown> {
  const { tables, ...rest } = await stateOf(url)
  const { 'public.logins': _counted, ...others } = tables
  const handlers = await queryAt(
    url,
    'SELECT fdwname, fdwhandler::regproc::text FROM pg_foreign_data_wrapper ORDER BY 1',
  )
  return { ...rest, tables: others, handlers }
}

test('in a quarantined copy nothing works by itself, and a release puts it all back as it was', async () => {
  await using made = await freshDatabase()
  await server.query(`DROP DATABASE ${made.name}`)
  const copy = made.url
  const plan = await repository.planTo(copy, { createDatabase: true, quarantine: true })
  assert.deepEqual(plan.problems, [])
  assert.ok(plan.warnings.some((w) => /trigger public\.seen through .* stays on/.test(w)))
  assert.deepEqual([...new Set(plan.quarantine.map((i) => i.kind))].sort(), [
    ...new Set((await kindsOf(off)).sort()),
  ])
  calls = 0
  const report = await repository.restoreTo(copy, { createDatabase: true, quarantine: true })
  assert.deepEqual(report.quarantined.map(quarantinedLabel), off)
  assert.deepEqual(await labels(copy), off)
  assert.equal(report.tables.find((t) => t.schema === 'cron')?.compared, 'hashed')

  const query = (sql: string) => queryAt(copy, sql)
  assert.deepEqual(await query('SELECT FROM cron.job WHERE active'), [])
  assert.deepEqual(await query(`SELECT FROM pg_event_trigger WHERE evtenabled <> 'D'`), [])
  const logins = await query('SELECT at FROM public.logins')
  assert.deepEqual(await query('SELECT at FROM public.logins'), logins)
  await query(`INSERT INTO public."Orders ""x""" VALUES (1); INSERT INTO parts VALUES (1), (2), (3)`)
  assert.deepEqual(await query('SELECT FROM supabase_functions.called'), [])
  await query('DELETE FROM public."Orders ""x"""; DELETE FROM parts')
  assert.deepEqual(
    await query(`SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D' ORDER BY 1`),
    [{ tgname: 'own' }, { tgname: 'through' }],
  )
  for (const table of ['goods', 'called']) {
    await assert.rejects(query(`SELECT id FROM ${table}`), /could not connect to server/)
  }
  await assert.rejects(query('SELECT line FROM lines'), /has no handler/)
  assert.equal(calls, 0)
  assert.deepEqual(
    await query(
      `SELECT pubname FROM pg_publication WHERE pubinsert OR pubupdate OR pubdelete OR pubtruncate`,
    ),
    [],
  )
  assert.deepEqual(await query('SELECT matviewname FROM pg_matviews WHERE ispopulated'), [
    { matviewname: 'near' },
  ])

  const released = await releaseQuarantine(addressOf(copy))
  assert.deepEqual(released.kept, [])
  assert.deepEqual(released.gone, [])
  assert.equal(released.released.length, off.length)
  assert.deepEqual(await query('SELECT id FROM goods'), [{ id: 7 }])
  await assert.rejects(query('SELECT id FROM called'))
  assert.equal(calls > 0, true)
  assert.deepEqual(await everything(copy), await everything(plain.url))
  await failure(inspectQuarantine(addressOf(copy)), 'nothing_quarantined')
  await failure(releaseQuarantine(addressOf(copy)), 'nothing_quarantined')
})

test('no job of pg_cron can be seen active while a quarantined copy is made', async () => {
  await using target = await freshDatabase()
  // The log tells what others could see, and when.
  await target.query(`SELECT pg_create_logical_replication_slot('quarantine_log', 'test_decoding')`)
  await repository.restoreTo(target.url, { quarantine: true })
  const changes = await target.query(
    `SELECT xid::text, data FROM pg_logical_slot_get_changes('quarantine_log', NULL, NULL) WHERE data LIKE 'table cron.job: %'`,
  )
  await target.query(`SELECT pg_drop_replication_slot('quarantine_log')`)
  const active = new Set<string>()
  const seen = new Map<unknown, string[]>()
  for (const { xid, data } of changes) seen.set(xid, [...(seen.get(xid) ?? []), String(data)])
  for (const transaction of seen.values()) {
    for (const change of transaction) {
      const job = /jobid\[bigint\]:(\d+)/.exec(change)?.[1] ?? ''
      if (change.includes('active[boolean]:true')) active.add(job)
      else active.delete(job)
    }
    assert.deepEqual([...active], [], 'after a transaction')
  }
  assert.equal(changes.length, 9 + 6)
})

test('a backup of a quarantined database restores as one, in quarantine or not, and is released as the first would be', async () => {
  await using quiet = await freshDatabase()
  await repository.restoreTo(quiet.url, { quarantine: true })
  const state = await everything(quiet.url)
  const nested = await newRepository(openMemoryStorage())
  await nested.backUp(quiet.url, { proof: 'full' })
  for (const quarantine of [false, true]) {
    await using copy = await freshDatabase()
    await nested.restoreTo(copy.url, { quarantine })
    assert.deepEqual(await labels(copy.url), off)
    if (!quarantine) requireSame(await stateOf(copy.url), await stateOf(quiet.url), 'the copy')
    await releaseQuarantine(addressOf(copy.url))
    assert.deepEqual(await everything(copy.url), await everything(plain.url))
  }
  assert.deepEqual(await everything(quiet.url), state)
})

test('a quarantined restore that fails leaves the target as it was', async () => {
  await using target = await freshDatabase()
  const was = await stateOf(target.url)
  const stop = new AbortController()
  const onProgress = ({ phase }: { phase: string }): void => {
    if (phase.startsWith('setting') || phase.startsWith('building')) stop.abort()
  }
  await failure(
    repository.restoreTo(target.url, { quarantine: true, signal: stop.signal, onProgress }),
    'cancelled',
  )
  requireSame(await stateOf(target.url), was, 'the target')
})

test('who may not switch something on is told which and why; the rest is released, and another finishes it', async () => {
  await using copy = await freshDatabase()
  await repository.restoreTo(copy.url, { quarantine: true })
  await server.query(`CREATE ROLE releases LOGIN PASSWORD 'x'`)
  await copy.query(`GRANT ALL ON SCHEMA holdfast_quarantine TO releases; GRANT ALL ON holdfast_quarantine.held TO releases;
    ALTER TABLE holdfast_quarantine.held OWNER TO releases; ALTER SCHEMA holdfast_quarantine OWNER TO releases;
    GRANT ALL ON SCHEMA cron, public TO releases; GRANT ALL ON cron.job TO releases; DELETE FROM cron.job WHERE jobid = 1; ALTER SERVER far OWNER TO releases;
    DROP PUBLICATION part`)
  const report = await releaseQuarantine(addressOf(copy.urlFor('releases', 'x')))
  assert.deepEqual(report.gone.map(quarantinedLabel), ['publication part', 'cron job 1'])
  const done = report.released.map(quarantinedLabel)
  assert.ok(done.includes('foreign server far') && done.includes('cron job 8'), JSON.stringify(report.kept))
  assert.ok(report.kept.some(({ what, why }) => what.kind === 'event trigger' && /must be owner/.test(why)))
  assert.deepEqual(
    await labels(copy.url),
    report.kept.map(({ what }) => quarantinedLabel(what)),
  )
  const rest = await releaseQuarantine(addressOf(copy.url))
  assert.deepEqual(rest.kept, [])
  await failure(inspectQuarantine(addressOf(copy.url)), 'nothing_quarantined')
  await copy.query('SET event_triggers = off; DROP OWNED BY releases CASCADE')
  await server.query('DROP ROLE releases')
})

for (const major of [15, 16, 18] as const)
  test(`a quarantined copy on Postgres ${major} is released to what it would have been without`, async () => {
    const own = await testServer(major)
    const journey = await newRepository(openMemoryStorage())
    // Names are taken byte for byte in whatever encoding.
    const clauses = major === 16 ? `ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0` : ''
    await using from = await own.database({ clauses })
    await from.query(`${cron}; ${webhooks}; CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
      CREATE PUBLICATION "é ""p" FOR TABLE parts WITH (publish = 'delete'); CREATE SERVER near FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'x');
      CREATE FUNCTION nothing() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
      CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION nothing(); ALTER EVENT TRIGGER e ENABLE REPLICA`)
    await journey.backUp(from.url)
    await using copy = await own.database({ clauses })
    const { quarantined } = await journey.restoreTo(copy.url, { quarantine: true })
    assert.equal(quarantined.length, 6 + 6 + 2 + 1 + 1)
    assert.ok(quarantined.some(({ name }) => name === 'é "p'))
    assert.deepEqual(
      await copy.query(`SELECT FROM pg_trigger WHERE tgname = 'parted' AND tgenabled <> 'D'`),
      [],
    )
    assert.deepEqual((await releaseQuarantine(addressOf(copy.url))).kept, [])
    requireSame(await stateOf(copy.url), await stateOf(from.url), 'the released copy')
  })

test('jobs that come as rows of an extension are off, too', async () => {
  const configured = `CREATE EXTENSION citext; ${cron}; TRUNCATE cron.job; ALTER EXTENSION citext ADD SCHEMA cron; ALTER EXTENSION citext ADD TABLE cron.job;
    UPDATE pg_extension SET extconfig = ARRAY['cron.job'::regclass::oid], extcondition = ARRAY[''] WHERE extname = 'citext'`
  const extended = await newRepository(openMemoryStorage())
  await using from = await server.database()
  await from.query(
    `${configured}; INSERT INTO cron.job VALUES (1, '* * * * *', 'SELECT 1', 'shop', 'postgres')`,
  )
  await extended.backUp(from.url)
  await using copy = await server.database()
  await copy.query(configured)
  await extended.restoreTo(copy.url, { quarantine: true })
  assert.deepEqual(await labels(copy.url), ['cron job 1'])
  assert.deepEqual(await copy.query('SELECT active FROM cron.job'), [{ active: false }])
  await releaseQuarantine(addressOf(copy.url))
  requireSame(await stateOf(copy.url), await stateOf(from.url), 'the released copy')
})

test('who is no superuser restores in quarantine for other owners, and what is not its own it can not release', async () => {
  await server.query(
    `CREATE ROLE quiet_maker LOGIN CREATEDB CREATEROLE PASSWORD 'x'; SET ROLE quiet_maker; CREATE ROLE quiet_owner`,
  )
  const owned = await newRepository(openMemoryStorage())
  await using from = await server.database({ clauses: 'OWNER quiet_owner' })
  await from.query(`SET ROLE quiet_owner; CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY);
    CREATE FUNCTION s.tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM net.http_get('x'); RETURN new; END $$;
    CREATE TRIGGER tells AFTER INSERT ON s.t FOR EACH ROW EXECUTE FUNCTION s.tell(); CREATE PUBLICATION p FOR TABLE s.t`)
  await owned.backUp(from.url)
  const url = new URL(besideUrl(server.url(), 'quiet_for_owner'))
  url.username = 'quiet_maker'
  url.password = 'x'
  await owned.restoreTo(url.href, { createDatabase: true, quarantine: true })
  assert.deepEqual(await labels(url.href), ['publication p', 'webhook s.t tells'])
  const { kept } = await releaseQuarantine(addressOf(url.href))
  assert.deepEqual(
    kept.map(({ why }) => why),
    ['must be owner of publication p', 'permission denied for schema s'],
  )
  const copy = besideUrl(server.url(), 'quiet_for_owner')
  assert.deepEqual((await releaseQuarantine(addressOf(copy))).kept, [])
  requireSame(await stateOf(copy), await stateOf(from.url), 'the released copy')
  await server.query('DROP DATABASE quiet_for_owner WITH (FORCE)')
  await from.drop()
  await server.query('DROP ROLE quiet_owner; DROP ROLE quiet_maker')
})

test('what only a superuser can keep quiet is a problem of the plan for anybody else', async () => {
  await server.query(`CREATE ROLE restores_quietly LOGIN CREATEDB PASSWORD 'x'`)
  const url = new URL(besideUrl(server.url(), 'quiet_for_others'))
  url.username = 'restores_quietly'
  url.password = 'x'
  const problems = async (quarantine: boolean): Promise<string[]> =>
    (await repository.planTo(url.href, { createDatabase: true, noOwner: true, quarantine })).problems.map(
      (p) => p.message,
    )
  assert.ok(
    (await problems(true)).some((p) =>
      /keep the foreign server files from being called.*--no-quarantine/.test(p),
    ),
  )
  assert.ok(!(await problems(false)).some((p) => /no-quarantine/.test(p)))
  await server.query('DROP ROLE restores_quietly')
})

function kindsOf(names: readonly string[]): Promise<string[]> {
  const kinds = ['foreign data wrapper', 'foreign server', 'materialized view', 'cron job', 'event trigger']
  return Promise.resolve(names.map((n) => kinds.find((k) => n.startsWith(k)) ?? n.replace(/ .*/s, '')))
}

/** A new database. Its event triggers would forbid the removal of its subscription. */
async function freshDatabase(): Promise<TestDatabase> {
  const made = await server.database()
  return {
    ...made,
    async [Symbol.asyncDispose]() {
      await made.query('SET event_triggers = off; DROP EVENT TRIGGER IF EXISTS forbids')
      await made.drop()
    },
  }
}
