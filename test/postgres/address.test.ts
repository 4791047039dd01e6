import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { isHoldfastError } from '../../src/lib/errors.ts'
import {
  describeAddress,
  parseAddress,
  withDatabase,
  type AddressFiles,
  type ServerAddress,
} from '../../src/postgres/address.ts'

type FileTable = Record<string, string | { text: string; mode: number }>

const home = { HOME: '/home/ada' }

function files(table: FileTable = {}, sockets: readonly string[] = []): AddressFiles {
  return {
    readFile(path) {
      const file = table[path]
      if (file === undefined) return undefined
      return typeof file === 'string' ? { text: file, mode: 0o600, uid: 1000 } : { ...file, uid: 1000 }
    },
    exists: (path) => sockets.includes(path),
  }
}

function parse(
  text: string | undefined,
  env: Record<string, string> = {},
  table: FileTable = {},
): ServerAddress {
  return parseAddress(text, { ...home, ...env }, files(table))
}

function refuses(
  text: string,
  message: RegExp,
  env: Record<string, string> = {},
  table: FileTable = {},
): void {
  assert.throws(
    () => parse(text, env, table),
    (error) => isHoldfastError(error, 'usage') && message.test(error.message),
  )
}

describe('URLs', () => {
  test('all parts, decoded', () => {
    const a = parse(
      'postgresql://us%40er:p%3Ass%2Fw%25@db.example:6543/my%20db?sslmode=require&connect_timeout=3',
    )
    assert.deepEqual(
      [a.user, a.password, a.host, a.port, a.database],
      ['us@er', 'p:ss/w%', 'db.example', 6543, 'my db'],
    )
    assert.equal(a.tls?.mode, 'require')
    assert.equal(a.connectTimeoutMs, 3000)
  })
  test('IPv6, sockets in the host and in a parameter, options', () => {
    assert.equal(parse('postgres://u@[::1]:5433/d').host, '::1')
    assert.equal(parse('postgres://u@%2Frun%2Fpg:5433/d').host, '/run/pg')
    const a = parse('postgres:///d?host=/run/pg&port=7&user=x&options=-c%20geqo%3Doff&application_name=a')
    assert.deepEqual(
      [a.host, a.port, a.user, a.options, a.applicationName],
      ['/run/pg', 7, 'x', '-c geqo=off', 'a'],
    )
  })
  test('any user, password and database come back', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 }).filter((value) => !value.includes('\0'))
    fc.assert(
      fc.property(text, text, text, (user, password, database) => {
        const [u, p, d] = [user, password, database].map(encodeURIComponent)
        const a = parse(`postgres://${u}:${p}@h/${d}`)
        assert.deepEqual([a.user, a.password, a.database], [user, password, database])
        const again = parse(describeAddress(a))
        assert.deepEqual([again.user, again.database, again.password], [user, database, undefined])
      }),
    )
  })
  test('what is wrong is named, and never with the password', () => {
    const wrong = [
      'postgres://u:hunter%2@h/d',
      'postgres://u:hunter%zz@h/d',
      'postgres://u:hunter@2@h/d',
      'postgres://u:hunter/2@h/d',
      'postgres://u:5/hunter@h/d',
      'postgres://u:5?hunter@h/d',
      'postgres://u:5?hunter=a@h/d',
      'postgres://u:hunter%00@h/d',
      'postgres://u:hunter@h,i/d',
      'postgres://u:hunter@h:99999/d',
      'postgres://u:hunter@h:x/d',
      'postgres://u:hunter@h/d?nonsense=1',
      'postgres://u:hunter@h/d?sslmode=maybe',
      'host=h password=hunter hunter=x',
      'host=h password=a hunter',
      "host=h password='hunter",
      'hunter',
    ]
    for (const text of wrong) {
      assert.throws(
        () => parse(text),
        (error) =>
          isHoldfastError(error, 'usage') && !`${error.message} ${inspect(error)}`.includes('hunter'),
        text,
      )
    }
    refuses('postgres://h,i/d', /several hosts/)
    refuses('postgres://h/d?nonsense=1', /nonsense/)
    refuses('dbnam=x', /dbnam/)
    refuses('host=h channel_binding=require', /channel_binding is not supported/)
  })
})

describe('key=value', () => {
  test("libpq's quoting", () => {
    const a = parse(String.raw`host = h port=5 dbname='it\'s \\ it' user='' password=a\ b`, { PGUSER: 'env' })
    assert.deepEqual(
      [a.host, a.port, a.database, a.user, a.password],
      ['h', 5, String.raw`it's \ it`, 'env', 'a b'],
    )
  })
  test('any value comes back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.string({ unit: 'binary', minLength: 1 }),
        (p, d) => {
          const quote = (value: string): string => `'${value.replaceAll(/['\\]/g, '\\$&')}'`
          const a = parse(`password=${quote(p)} user=u host=h dbname=${quote(d)}`)
          assert.deepEqual([a.password, a.database], [p, d])
        },
      ),
    )
  })
})

describe('what the address leaves out', () => {
  test('comes from the environment, then from defaults', () => {
    const env = {
      PGHOST: 'e',
      PGPORT: '7',
      PGDATABASE: 'd',
      PGUSER: 'u',
      PGPASSWORD: 'p',
      PGSSLMODE: 'disable',
    }
    const a = parse(undefined, env)
    assert.deepEqual([a.host, a.port, a.database, a.user, a.password], ['e', 7, 'd', 'u', 'p'])
    assert.equal(a.tls?.mode, 'disable')
    const b = parse('user=someone')
    assert.deepEqual([b.host, b.port, b.database, b.tls?.mode], ['localhost', 5432, 'someone', 'prefer'])
    const socket = '/var/run/postgresql/.s.PGSQL.5432'
    assert.equal(parseAddress('user=x', home, files({}, [socket])).host, '/var/run/postgresql')
  })
  test('a service stands between address and environment', () => {
    const table = {
      '/home/ada/.pg_service.conf':
        '# mine\n[other]\nhost=o\n[shop]\nhost=s\nport=9\nuser = ann \n\n[x]\nhost=y',
    }
    const a = parse('service=shop port=8', { PGUSER: 'u', PGDATABASE: 'd' }, table)
    assert.deepEqual([a.host, a.port, a.user, a.database], ['s', 8, 'ann', 'd'])
    assert.equal(parse('postgres://?service=other', { PGUSER: 'u' }, table).host, 'o')
    assert.equal(parse(undefined, { PGSERVICE: 'x', PGSERVICEFILE: '/f' }, { '/f': '[x]\nhost=z' }).host, 'z')
    refuses('service=none', /no service none/, {}, table)
  })
  test('the password file: first line that matches, escapes, wildcards', () => {
    const text = String.raw`# h:*:*:*:no
h:1:d:other:wrong
h:5432:a\:b:u:pass\\w\:ord
*:*:*:u:last
localhost:5432:*:s:socket`
    const table = { '/home/ada/.pgpass': text }
    assert.equal(parse('host=h dbname=a:b user=u', {}, table).password, String.raw`pass\w:ord`)
    assert.equal(parse('host=i dbname=d user=u', {}, table).password, 'last')
    assert.equal(parse('host=/tmp dbname=d user=s', {}, table).password, 'socket')
    assert.equal(parse('host=i dbname=d user=nobody', {}, table).password, undefined)
    assert.equal(parse('host=i user=u password=own', {}, table).password, 'own')
    assert.equal(parse('host=i user=u', { PGPASSFILE: '/p' }, { '/p': '*:*:*:*:x' }).password, 'x')
    refuses('host=h user=u', /others may read/, {}, { '/home/ada/.pgpass': { text, mode: 0o644 } })
  })
  test('certificates', () => {
    const dir = '/home/ada/.postgresql'
    const table = { '/ca': 'CA', '/c': 'CERT', '/k': 'KEY' }
    const a = parse('host=h user=u sslmode=verify-full sslrootcert=/ca sslcert=/c sslkey=/k', {}, table)
    assert.deepEqual([a.tls?.rootCertificate, a.tls?.certificate, a.tls?.key], ['CA', 'CERT', 'KEY'])
    assert.equal(parse('host=h user=u sslrootcert=system').tls?.mode, 'verify-full')
    assert.equal(parse('host=h user=u', {}, { [`${dir}/root.crt`]: 'R' }).tls?.rootCertificate, 'R')
    refuses('host=h user=u sslmode=verify-ca', /root certificate/)
    refuses(
      'host=h user=u sslcert=/c sslkey=/k',
      /others may read/,
      {},
      { ...table, '/k': { text: 'K', mode: 0o644 } },
    )
    refuses('host=h user=u sslrootcert=/missing', /no file \/missing/)
  })
})

test('secrets are in no print, JSON or copy, and withDatabase keeps them', () => {
  const table = { '/c': 'CERT', '/k': 'hunter-key' }
  const a = parse('host=h user=u dbname=d password=hunter sslcert=/c sslkey=/k', {}, table)
  const b = withDatabase(a, 'other')
  for (const address of [a, b]) {
    assert.equal(address.password, 'hunter')
    assert.equal(address.tls?.key, 'hunter-key')
    const shown = [
      inspect(address),
      JSON.stringify(address),
      inspect({ ...address }),
      describeAddress(address),
    ]
    assert.ok(!shown.join().includes('hunter'))
  }
  assert.equal(describeAddress(b), 'postgres://u@h:5432/other')
})
