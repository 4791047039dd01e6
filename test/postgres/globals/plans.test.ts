import assert from 'node:assert/strict'
import { test } from 'node:test'
import { neededRoles } from '../../../src/postgres/globals/needed-roles.ts'
import { fallbackLocales, planDatabase } from '../../../src/postgres/globals/plan-database.ts'
import { planRoles } from '../../../src/postgres/globals/plan-roles.ts'
import type { CurrentRole, RoleTarget } from '../../../src/postgres/globals/role-target.ts'
import { settingClause, splitNameList } from '../../../src/postgres/globals/settings.ts'
import type {
  DatabaseProperties,
  RoleDefinition,
  RoleMembership,
} from '../../../src/postgres/globals/types.ts'

const role = (name: string, more: Partial<RoleDefinition> = {}): RoleDefinition => ({
  name,
  bootstrap: false,
  superuser: false,
  inherit: true,
  createRole: false,
  createDatabase: false,
  login: false,
  replication: false,
  bypassRls: false,
  connectionLimit: -1,
  validUntil: null,
  password: null,
  comment: null,
  settings: [],
  databaseSettings: [],
  memberOf: [],
  parameters: [],
  securityLabels: [],
  ...more,
})

const member = (of: string, more: Partial<RoleMembership> = {}): RoleMembership => ({
  role: of,
  grantor: 'postgres',
  admin: false,
  inherit: true,
  set: true,
  ...more,
})

const postgres = role('postgres', { bootstrap: true, superuser: true, login: true })

const target = (
  current: Partial<CurrentRole> = { superuser: true },
  more: Partial<RoleTarget> & { existing?: RoleDefinition[] } = {},
): RoleTarget => ({
  major: 18,
  database: 'd',
  roles: new Map([postgres, ...(more.existing ?? [])].map((r) => [r.name, r])),
  builtIn: new Set(['pg_read_all_data']),
  refusedSettings: new Set(),
  ...more,
  current: {
    name: 'me',
    superuser: false,
    createRole: false,
    createDatabase: false,
    replication: false,
    bypassRls: false,
    mayGrant: new Set(),
    ...current,
  },
})

const properties: DatabaseProperties = {
  name: 'shop',
  owner: 'boss',
  encoding: 'UTF8',
  collate: 'C',
  ctype: 'C',
  localeProvider: 'libc',
  locale: null,
  icuRules: null,
  tablespace: 'pg_default',
  connectionLimit: -1,
  isTemplate: false,
  allowConnections: true,
  comment: null,
  acl: null,
  settings: [],
  securityLabels: [],
}
const databaseTarget = {
  major: 18,
  currentUser: 'me',
  tablespaces: new Set(['pg_default']),
  refusedSettings: new Set<string>(),
}

test('list settings are given back name by name, others as one value', () => {
  assert.equal(
    settingClause('search_path="$user", public, "a""b, c"'),
    `SET "search_path" TO '$user', 'public', 'a"b, c'`,
  )
  assert.equal(settingClause('search_path=""'), `SET "search_path" TO ''`)
  assert.equal(settingClause('DateStyle=ISO, DMY'), `SET "DateStyle" TO 'ISO, DMY'`)
  assert.equal(settingClause("myapp.tenant=a'b=c"), `SET "myapp.tenant" TO 'a''b=c'`)
  assert.deepEqual(splitNameList(''), [])
  assert.deepEqual(splitNameList('  a , "B" '), ['a', 'B'])
})

test('needed roles: the named, their members, and what all of these are members of', () => {
  const roles = [
    role('app'),
    role('login', { memberOf: [member('app'), member('reports'), member('pg_read_all_data')] }),
    role('reports', { memberOf: [member('base')] }),
    role('base'),
    role('reporter', { memberOf: [member('reports')] }),
    role('stranger', { memberOf: [member('pg_read_all_data')] }),
  ]
  const needed = neededRoles({ referenced: ['app', 'pg_read_all_data', 'gone'], roles })
  assert.deepEqual([...needed].toSorted(), ['app', 'base', 'login', 'reports'])
})

test('roles that exist are never altered, and their differences are told', () => {
  const existing = role('a', { login: true, settings: ['work_mem=1MB'] })
  const backup = [role('a', { memberOf: [member('b')], settings: ['work_mem=2MB'] }), role('b')]
  const plan = planRoles({
    backup,
    needed: 'all',
    target: target(undefined, { existing: [existing] }),
    sourceMajor: 18,
  })
  assert.deepEqual(
    plan.create.map((r) => r.name),
    ['b'],
  )
  assert.equal(plan.statements.filter((s) => s.includes('"a"')).length, 0)
  assert.deepEqual(
    plan.differing.map((d) => d.what),
    [
      'has LOGIN here, not in the backup',
      'lacks the setting work_mem=2MB',
      'has the setting work_mem=1MB here only',
      'is not a member of b',
    ],
  )
})

test('grantors have ADMIN before they grant', () => {
  const backup = [
    postgres,
    role('a', { memberOf: [member('g', { grantor: 'b' })] }),
    role('b', { memberOf: [member('g', { grantor: 'c', admin: true })] }),
    role('c', { memberOf: [member('g', { admin: true, inherit: false })] }),
    role('g'),
  ]
  const plan = planRoles({ backup, needed: 'all', target: target(), sourceMajor: 17 })
  assert.deepEqual(
    plan.statements.filter((s) => s.startsWith('GRANT')),
    [
      'GRANT "g" TO "c" WITH ADMIN TRUE, INHERIT FALSE, SET TRUE',
      'GRANT "g" TO "b" WITH ADMIN TRUE, INHERIT TRUE, SET TRUE GRANTED BY "c"',
      'GRANT "g" TO "a" WITH ADMIN FALSE, INHERIT TRUE, SET TRUE GRANTED BY "b"',
    ],
  )
  const before16 = { grantor: 'c', inherit: null, set: null }
  const old = planRoles({
    backup: [role('a', { memberOf: [member('g', { ...before16, admin: true })] }), role('c'), role('g')],
    needed: 'all',
    target: target(),
    sourceMajor: 15,
  })
  assert.deepEqual(
    old.statements.filter((s) => s.startsWith('GRANT')),
    ['GRANT "g" TO "a" WITH ADMIN OPTION'],
  )
})

test('a role without rights gets told what it may not make', () => {
  const backup = [
    role('root', { superuser: true }),
    role('copy', { replication: true }),
    role('plain', {
      memberOf: [member('pg_read_all_data'), member('plain2')],
      settings: ['log_statement=all', 'work_mem=1MB'],
    }),
    role('plain2'),
  ]
  const me = { createRole: true }
  const plan = planRoles({
    backup,
    needed: 'all',
    target: target(me, { refusedSettings: new Set(['log_statement']) }),
    sourceMajor: 18,
  })
  assert.deepEqual(
    plan.notCreatable.map((n) => n.role),
    ['root', 'copy'],
  )
  assert.deepEqual(
    plan.differing.map((d) => d.what),
    [
      'me may not make it a member of pg_read_all_data',
      'the setting log_statement cannot be made here by me',
    ],
  )
  assert.ok(plan.statements.includes(`ALTER ROLE "plain" SET "work_mem" TO '1MB'`))
  const none = planRoles({ backup, needed: 'all', target: target({}), sourceMajor: 18 })
  assert.equal(none.notCreatable.length, 4)
  assert.deepEqual(none.statements, [])
})

test('two grants that become one keep the options of both', () => {
  const backup = [
    role('alice', {
      memberOf: [
        member('g', { admin: true, inherit: false, set: false }),
        member('g', { grantor: 'alice', admin: false, inherit: true, set: true }),
      ],
    }),
    role('g'),
  ]
  const plan = planRoles({ backup, needed: 'all', target: target({ createRole: true }), sourceMajor: 17 })
  assert.deepEqual(
    plan.statements.filter((s) => s.startsWith('GRANT')),
    ['GRANT "g" TO "alice" WITH ADMIN TRUE, INHERIT TRUE, SET TRUE'],
  )
})

test('nothing is planned for roles that are not wanted', () => {
  const plan = planRoles({ backup: [role('a')], needed: 'none', target: target(), sourceMajor: 18 })
  assert.deepEqual([plan.create, plan.statements, plan.databaseStatements, plan.differing], [[], [], [], []])
})

test('a database that not everybody may enter is closed while it is filled', () => {
  const options = { targetName: 'new', target: databaseTarget, noOwner: false, noGrants: false }
  const closed = planDatabase({
    ...options,
    properties: { ...properties, acl: ['boss=CTc/boss', 'app=c/boss'] },
  })
  assert.deepEqual(closed.guard, ['REVOKE ALL ON DATABASE "new" FROM PUBLIC'])
  assert.deepEqual(closed.after, [
    'ALTER DATABASE "new" OWNER TO "boss"',
    'REVOKE ALL ON DATABASE "new" FROM PUBLIC',
    'GRANT CONNECT ON DATABASE "new" TO "app"',
  ])
  const open = planDatabase({ ...options, noOwner: true, properties })
  assert.deepEqual([open.guard, open.after], [[], []])
  const mine = planDatabase({
    ...options,
    noOwner: true,
    properties: { ...properties, acl: ['=T/boss', 'boss=CTc/boss'] },
  })
  assert.deepEqual(mine.after, [
    'REVOKE ALL ON DATABASE "new" FROM PUBLIC',
    'GRANT TEMPORARY ON DATABASE "new" TO PUBLIC',
  ])
})

test('a tablespace or setting that the target lacks is told', () => {
  const plan = planDatabase({
    properties: { ...properties, tablespace: 'fast', settings: ['log_statement=all'] },
    targetName: 'new',
    target: { ...databaseTarget, refusedSettings: new Set(['log_statement']) },
    noOwner: true,
    noGrants: false,
  })
  assert.equal(plan.differing.length, 2)
  assert.doesNotMatch(plan.create, /TABLESPACE/)
})

test('fallbacks keep the order of texts as long as they can', () => {
  const icu = fallbackLocales(
    { ...properties, localeProvider: 'icu', locale: 'de', collate: 'de_DE.utf8' },
    15,
  )
  assert.deepEqual(
    icu.map((p) => [p.localeProvider, p.collate, p.locale]),
    [
      ['icu', 'C.UTF-8', 'de'],
      ['icu', 'C', 'de'],
      ['libc', 'C.UTF-8', null],
      ['libc', 'C', null],
    ],
  )
  const latin = fallbackLocales({ ...properties, encoding: 'LATIN1' }, 18)
  assert.deepEqual(
    latin.map((p) => p.collate),
    ['C'],
  )
})
