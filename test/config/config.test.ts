import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { findModules, findSource, parseConfig } from '../../src/config/config.ts'
import { configSchema } from '../../src/config/declaration.ts'
import type { HoldfastError } from '../../src/lib/errors.ts'
import { inspectAddress } from '../../src/postgres/address.ts'
import { fits } from './schema-check.ts'

const file = '/etc/shop/holdfast.json'
const parse = (text: string) => parseConfig({ text, file, inspect: inspectAddress })

function refusalOf(text: string): HoldfastError {
  try {
    parse(text)
  } catch (error) {
    return error as HoldfastError
  }
  throw new Error(`It was taken: ${text}`)
}

/** A file with one source, of these members. */
const withShop = (members: object): string =>
  JSON.stringify({ version: 1, sources: { shop: { address: 'service=shop', ...members } } })

/** Rules that a file does not give. */
const nothingKept = Object.fromEntries(
  'hourly daily weekly monthly yearly maxCount verified restores grace'
    .split(' ')
    .map((name) => [name, undefined]),
)

const whole = `{
  "$schema": "holdfast.schema.json",
  "version": 1,
  "repository": "backups",
  "lock": { "for": "30d" },
  "sources": {
    "shop": {
      "address": "postgres://app@db1/shop?sslmode=verify-full",
      "password": { "file": "secrets/shop" },
      "repository": "file:///srv/shop",
      "profile": "postgres",
      "schemas": ["sales"], "tables": ["crm.*"], "excludeTables": ["*.log"], "excludeData": ["*.\\"Audit.Log\\""],
      "proof": "full",
      "modules": { "crm": { "description": "customers", "tables": ["crm.*", "public.leads"] } },
      "drill": { "goal": "15m", "assertions": "drills/" },
      "keep": { "last": 7, "within": "30d", "zone": "Europe/Berlin" },
      "lock": { "for": "8w", "mode": "compliance" }
    },
    "1": { "address": "host=/tmp dbname=one", "password": { "command": ["./get", "x"] } },
    "constructor": { "address": "service=c", "password": { "env": "C_PASSWORD" } }
  }
}`

test('a whole file is read, with its paths from where it is, and fits the schema', () => {
  const config = parse(whole)
  assert.deepEqual([config.file, config.repository], [file, '/etc/shop/backups'])
  assert.deepEqual([...config.sources.keys()], ['shop', '1', 'constructor'])
  assert.deepEqual(findSource(config, 'shop'), {
    name: 'shop',
    directory: '/etc/shop',
    address: 'postgres://app@db1/shop?sslmode=verify-full',
    password: { file: '/etc/shop/secrets/shop' },
    repository: 'file:///srv/shop',
    profile: 'postgres',
    schemas: ['sales'],
    tables: ['crm.*'],
    excludeTables: ['*.log'],
    excludeData: ['*."Audit.Log"'],
    proof: 'full',
    modules: new Map([['crm', { description: 'customers', tables: ['crm.*', 'public.leads'] }]]),
    drill: { goal: '15m', assertions: '/etc/shop/drills' },
    keep: { ...nothingKept, last: 7, within: '30d', zone: 'Europe/Berlin' },
    lock: { for: '8w', mode: 'compliance' },
  })
  assert.deepEqual(config.lock, { for: '30d', mode: undefined })
  assert.deepEqual(findSource(config, '1').password, { command: ['./get', 'x'] })
  assert.deepEqual(findSource(config, 'constructor').modules, new Map())
  assert.deepEqual([...parse('\uFEFF{"version": 1}').sources], [])
  assert.ok(fits(configSchema(), JSON.parse(whole)))
})

test('certificates that an address of object storage names are found from where the file is', () => {
  const repository = (address: string) =>
    parse(JSON.stringify({ version: 1, repository: address })).repository
  assert.equal(repository('s3://b/x?ca=ca.pem&region=r'), 's3://b/x?ca=/etc/shop/ca.pem&region=r')
  assert.equal(repository('s3://b/x?region=r&ca=my%20ca.pem'), 's3://b/x?region=r&ca=/etc/shop/my%20ca.pem')
  for (const whole of [
    's3:/lacks/a/slash',
    's3://b/x?ca=/srv/ca.pem',
    's3://b/x?ca=%2Fsrv%2Fca.pem',
    's3://b/ca=x',
    's3://b',
  ]) {
    assert.equal(repository(whole), whole)
  }
})

const forms = '{"env": "NAME"}, {"file": "PATH"} or {"command": ["PROGRAM", "ARGUMENT"]}'
const literal = `holds a password, it seems. Write where it is instead: ${forms}; or leave it to PGPASSWORD or a password file (.pgpass).`
const inAddress = `holds a password. Leave it out, and write beside it "password": ${forms}.`
const encode = 'The database address is wrong: '

/** Each wrong file: its text, the message behind the file's name, and whether the schema refuses it as well. */
const wrong: readonly [text: string, message: string, bySchema: boolean, code?: 'config_secret'][] = [
  ['[]', 'the file', false],
  ['{}', 'version: is missing.', true],
  ['{"version": 2}', 'version: must be 1.', true],
  ['{"version": "1"}', 'version: must be 1.', true],
  ['{"version": 1, "source": {}}', 'source: is not known here. Did you mean sources?', true],
  [
    '{"version": 1, "plans": {}}',
    'plans: is not known here. Known are $schema, version, repository, lock, sources.',
    true,
  ],
  ['{"version": 1, "repository": 7}', 'repository: must be a text, and is a number.', true],
  ['{"version": 1, "sources": []}', 'sources: must be an object, and is a list.', true],
  [
    '{"version": 1, "sources": {"Shop 1": {"address": "service=s"}}}',
    'sources["Shop 1"]: is no name: it must be lower case letters, digits, "_" and "-", and begin with a letter or a digit.',
    true,
  ],
  ['{"version": 1, "sources": {"shop": null}}', 'sources.shop: must be an object, and is null.', true],
  ['{"version": 1, "sources": {"shop": {}}}', 'sources.shop.address: is missing.', true],
  [
    withShop({ address: 'shop' }),
    `sources.shop.address: ${encode}it is neither a postgres:// URL nor key=value pairs.`,
    false,
  ],
  [withShop({ address: ' ' }), 'sources.shop.address: must be an address, and is empty.', false],
  [
    withShop({ address: 'postgres://app:hunter22@db/shop' }),
    `sources.shop.address: ${inAddress}`,
    false,
    'config_secret',
  ],
  [
    withShop({ address: 'postgres://app@db/shop?password=hunter22' }),
    `sources.shop.address: ${inAddress}`,
    false,
    'config_secret',
  ],
  [
    withShop({ address: "host=db password = 'hunter22'" }),
    `sources.shop.address: ${inAddress}`,
    false,
    'config_secret',
  ],
  [
    withShop({ address: 'postgres://app:hunter22/x@db/shop' }),
    `sources.shop.address: ${encode}there is an "@" behind the "/".`,
    false,
  ],
  [
    withShop({ address: 'postgres://app:hunter22' }),
    `sources.shop.address: ${encode}the port is not a number.`,
    false,
  ],
  [withShop({ password: 'hunter22' }), `sources.shop.password: ${literal}`, true, 'config_secret'],
  [withShop({ password: { value: 'hunter22' } }), `sources.shop.password: ${literal}`, true, 'config_secret'],
  [withShop({ password: ['hunter22'] }), `sources.shop.password: ${literal}`, true, 'config_secret'],
  [withShop({ password: {} }), `sources.shop.password: must be exactly one of ${forms}.`, true],
  [
    withShop({ password: { env: 'A', file: 'b' } }),
    `sources.shop.password: must be exactly one of ${forms}.`,
    true,
  ],
  [withShop({ password: { evn: 'A' } }), `sources.shop.password: must be ${forms}. Did you mean env?`, true],
  [
    withShop({ password: { env: 'hunter-22' } }),
    'sources.shop.password.env: must be the name of an environment variable: letters, digits and "_".',
    true,
  ],
  [
    withShop({ password: { command: 'pass show hunter22' } }),
    'sources.shop.password.command: must be a list of texts, and is a text.',
    true,
  ],
  [
    withShop({ password: { command: [] } }),
    'sources.shop.password.command: must hold at least one text.',
    true,
  ],
  [
    withShop({ repository: 's3://bucket/shop?secret-key=hunter22' }),
    'sources.shop.repository: holds a password. Leave it out of the address: this file is no place for it.',
    false,
    'config_secret',
  ],
  [
    withShop({ repository: 'azblob://backups/shop?sv=2024&sig=hunter22' }),
    'sources.shop.repository: holds a password. Leave it out of the address: this file is no place for it.',
    false,
    'config_secret',
  ],
  [
    withShop({ repository: 's3://key:hunter22@bucket/shop' }),
    'sources.shop.repository: holds a password. Leave it out of the address: this file is no place for it.',
    false,
    'config_secret',
  ],
  [withShop({ profile: 'supabase' }), 'sources.shop.profile: must be "postgres".', true],
  [withShop({ proof: 'ful' }), 'sources.shop.proof: must be one of "counts", "sampled", "full".', true],
  [withShop({ tables: 'crm.*' }), 'sources.shop.tables: must be a list of patterns, and is a text.', true],
  [withShop({ tables: [true] }), 'sources.shop.tables[0]: must be a text, and is true.', true],
  [
    withShop({ exclude: [] }),
    `sources.shop.exclude: is not known here. Known are address, password, repository, profile, schemas, tables, excludeTables, excludeData, proof, modules, drill, keep, lock.`,
    true,
  ],
  [
    withShop({ schemas: ['a.b'] }),
    'sources.shop.schemas[0]: "a.b" is no pattern: write one name; put it in double quotes if it holds a dot.',
    false,
  ],
  [
    withShop({ modules: { crm: { tables: ['a', 'b', 'a.b.c'] } } }),
    'sources.shop.modules.crm.tables[2]: "a.b.c" is no pattern: write table or schema.table.',
    false,
  ],
  [
    withShop({ modules: { crm: { tables: [] } } }),
    'sources.shop.modules.crm.tables: must hold at least one pattern.',
    true,
  ],
  [withShop({ modules: { crm: {} } }), 'sources.shop.modules.crm.tables: is missing.', true],
  [
    withShop({ keep: { last: -1 } }),
    'sources.shop.keep.last: must be a whole number from 0 to 100000.',
    true,
  ],
  [
    withShop({ drill: { goal: '15 minutes' } }),
    'sources.shop.drill.goal: must be a duration such as 90s, 15m or 2h: how long a restore may take.',
    true,
  ],
]

test('a repository may be a list of copies, each with its path; an empty list is none', () => {
  const config = parse(withShop({ repository: ['backups', 's3://bucket/shop'] }))
  assert.deepEqual(config.sources.get('shop')?.repository, ['/etc/shop/backups', 's3://bucket/shop'])
  assert.throws(
    () => parse(withShop({ repository: [] })),
    /sources\.shop\.repository: must hold at least one address/,
  )
  const secret = { repository: ['backups', 's3://key:hunter22@bucket/shop'] }
  assert.throws(() => parse(withShop(secret)), /sources\.shop\.repository\[1\]: holds a password/)
})

test('what is wrong in a file is told with its path and what is allowed; what may be a secret is not repeated', () => {
  for (const [text, message, bySchema, code = 'config_invalid'] of wrong) {
    const error = refusalOf(text)
    assert.equal(error.code, code, text)
    if (text === '[]') assert.equal(error.message, `${file} must hold one JSON object.`)
    else assert.equal(error.message, `holdfast.json: ${message}`)
    assert.doesNotMatch(JSON.stringify([error.message, error.hint, error.details, error.stack]), /hunter/)
    if (text !== '[]') assert.equal(fits(configSchema(), JSON.parse(text)), !bySchema, text)
  }
})

test('all that is wrong is told at once, a line each', () => {
  const { message, details } = refusalOf('{"version": 1, "sources": {"shop": {"adress": "x", "proof": 1}}}')
  assert.match(
    message,
    /^holdfast\.json:\n  sources\.shop\.adress: .*address\?\n  sources\.shop\.address: is missing\.\n  sources/,
  )
  assert.equal((details['problems'] as unknown[]).length, 3)
  const many = refusalOf(
    JSON.stringify({
      version: 1,
      ...Object.fromEntries(Array.from({ length: 13 }, (_, index) => [`x${index}`, 1])),
    }),
  )
  assert.match(many.message, /\n  And 3 more\.$/)
})

test('a name that is not there is told with those that are', () => {
  const config = parse(whole)
  const failure = (work: () => unknown): string => {
    try {
      work()
    } catch (error) {
      const { code, message, hint } = error as HoldfastError
      return `${code}: ${message} ${hint}`
    }
    return 'none'
  }
  assert.equal(
    failure(() => findSource(config, 'shoop')),
    `source_not_found: ${file} has no source shoop. Did you mean shop? There are shop, 1, constructor.`,
  )
  assert.equal(
    failure(() => findModules(findSource(config, 'shop'), ['crm', 'billing'])),
    'module_not_found: Source shop has no module billing. There is crm.',
  )
  assert.equal(
    failure(() => findModules(findSource(config, '1'), ['crm'])),
    'module_not_found: Source 1 has no module crm. It has none at all.',
  )
  assert.deepEqual(
    findModules(findSource(config, 'shop'), ['crm', 'crm']).map(({ name, source }) => [name, source]),
    [['crm', 'shop']],
  )
})

test('the published schema is the one of the code', () => {
  const published = readFileSync(new URL('../../docs/holdfast.schema.json', import.meta.url), 'utf8')
  assert.deepEqual(JSON.parse(published), configSchema())
})
