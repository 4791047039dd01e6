import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { commandLine } from '../support/command-line.ts'

const { directory, run, json, shell } = await commandLine()
const file = join(directory, 'holdfast.json')
const text = (): Promise<string> => readFile(file, 'utf8')

interface Failed {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string }
}
const failed = (args: readonly string[], status: number, env = {}): Failed['error'] =>
  json<Failed>(args, { status, env }).error

interface Shown {
  readonly source: Readonly<Record<string, unknown>>
}

test('sources are added, listed, shown and removed; the file is made, and keeps what it has', async () => {
  assert.equal(failed(['source'], 3).code, 'config_missing')
  const address = 'postgres://app@db1/shop'
  const scope = ['--table', 'crm.*', '--exclude-data', '*.log', '--proof', 'full']
  const added = json<Shown>([
    'source',
    'add',
    'shop',
    address,
    '--repo',
    'backups',
    '--password-file',
    'key',
    ...scope,
  ])
  assert.equal(
    await text(),
    `{
  "version": 1,
  "sources": {
    "shop": {
      "address": "${address}",
      "password": {
        "file": "key"
      },
      "repository": "backups",
      "tables": ["crm.*"],
      "excludeData": ["*.log"],
      "proof": "full"
    }
  }
}
`,
  )
  assert.equal((await stat(file)).mode & 0o777, 0o644 & ~process.umask())
  assert.deepEqual(json<Shown>(['source', 'show', 'shop']).source, added.source)
  assert.equal(added.source['repository'], join(directory, 'backups'))
  assert.deepEqual(added.source['password'], { file: join(directory, 'key') })

  assert.equal(failed(['source', 'add', 'shop', 'service=other'], 7).code, 'source_exists')
  json(['source', 'add', 'blog', 'service=blog', '--password-command', '["pass", "show", "my blog"]'])
  json(['source', 'add', 'shop', 'service=shop', '--replace', '--password-command', 'pass show shop'])
  const listed = json<{ sources: readonly Record<string, unknown>[] }>(['source', 'list']).sources
  assert.deepEqual(
    listed.map(({ name, address: at, password }) => [name, at, password]),
    [
      ['shop', 'service=shop', { command: ['pass', 'show', 'shop'] }],
      ['blog', 'service=blog', { command: ['pass', 'show', 'my blog'] }],
    ],
  )
  assert.match(
    run(['source']).stdout,
    /^SOURCE +ADDRESS[\s\S]*\nblog +service=blog +printed by pass show my blog\n$/,
  )
  assert.match(
    run(['source', 'show', 'blog']).stdout,
    /^Source +blog\nAddress +service=blog\n[\s\S]*Proof +sampled\n/,
  )

  json(['source', 'remove', 'shop'])
  assert.equal(failed(['source', 'remove', 'shop'], 3).code, 'source_not_found')
  assert.match(failed(['source', 'show', 'blgo'], 3).hint, /There is blog/)
  assert.deepEqual(Object.keys((JSON.parse(await text()) as { sources: object }).sources), ['blog'])
})

test('a file is found from below, or named; its paths are from where it is', async () => {
  const inside = join(directory, 'app/sub')
  await mkdir(inside, { recursive: true })
  const place = `cd app/sub && $holdfast`
  assert.match(shell(`${place} source`).stdout, /\nblog /)
  const other = join(directory, 'app/other.json')
  shell(`${place} source add two service=two --repo ../backups --config ../other.json`)
  const written = JSON.parse(await readFile(other, 'utf8')) as { sources: { two: { repository: string } } }
  assert.equal(written.sources.two.repository, 'backups')
  const shown = json<Shown>(['source', 'show', 'two'], { env: { HOLDFAST_CONFIG: other } })
  assert.equal(shown.source['repository'], join(directory, 'app/backups'))
  assert.equal(failed(['source', '--config', 'nowhere.json'], 3).code, 'config_missing')
  assert.equal(failed(['source', 'add', 'x', 'service=x', '--config', 'none/h.json'], 2).code, 'usage')
})

test("the repository is the one that is given, else the source's, else the default of the file", async () => {
  const config = join(directory, 'repositories.json')
  const sources = (members: object): Promise<void> =>
    writeFile(config, JSON.stringify({ version: 1, ...members }))
  const own = { address: 'service=x', repository: 'own' }
  /** The repository that is looked for and not there, or why none is looked for. */
  const where = (args: readonly string[], o: { status?: number; variable?: string } = {}): string => {
    const env = { HOLDFAST_REPO: o.variable ?? '', HOLDFAST_CONFIG: config }
    const { code, message } = failed(args, o.status ?? 3, env)
    return code === 'repository_missing' ? (message.split('/').at(-1) ?? '') : code
  }
  await sources({ repository: 'default', sources: { shop: own, blog: { address: 'service=y' } } })
  assert.equal(where(['list']), 'default')
  assert.equal(where(['backup', 'host=db']), 'default')
  assert.equal(where(['list', '--source', 'shop']), 'own')
  assert.equal(where(['list', '--source', 'blog']), 'default')
  assert.equal(where(['list', '--source', 'shop'], { variable: 'variable' }), 'variable')
  assert.equal(where(['list', '--source', 'shop', '--repo', 'option'], { variable: 'variable' }), 'option')
  await sources({ sources: { shop: own } })
  assert.equal(where(['list']), 'own')
  const other = where(['backup', 'host=db'], { status: 2 })
  assert.equal(other, 'usage', "a database that is not configured does not go to a source's repository")
  await sources({ sources: { shop: own, blog: own } })
  assert.equal(where(['list'], { status: 2 }), 'usage')
})

test('a bare word is the name of a source, or nothing', () => {
  const env = { HOLDFAST_CONFIG: file }
  assert.equal(failed(['backup', 'shop'], 3, env).code, 'source_not_found')
  assert.equal(failed(['restore', 'latest', '--to', 'shop'], 3, env).code, 'source_not_found')
  assert.match(failed(['backup', 'Shop'], 2, env).message, /neither a postgres:\/\/ URL nor key=value pairs/)
  const none = failed(['backup', 'shop'], 3, { HOLDFAST_CONFIG: join(directory, 'nowhere.json') })
  assert.equal(none.code, 'config_missing')
})

test('modules need a source, and one that has them', async () => {
  const config = join(directory, 'modules.json')
  const shop = { address: 'service=x', modules: { crm: { tables: ['a'] }, billing: { tables: ['b'] } } }
  const env = { HOLDFAST_CONFIG: config }
  await writeFile(config, JSON.stringify({ version: 1, sources: { shop, blog: { address: 'service=y' } } }))
  const restore = ['restore', 'latest', '--to', 'service=z', '--module']
  const several = failed([...restore, 'crm'], 2, env)
  assert.match(several.hint, /^Pass --source NAME: .* has shop, blog\.$/)
  const unknown = failed([...restore, 'billling', '--source', 'shop'], 3, env)
  assert.deepEqual(
    [unknown.code, unknown.hint],
    ['module_not_found', 'Did you mean billing? There are crm, billing.'],
  )
  assert.equal(
    failed(['export', 'latest', '--out', 'x', '--module', 'crm', '--source', 'blog'], 3, env).code,
    'module_not_found',
  )
  assert.match(
    failed(['backup', 'service=z', '--module', 'crm'], 2, env).hint,
    /^Name a source of holdfast\.json/,
  )
})

test('no output holds a secret that somebody wrote into the file or an argument', async () => {
  const config = join(directory, 'secret.json')
  const spoilt = [
    { address: 'postgres://app:hunter22@db/shop' },
    { address: 'postgres://app:hunter22@db:port/shop' },
    { address: 'host=db password=hunter22' },
    { address: 'host=db hunter22' },
    { address: 'service=x', password: 'hunter22' },
    { address: 'service=x', password: { plain: 'hunter22' } },
    { address: 'service=x', password: { env: 'hunter22!' } },
    { address: 'service=x', repository: 's3://key:hunter22@bucket' },
  ]
  const files = [
    ...spoilt.map((shop) => JSON.stringify({ version: 1, sources: { shop } })),
    '{"version": 1, "sources": {"shop": {"address": "service=x", "password": hunter22}}}',
    '{"version": 1, "sources": {"shop": {"address": "service=x", "password": "hunter22}}}',
  ]
  const commands = [
    ['source', 'show', 'shop'],
    ['backup', 'shop', '--json'],
    ['source', 'add', 'x', 'service=x'],
  ]
  for (const [index, content] of files.entries()) {
    await writeFile(config, content)
    const args = commands[index % commands.length] ?? []
    const { status, stdout, stderr } = run(args, { HOLDFAST_CONFIG: config, HOLDFAST_DEBUG: '1' })
    assert.equal(status, 2)
    assert.match(stdout + stderr, /config_secret|config_invalid/)
    assert.doesNotMatch(stdout + stderr, /hunter/)
  }
  for (const address of spoilt.flatMap(({ address: one }) => (one.includes('hunter') ? [one] : []))) {
    const { status, stdout, stderr } = run(['source', 'add', 'new', address], { HOLDFAST_DEBUG: '1' })
    assert.equal(status, 2)
    assert.doesNotMatch(stdout + stderr, /hunter/)
  }
  assert.doesNotMatch(await text(), /hunter/)
})

test('the password of a program is not asked for unless it is needed, and its help shows none', async () => {
  const config = join(directory, 'asked.json')
  const command = ['sh', '-c', 'echo asked >> asked; echo hunter22']
  const shop = { address: 'postgres://app@127.0.0.1:1/shop', password: { command } }
  await writeFile(config, JSON.stringify({ version: 1, sources: { shop } }))
  const env = { HOLDFAST_CONFIG: config, HOLDFAST_REPO: '' }
  json(['source', 'show', 'shop'], { env })
  json(['source', 'list'], { env })
  failed(['backup', 'shop'], 2, env)
  assert.doesNotMatch(run(['source', 'test', '--help'], env).stdout, /hunter/)
  await assert.rejects(readFile(join(directory, 'asked')))
  assert.equal(failed(['source', 'test', 'shop'], 6, env).code, 'connection_failed')
  assert.equal(await readFile(join(directory, 'asked'), 'utf8'), 'asked\n')
})

test('a file that others may write is not used unless it is named', async () => {
  await chmod(file, 0o666)
  assert.equal(failed(['source'], 7).code, 'config_untrusted')
  json(['source', '--config', file])
  json(['list'], { status: 0 })
  await chmod(file, 0o644)
})
