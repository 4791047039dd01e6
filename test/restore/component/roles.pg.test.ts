import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planComponents } from '../../../src/restore/component/plan.ts'
import { addressOf } from '../../support/address.ts'
import { openMemoryStorage } from '../../../src/storage/memory.ts'
import {
  applyPlanned,
  componentRequest,
  restoreComponents,
  summaryOf,
  undoSchema,
} from '../../support/component.ts'
import { failure, newRepository, requireSame, stateOf } from '../../support/journey.ts'
import { testServer, type TestServer } from '../../support/postgres.ts'

const replace = { create: true, update: true, delete: true }

/** All that the server knows of these roles, verifiers too. */
async function rolesOf(server: TestServer): Promise<string> {
  const rows = await server.query(`
    SELECT r.rolname, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolconnlimit, r.rolpassword, r.rolvaliduntil,
      shobj_description(r.oid, 'pg_authid') AS comment, s.setconfig,
      (SELECT array_agg(m.roleid::regrole || ' ' || m.admin_option ORDER BY 1) FROM pg_auth_members m WHERE m.member = r.oid) AS groups
    FROM pg_authid r LEFT JOIN pg_db_role_setting s ON s.setrole = r.oid WHERE r.rolname ~ '^c_' ORDER BY 1`)
  return JSON.stringify(rows, null, 1)
}

test('missing roles are made with all they have; others are altered only if asked, and none is dropped', async () => {
  const server = await testServer(17, { label: 'roles' })
  await using database = await server.database()
  await database.query(`
    CREATE ROLE c_group; CREATE ROLE c_app LOGIN PASSWORD 'secret' CONNECTION LIMIT 5 VALID UNTIL '2040-01-01' IN ROLE c_group;
    ALTER ROLE c_app SET work_mem = '8MB'; ALTER ROLE c_app IN DATABASE "${database.name}" SET statement_timeout = '5s'; COMMENT ON ROLE c_app IS 'app';
    CREATE ROLE c_other CREATEDB; GRANT c_group TO c_other WITH ADMIN OPTION;
    CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO c_app USING (true);
    GRANT SELECT ON t TO c_other, c_app`)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(database.url)
  const [roles, was] = [await rolesOf(server), await stateOf(database.url)]
  await database.query(`
    DROP OWNED BY c_app; DROP ROLE c_app; ALTER ROLE c_other NOCREATEDB LOGIN PASSWORD 'new'; ALTER ROLE c_other SET work_mem = '1MB';
    REVOKE c_group FROM c_other; CREATE ROLE c_extra`)
  const [damagedRoles, damaged] = [await rolesOf(server), await stateOf(database.url)]

  const alone = await planComponents(
    await componentRequest(repository, database.url, { components: ['policies', 'grants'] }),
  )
  assert.match(
    alone.preview.problems.join(),
    /The role c_app, which policy public\.t p names, does not exist/,
  )

  const first = await restoreComponents(
    await componentRequest(repository, database.url, { components: ['roles', 'policies', 'grants'] }),
  )
  assert.deepEqual(summaryOf(first.planned), [
    'left (changed) role c_other',
    'left (extra) role c_extra',
    'make grants on TABLE public.t',
    'make policy public.t p',
    'make role c_app',
  ])
  requireSame(await stateOf(database.url), was, 'the database')
  assert.equal(JSON.stringify(first.planned.preview).includes('SCRAM'), false)
  const withRole = await rolesOf(server)
  const undone = await undoSchema({ target: addressOf(database.url) }, first.safety)
  assert.equal(await rolesOf(server), damagedRoles)
  requireSame(await stateOf(database.url), damaged, 'the undone')
  const again = await undoSchema({ target: addressOf(database.url) }, undone)
  assert.equal(await rolesOf(server), withRole)
  requireSame(await stateOf(database.url), was, 'the undoing undone')
  await server.query(`ALTER ROLE c_app PASSWORD 'another'`)
  await assert.rejects(undoSchema({ target: addressOf(database.url) }, again), /role c_app has changed since/)
  await server.query('ALTER ROLE c_app PASSWORD NULL')
  await database.query(first.undo)
  assert.equal(await rolesOf(server), damagedRoles)
  requireSame(await stateOf(database.url), damaged, 'what the script leads to')

  const request = await componentRequest(repository, database.url, {
    components: ['roles', 'policies', 'grants'],
    actions: replace,
  })
  const planned = await planComponents(request)
  // The last step can't be done: the roles must not stay.
  await database.query(`
    CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'on purpose'; END $$;
    CREATE EVENT TRIGGER fail ON ddl_command_end WHEN TAG IN ('GRANT') EXECUTE FUNCTION fail()`)
  await failure(applyPlanned({ ...request, planned }), 'restore_failed')
  await database.query('DROP EVENT TRIGGER fail')
  assert.equal(await rolesOf(server), damagedRoles)
  const last = await restoreComponents(request)
  await undoSchema(request, last.safety)
  assert.equal(await rolesOf(server), damagedRoles)
  await restoreComponents(request)
  await database.query('DROP ROLE c_extra')
  const now = JSON.parse(await rolesOf(server)) as Record<string, unknown>[]
  const then = JSON.parse(roles) as Record<string, unknown>[]
  // A password that the role had not in the backup can't be told from one that was not readable: it stays.
  const known = (list: Record<string, unknown>[]): unknown =>
    list.map((r) => (r['rolname'] === 'c_other' ? { ...r, rolpassword: null } : r))
  assert.deepEqual(known(now), known(then))
})

test('into a newer major: what is missing comes back, and texts may differ', async () => {
  const [old, target] = [await testServer(15), await testServer(18)]
  await using source = await old.database()
  await using database = await target.database()
  const table = 'CREATE TABLE t (id int PRIMARY KEY, a text);'
  await old.query('CREATE ROLE m_reader')
  await target.query('CREATE ROLE m_reader')
  await source.query(`${table}
    CREATE VIEW v AS SELECT t.id, t.a FROM t; CREATE VIEW w AS SELECT t.id FROM t JOIN v USING (id);
    CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT $1';
    ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (t.id > 0);
    GRANT ALL ON t TO m_reader; GRANT SELECT ON v TO m_reader`)
  await database.query(`${table} CREATE VIEW v AS SELECT t.id, t.a FROM t`)
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(source.url)
  const { planned } = await restoreComponents(
    await componentRequest(repository, database.url, {
      components: ['views', 'functions', 'policies', 'grants'],
      actions: { ...replace, delete: false },
    }),
  )
  assert.match(planned.preview.warnings.join(), /may differ in words only/)
  const [row] = await database.query(`SELECT has_table_privilege('m_reader', 't', 'DELETE') AS deletes,
    has_table_privilege('m_reader', 't', 'MAINTAIN') AS maintains, has_table_privilege('m_reader', 'v', 'SELECT') AS reads,
    f(2) AS two, (SELECT count(*)::int FROM pg_policy) AS policies, to_regclass('w')::text AS w`)
  assert.deepEqual(row, { deletes: true, maintains: false, reads: true, two: 2, policies: 1, w: 'w' })
})

test('an extension that is gone is made again, and never dropped', async () => {
  const server = await testServer(17)
  await using database = await server.database()
  const [known] = await server.query(
    `SELECT name FROM pg_available_extensions WHERE name IN ('pg_trgm', 'citext', 'hstore', 'amcheck', 'pgcrypto') ORDER BY 1 LIMIT 1`,
  )
  const name = String(known?.['name'])
  const repository = await newRepository(openMemoryStorage())
  await database.query(`CREATE EXTENSION ${name}`)
  await repository.backUp(database.url)
  const was = await stateOf(database.url)
  await database.query(`DROP EXTENSION ${name}`)
  const request = await componentRequest(repository, database.url, {
    components: ['extensions'],
    actions: replace,
  })
  const { planned } = await restoreComponents(request)
  assert.match(planned.preview.changes[0]?.note ?? '', /^in version [\d.]+, the server's own/)
  requireSame(await stateOf(database.url), was, 'the database')
})
