import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checksOf, failedChecks } from '../../src/cli/source-checks.ts'
import { HoldfastError } from '../../src/lib/errors.ts'
import { makeAddress, type TlsMode } from '../../src/postgres/address.ts'
import type { ServerFacts, SourceFacts } from '../../src/snapshot/examine.ts'

const at = (host: string, mode: TlsMode) =>
  makeAddress({ host, port: 5432, database: 'shop', user: 'app', password: undefined, tls: { mode } })

const server: ServerFacts = {
  version: '17.1',
  role: 'app',
  superuser: false,
  replication: false,
  bypassesRowSecurity: true,
  readsAllData: true,
  readsPasswordHashes: true,
  tls: 'TLSv1.3',
  standby: false,
  standbyFeedback: false,
  walLevel: 'replica',
  bytes: 1_240_000_000,
  connectionLimit: null,
  extensions: [{ name: 'plpgsql', version: '1.0' }],
}

const facts: SourceFacts = {
  address: at('db', 'verify-full'),
  major: 17,
  server,
  clockAheadMs: 400,
  tables: { all: 3, held: 3, unlogged: [], locksHint: null },
  largest: { table: 'public.orders', bytes: 800_000_000 },
  unreadableSequences: [],
  largeObjects: { all: 0, unreadable: 0 },
  gaps: [],
  refusals: [],
}

/** What is told under a name, where the facts are so. */
function told(
  name: string,
  changed: Partial<SourceFacts> = {},
  ofServer: Partial<ServerFacts> = {},
): string[] {
  return checksOf({ ...facts, ...changed, server: { ...server, ...ofServer } })
    .filter((check) => check.name === name)
    .map(({ result, text }) => `${result}: ${text}`)
}

test('a source that is as it should be has nothing but good lines', () => {
  const checks = checksOf(facts)
  assert.deepEqual(
    checks.filter(({ result }) => result !== 'good'),
    [],
  )
  assert.deepEqual(told('size'), [
    'good: 1.2 GB with indexes in 3 tables, the largest public.orders with 800 MB',
  ])
  assert.deepEqual(told('role'), ['good: app has pg_read_all_data, BYPASSRLS'])
  assert.deepEqual(told('clock'), ["good: within 1 s of this machine's"])
})

test('what is worth knowing is a note, and does not keep a backup from being made', () => {
  const cases: readonly [string, string, Partial<SourceFacts>, Partial<ServerFacts>?][] = [
    ['encrypted', 'note: no: whoever is on the way can read along', {}, { tls: null }],
    [
      'encrypted',
      'good: not needed: the connection stays on this machine',
      { address: at('/tmp', 'prefer') },
      { tls: null },
    ],
    [
      'encrypted',
      'note: by TLSv1.3; that this is the server is not certain',
      { address: at('db', 'require') },
    ],
    [
      'encrypted',
      'note: by TLSv1.3; that this is the server is not quite certain',
      { address: at('db', 'verify-ca') },
    ],
    ['encrypted', 'good: by TLSv1.3; it is certain that this is the server', {}],
    [
      'connections',
      'note: the role or database may have 3 at once; a backup takes --jobs and up to four more',
      {},
      { connectionLimit: 3 },
    ],
    ['server', 'note: a standby', {}, { standby: true }],
    ['server', 'good: a standby', {}, { standby: true, standbyFeedback: true }],
    [
      'server',
      'note: a standby; it does not have the rows of unlogged tables: public.u',
      { tables: { all: 3, held: 3, unlogged: ['public.u'], locksHint: null } },
      { standby: true, standbyFeedback: true },
    ],
    ['role', 'note: app has superuser, BYPASSRLS, REPLICATION', {}, { superuser: true, replication: true }],
    [
      'role',
      'good: app has no special rights; it can not read password hashes, which will be left out',
      {},
      { readsAllData: false, bypassesRowSecurity: false, readsPasswordHashes: false },
    ],
    [
      'sequences',
      'note: the values of a.s can not be read, and will be left out',
      { unreadableSequences: ['a.s'] },
    ],
    ['sequences', 'unknown: could not be asked for', { unreadableSequences: null }],
    [
      'large objects',
      'note: of 1,200 large objects, 7 can not be read, and will be left out',
      { largeObjects: { all: 1200, unreadable: 7 } },
    ],
    [
      'gap',
      'note: not in the backup: subscription s. Only a superuser may read subscriptions',
      { gaps: [{ what: 'subscription s', why: 'Only a superuser may read subscriptions.' }] },
    ],
    ['clock', "note: the server's is 61 s behind this machine's", { clockAheadMs: -61_200 }],
    ['clock', "note: the server's is 6 s ahead of this machine's", { clockAheadMs: 6_000 }],
    [
      'rows',
      'good: all of 2 tables, of 3, in scope can be read',
      { tables: { all: 3, held: 2, unlogged: [], locksHint: null } },
    ],
    [
      'locks',
      'note: A backup of 9 tables locks each of them',
      { tables: { all: 3, held: 3, unlogged: [], locksHint: 'A backup of 9 tables locks each of them.' } },
    ],
    ['size', 'good: 1.2 GB with indexes in 3 tables', { largest: null }],
  ]
  for (const [name, expected, changed, ofServer] of cases) {
    assert.deepEqual(told(name, changed, ofServer), [expected])
    assert.ok(
      checksOf({ ...facts, ...changed, server: { ...server, ...ofServer } }).every(
        ({ result }) => result !== 'bad',
      ),
    )
  }
})

test('a server that is too old or too new, and everything that would fail a backup, is a problem with its code', () => {
  for (const [major, far] of [
    [14, 'older'],
    [19, 'newer'],
  ] as const) {
    const bad = checksOf({ ...facts, major, server: { ...server, version: `${major}.2` } }).filter(
      ({ result }) => result === 'bad',
    )
    assert.deepEqual(
      bad.map(({ name, text, code }) => [name, text, code]),
      [['version', `Postgres ${major}.2 is ${far} than what is supported`, 'source_unsupported']],
    )
  }
  const refusals = [
    new HoldfastError('source_denied', 'Role app may not read 1 table: a.b.', { hint: 'Run GRANT.' }),
    new HoldfastError('source_row_security', 'Row level security would hide rows.'),
  ]
  const bad = checksOf({ ...facts, refusals }).filter(({ result }) => result === 'bad')
  assert.deepEqual(
    bad.map(({ name, code }) => [name, code]),
    [
      ['rows', 'source_denied'],
      ['row security', 'source_row_security'],
    ],
  )
  assert.deepEqual(told('rows', { refusals }), ['bad: Role app may not read 1 table: a.b'])
})

test('of a source without a session it is told how far it got', () => {
  const known = (error: HoldfastError): string[] =>
    failedChecks(at('db', 'prefer'), error).map(({ name, result }) => `${name} ${result}`)
  const refused = (code: 'connection_failed' | 'login_failed' | 'database_missing', details = {}): string[] =>
    known(new HoldfastError(code, 'No.', { details }))
  assert.deepEqual(refused('connection_failed'), ['reachable bad', 'rest unknown'])
  assert.deepEqual(refused('connection_failed', { sqlstate: '53300' }), [
    'reachable good',
    'server bad',
    'rest unknown',
  ])
  assert.deepEqual(refused('login_failed'), ['reachable good', 'login bad', 'rest unknown'])
  assert.deepEqual(refused('database_missing', { sqlstate: '3D000' }), [
    'reachable good',
    'login good',
    'database bad',
    'rest unknown',
  ])
})
