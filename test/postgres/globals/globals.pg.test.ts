import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDatabase } from '../../../src/postgres/globals/create-database.ts'
import { readDatabase } from '../../../src/postgres/globals/database.ts'
import { planDatabase } from '../../../src/postgres/globals/plan-database.ts'
import { planRoles, type RolePlan } from '../../../src/postgres/globals/plan-roles.ts'
import { readRoleTarget } from '../../../src/postgres/globals/role-target.ts'
import { readRoles } from '../../../src/postgres/globals/roles.ts'
import type { DatabaseProperties, RoleDefinition } from '../../../src/postgres/globals/types.ts'
import { open, runAll } from '../../support/globals.ts'
import { majors, testServer, type TestServer } from '../../support/postgres.ts'

const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    (error as { code?: unknown }).code === code

const rolesSql = (database: string): string => `
SET password_encryption = 'scram-sha-256';
CREATE ROLE "every attribute" SUPERUSER CREATEDB CREATEROLE LOGIN REPLICATION BYPASSRLS CONNECTION LIMIT 7
  PASSWORD 'pass''word\\' VALID UNTIL '2031-02-03 04:05:06.789012+02';
CREATE ROLE plain;
CREATE ROLE noinherit NOINHERIT LOGIN VALID UNTIL 'infinity';
CREATE ROLE expired LOGIN VALID UNTIL '0044-03-15 12:00:00+00 BC';
CREATE ROLE "Ünï ""Çödé"" 名 😀;--" LOGIN PASSWORD 'x';
SET password_encryption = 'md5';
CREATE ROLE old_hash LOGIN PASSWORD 'y';
COMMENT ON ROLE plain IS 'it''s a\\b
two lines';
GRANT plain TO noinherit;
GRANT plain TO "every attribute" WITH ADMIN OPTION;
GRANT pg_read_all_data TO expired;
GRANT pg_monitor TO plain WITH ADMIN OPTION;
ALTER ROLE plain SET search_path = "$user", public, "a, ""b", '';
ALTER ROLE plain SET work_mem = '12MB';
ALTER ROLE plain SET "myapp.tenant" = 'a=b, ''c''\\';
ALTER ROLE plain SET log_statement = 'all';
ALTER ROLE plain SET role = 'noinherit';
ALTER ROLE plain SET local_preload_libraries = '"a b", c';
ALTER ROLE plain SET timezone = 'UTC';
ALTER ROLE noinherit IN DATABASE ${database} SET search_path = 'x', "Y";
ALTER ROLE noinherit IN DATABASE ${database} SET "other.thing" = '';
ALTER ROLE noinherit IN DATABASE template1 SET work_mem = '1MB';
ALTER ROLE postgres IN DATABASE ${database} SET work_mem = '3MB';
GRANT SET ON PARAMETER log_statement TO plain;
GRANT SET, ALTER SYSTEM ON PARAMETER "myapp.tenant" TO noinherit WITH GRANT OPTION;
SET allow_system_table_mods = on;
INSERT INTO pg_shseclabel (objoid, classoid, provider, label)
  SELECT oid, 'pg_authid'::regclass, 'dummy', 'secret' FROM pg_roles WHERE rolname = 'plain'`

// Grantors that have to be granted ADMIN first, in an order that names do not give.
const grantorsSql = `
CREATE ROLE team; CREATE ROLE a_member; CREATE ROLE m_lead; CREATE ROLE z_chief;
GRANT team TO z_chief WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
GRANT team TO m_lead WITH ADMIN TRUE GRANTED BY z_chief;
GRANT team TO a_member WITH INHERIT FALSE GRANTED BY m_lead;
GRANT team TO a_member WITH SET FALSE GRANTED BY z_chief`

async function planFor(
  a: TestServer,
  b: TestServer,
  from: string,
  to: string,
): Promise<[RoleDefinition[], RolePlan]> {
  await using source = await open(a.url(from))
  await using target = await open(b.url())
  const { roles, gaps } = await readRoles(source)
  assert.deepEqual(gaps, [])
  const settings = roles.flatMap((r) => [...r.settings, ...r.databaseSettings])
  const facts = await readRoleTarget(target, { database: to, settings })
  return [roles, planRoles({ backup: roles, needed: 'all', target: facts, sourceMajor: a.major })]
}

/** The test servers give their superuser another password at every start. */
const comparable = (roles: readonly RoleDefinition[]): RoleDefinition[] =>
  roles.map((role) => (role.bootstrap ? { ...role, password: null } : role))

for (const major of majors) {
  test(`roles come back the same on another server, ${major}`, async () => {
    const [a, b] = await Promise.all([testServer(major), testServer(major, { label: 'other' })])
    await using from = await a.database()
    await using to = await b.database()
    await from.query(rolesSql(from.name))
    if (major >= 16) await from.query(grantorsSql)
    const [roles, plan] = await planFor(a, b, from.name, to.name)
    assert.deepEqual(plan.notCreatable, [])
    assert.deepEqual(
      plan.differing.filter((d) => !d.what.includes('password')),
      [],
    )
    assert.equal(roles.find((r) => r.name === 'expired')?.validUntil, '0044-03-15T12:00:00.000000Z BC')
    assert.match(roles.find((r) => r.name === 'old_hash')?.password ?? '', /^md5/)
    assert.deepEqual(plan.labelStatements, [`SECURITY LABEL FOR "dummy" ON ROLE "plain" IS 'secret'`])

    await using target = await open(b.url(to.name))
    await runAll(target, [...plan.statements, ...plan.databaseStatements])
    const restored = await readRoles(target)
    const expected = comparable(roles).map((role) => ({ ...role, securityLabels: [] }))
    assert.deepEqual(comparable(restored.roles), expected)

    const [, again] = await planFor(a, b, from.name, to.name)
    assert.deepEqual([again.create, again.statements, again.databaseStatements], [[], [], []])
  })
}

test('roles of 15 come to 18', async () => {
  const [a, b] = await Promise.all([testServer(15), testServer(18, { label: 'upgrade' })])
  await using from = await a.database()
  const [roles, plan] = await planFor(a, b, from.name, 'postgres')
  assert.ok(roles.length > 5)
  await using target = await open(b.url())
  await runAll(target, plan.statements)
  const restored = await readRoles(target)
  const memberships = (list: readonly RoleDefinition[]): string[] =>
    list.flatMap((r) => r.memberOf.map((m) => `${r.name} of ${m.role} ${String(m.admin)}`))
  assert.deepEqual(memberships(restored.roles), memberships(roles))
  const noinherit = restored.roles.find((r) => r.name === 'noinherit')
  assert.equal(noinherit?.memberOf[0]?.inherit, false)
})

for (const major of [15, 18] as const) {
  test(`a role without rights reads all but passwords, and restores what it may, ${major}`, async () => {
    const a = await testServer(major)
    await using database = await a.database()
    await database.query(`
      CREATE ROLE reader LOGIN PASSWORD 'p'; CREATE ROLE maker CREATEROLE LOGIN PASSWORD 'p'; CREATE ROLE owned;
      GRANT pg_read_all_data TO reader`)
    try {
      await using reader = await open(database.urlFor('maker', 'p'))
      const { roles, gaps } = await readRoles(reader)
      assert.equal(gaps.length, 1)
      const logins = roles.filter((r) => r.login).length
      assert.ok(logins > 1)
      assert.match(gaps[0]?.why ?? '', new RegExp(`maker .*pg_authid.* ${logins} roles`))
      assert.ok(roles.every((r) => r.password === null))
      // pg_read_all_data reads the passwords too: then there is no gap.
      await using byReader = await open(database.urlFor('reader', 'p'))
      const all = await readRoles(byReader)
      assert.deepEqual(all.gaps, [])
      assert.ok(all.roles.find((r) => r.name === 'maker')?.password)
      await byReader.close()

      const made = [
        {
          ...roles.find((r) => r.name === 'owned'),
          name: 'fresh',
          comment: 'made',
          settings: ['work_mem=1MB', 'log_statement=all', 'no_such_setting=1', 'x.y=1'],
          memberOf: [
            { role: 'pg_read_all_data', grantor: 'postgres', admin: false, inherit: null, set: null },
            { role: 'fresh2', grantor: 'postgres', admin: true, inherit: null, set: null },
          ],
        },
        { ...roles.find((r) => r.name === 'owned'), name: 'fresh2' },
        { ...roles.find((r) => r.name === 'owned'), name: 'root', superuser: true },
      ] as RoleDefinition[]
      const facts = await readRoleTarget(reader, {
        database: database.name,
        settings: made[0]?.settings ?? [],
      })
      const plan = planRoles({ backup: made, needed: 'all', target: facts, sourceMajor: 15 })
      await runAll(reader, plan.statements)
      const differing = plan.differing.map((d) => d.what)
      const setting = (name: string): string => `the setting ${name} cannot be made here by maker`
      assert.deepEqual(differing, [
        ...(major >= 16 ? ['maker may not make it a member of pg_read_all_data'] : []),
        ...['log_statement', 'no_such_setting', 'x.y'].map(setting),
      ])
      assert.deepEqual(
        plan.notCreatable.map((n) => n.role),
        ['root'],
      )
    } finally {
      await a.query('DROP ROLE IF EXISTS fresh, fresh2, reader, owned; DROP ROLE maker')
    }
  })
}

const locales: readonly { readonly since: number; readonly clauses: string }[] = [
  { since: 15, clauses: `ENCODING 'UTF8' LOCALE 'C'` },
  { since: 15, clauses: `ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'POSIX'` },
  { since: 15, clauses: `ENCODING 'LATIN1' LOCALE 'C'` },
  { since: 15, clauses: `ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de-u-co-phonebk' LOCALE 'C'` },
  {
    since: 16,
    clauses: `ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'und' ICU_RULES '&a < ''b'' < Z' LOCALE 'C'`,
  },
  { since: 17, clauses: `ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'` },
  {
    since: 18,
    clauses: `ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST' LOCALE 'C'`,
  },
]

const dressUp = (database: string): string => `
  ALTER DATABASE ${database} OWNER TO "db owner";
  REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
  REVOKE TEMPORARY ON DATABASE ${database} FROM "db owner";
  GRANT CONNECT ON DATABASE ${database} TO "db=u/ser" WITH GRANT OPTION;
  GRANT CREATE, TEMPORARY ON DATABASE ${database} TO "db=u/ser";
  SET ROLE "db=u/ser"; GRANT CONNECT ON DATABASE ${database} TO PUBLIC; RESET ROLE;
  COMMENT ON DATABASE ${database} IS 'a ''comment''';
  ALTER DATABASE ${database} SET search_path = "A", b;
  ALTER DATABASE ${database} SET default_transaction_read_only = on;
  ALTER DATABASE ${database} SET "x.y" = 'z';
  ALTER DATABASE ${database} CONNECTION LIMIT 9;
  ALTER DATABASE ${database} IS_TEMPLATE true`

const sorted = (p: DatabaseProperties): DatabaseProperties => ({
  ...p,
  name: '',
  acl: p.acl?.toSorted() ?? null,
})

for (const major of majors) {
  test(`the database's own properties come back the same, ${major}`, async () => {
    const [a, b] = await Promise.all([testServer(major), testServer(major, { label: 'other' })])
    for (const server of [a, b]) await server.query(`CREATE ROLE "db owner"; CREATE ROLE "db=u/ser"`)
    for (const [index, { since, clauses }] of locales.entries()) {
      if (since > major) continue
      await using from = await a.database({ clauses: `TEMPLATE template0 ${clauses}` })
      if (index % 2 === 0) await a.query(dressUp(from.name))
      await using source = await open(from.url)
      const properties = await readDatabase(source)
      await source.close()

      await using control = await open(b.url())
      const targetName = `copy ${index}"`
      const target = {
        major,
        currentUser: 'postgres',
        tablespaces: new Set(['pg_default']),
        refusedSettings: new Set<string>(),
      }
      const shared = { properties, targetName, target }
      const plan = planDatabase({ ...shared, noOwner: false, noGrants: false })
      const made = await createDatabase({ ...shared, connection: control, allowLocaleFallback: false })
      assert.deepEqual([made.differing, plan.differing], [[], []])
      await runAll(control, [...plan.guard, ...plan.after])
      await using copied = await open(b.url(targetName))
      assert.deepEqual(sorted(await readDatabase(copied)), sorted(properties), clauses)
      await copied.close()
      const again = createDatabase({ ...shared, connection: control, allowLocaleFallback: false })
      await assert.rejects(again, hasCode('target_exists'))
      const quoted = '"' + targetName.replaceAll('"', '""') + '"'
      await control.query(`ALTER DATABASE ${quoted} IS_TEMPLATE false`)
      await control.query(`DROP DATABASE ${quoted}`)
      await a.query(`ALTER DATABASE ${from.name} IS_TEMPLATE false`)
    }
    for (const server of [a, b]) await server.query(`DROP ROLE "db owner"; DROP ROLE "db=u/ser"`)
  })

  test(`a locale that the server lacks is refused, or replaced when asked to, ${major}`, async () => {
    const a = await testServer(major)
    await using database = await a.database()
    await using connection = await open(database.url)
    const real = await readDatabase(connection)
    const lacking: DatabaseProperties[] = [
      { ...real, collate: 'xx_YY.UTF-8', ctype: 'xx_YY.UTF-8', localeProvider: 'libc', locale: null },
      { ...real, collate: 'xx_YY', ctype: 'xx_YY', localeProvider: 'icu', locale: 'de' },
    ]
    for (const [index, properties] of lacking.entries()) {
      const target = {
        major,
        currentUser: 'postgres',
        tablespaces: new Set(['pg_default']),
        refusedSettings: new Set<string>(),
      }
      const shared = { connection, properties, targetName: `fallback_${index}`, target }
      await assert.rejects(createDatabase({ ...shared, allowLocaleFallback: false }), (error) => {
        assert.match(String(error), /xx_YY/)
        return hasCode('target_lacks')(error)
      })
      const { differing } = await createDatabase({ ...shared, allowLocaleFallback: true })
      assert.equal(differing.length, 1)
      assert.match(differing[0] ?? '', index === 0 ? /may differ/ : /order of texts is the same/)
      await connection.query(`DROP DATABASE fallback_${index}`)
    }
  })
}
