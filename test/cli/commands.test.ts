import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Command } from '../../src/cli/command.ts'
import { loadCommands } from '../../src/cli/commands/index.ts'
import { createProgram, runProgram } from '../../src/cli/program.ts'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { compileCache, mainProgram } from '../support/main-program.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** Parses without running: what a command would have got. */
async function parse(args: string[], env: Record<string, string> = {}) {
  let help = ''
  let got: { command: Command; input: Readonly<Record<string, unknown>> } | null = null
  const program = createProgram({
    commands: await loadCommands([]),
    version: '1.2.3',
    env,
    width: 100,
    writeHelp: (text) => (help += text),
    act: async (command, input) => void (got = { command, input }),
  })
  await runProgram(program, args)
  return { help, got: got as { command: Command; input: Readonly<Record<string, unknown>> } | null }
}

/** A user's own directory, and a way to run the program in it. */
async function setUp(t: TestContext) {
  const directory = await temporaryDirectory(t)
  const run = (args: string[], env: Record<string, string> = {}) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...mainProgram, ...args], {
      cwd: directory,
      env: { PATH: process.env['PATH'], HOME: directory, ...compileCache, XDG_CONFIG_HOME: join(directory, 'config'), ...env }, // prettier-ignore
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }
  const json = <T = unknown>(args: string[], env: Record<string, string> = {}) => {
    const { status, stdout } = run([...args, '--json'], env)
    return { status, value: JSON.parse(stdout) as T }
  }
  return { directory, run, json }
}

test('the help of every command has its examples and all its options', async () => {
  for (const command of await loadCommands([])) {
    const paths = [[command.name], ...command.subcommands.map(({ name }) => [command.name, name])]
    for (const [index, path] of paths.entries()) {
      const one = index === 0 ? command : command.subcommands[index - 1]
      const { help, got } = await parse([...path, '--help'])
      assert.equal(got, null)
      assert.ok(one !== undefined && one.examples.length > 0, `${path.join(' ')} has no example`)
      for (const { command: example } of one.examples) assert.ok(help.includes(`\n  ${example}`), example)
      for (const { flags } of Object.values(one.options)) assert.ok(help.includes(flags), flags)
      assert.match(help, /--json/)
    }
  }
})

test('every example parses', async () => {
  for (const command of await loadCommands([])) {
    for (const { command: line } of [command, ...command.subcommands].flatMap(({ examples }) => examples)) {
      const words = [...line.replace(/ \|.*/, '').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
        ([, single, double, plain]) => single ?? double ?? plain ?? '',
      )
      const start = words.indexOf('holdfast')
      if (start === -1) continue
      const { got } = await parse(words.slice(start + 1), { HOLDFAST_REPO: '/r' })
      assert.ok(got !== null, line)
    }
  }
})

test('the overview names every command', async () => {
  const { help } = await parse(['--help'])
  for (const { name, summary } of await loadCommands([])) {
    assert.ok(help.includes(name) && help.includes(summary), name)
  }
  assert.equal((await parse([])).help, help)
})

test('options become typed values, with the environment behind them', async () => {
  const { got } = await parse(
    [
      'restore',
      'latest',
      '--to',
      'postgres://h/d',
      '-j',
      '3',
      '-t',
      'a',
      '--table',
      'b.*',
      '--module',
      'crm',
      '--no-owner',
      '-q',
    ],
    { HOLDFAST_REPO: '/from/env', HOLDFAST_JOBS: '9', HOLDFAST_CONFIG: 'shop.json' },
  )
  assert.deepEqual(got?.input, {
    backup: 'latest',
    repo: ['/from/env'],
    source: undefined,
    identity: undefined,
    passphraseFile: undefined,
    ownerKey: undefined,
    id: undefined,
    expect: undefined,
    to: 'postgres://h/d',
    createDatabase: false,
    swap: false,
    swapSchemas: false,
    inPlace: false,
    component: [],
    save: undefined,
    where: undefined,
    createMissing: false,
    updateChanged: false,
    deleteExtra: false,
    recoverDeleted: false,
    replace: false,
    newIds: false,
    keepNewer: undefined,
    references: undefined,
    skipConflicts: false,
    preview: false,
    html: undefined,
    lockTimeout: 60,
    jobs: 3,
    schema: [],
    table: ['a', 'b.*'],
    module: ['crm'],
    excludeTable: [],
    noOwner: true,
    noGrants: false,
    roles: 'needed',
    restart: false,
    quarantine: false,
    noQuarantine: false,
    plan: false,
    limitRate: null,
    storageRequests: undefined,
    server: undefined,
    keyFile: undefined,
    detach: false,
    config: 'shop.json',
    yes: false,
    confirm: undefined,
    json: false,
    quiet: true,
  })
})

test('an option may stand before a subcommand too', async () => {
  for (const args of [
    ['keys', '--repo', 'x', 'rotate'],
    ['keys', 'rotate', '--repo', 'x'],
  ]) {
    const { got } = await parse(args, { HOLDFAST_REPO: 'env' })
    assert.equal(got?.command.name, 'rotate')
    assert.deepEqual(got.input['repo'], ['x'])
  }
})

test('what is wrong on the command line is told as usage', async () => {
  const wrong = [
    ['bakcup'],
    ['backup', 'a', 'b'],
    ['list', '--repo', 'x', '--no-such'],
    ['list', '--repo'],
    ['show', '--repo', 'x'],
    ['backup', '--repo', 'x', '--jobs', '0'],
    ['backup', '--repo', 'x', '--jobs', '2.5'],
    ['backup', '--repo', 'x', '--proof', 'none'],
    ['backup', '--repo', 'x', '--table', 'a.b.c'],
    ['check', '--repo', 'x', '--read-data', '120%'],
    ['check', '--repo', 'x', '--read-data', '0%'],
    ['check', '--repo', 'x', '--read-data', '2/30'],
    ['restore', 'latest', '--repo', 'x'],
    ['restore', 'latest', '--to', 'postgres:///d', '--module', 'C R M'],
    ['list', '--source', '-shop'],
    ['source', 'add', 'shop'],
    ['source', 'add', 'shop', 'service=shop', '--password-command', '["pass", 1]'],
    ['source', 'add', 'shop', 'service=shop', '--password-command', "pass show 'my shop'"],
    ['keys', 'rotat', '--repo', 'x'],
    ['keys', 'rotate', '--repo', 'x', '--server', 'http://x'],
  ]
  for (const args of wrong) {
    await assert.rejects(parse(args), (error) => isHoldfastError(error, 'usage'), args.join(' '))
  }
})

test('a word that is misspelt or missing is told, and where help is', async () => {
  const told: readonly [string, string, string][] = [
    ['bakcup', 'There is no command bakcup. Did you mean backup?', 'holdfast'],
    ['source tset', 'There is no command tset of source. Did you mean test?', 'holdfast source'],
    ['help sorce', 'There is no command sorce. Did you mean source?', 'holdfast'],
    ['list --jsno', "Unknown option '--jsno'. Did you mean --json?", 'holdfast list'],
    ['show', 'BACKUP is missing: an id, a unique beginning of one, or latest.', 'holdfast show'],
    [
      'check --repo x --read-data 120%',
      '--read-data can\'t be "120%": give 1/30 or the like, a percentage such as 5%, or all.',
      'holdfast check',
    ],
  ]
  for (const [line, message, path] of told)
    await assert.rejects(parse(line.split(' ')), { message, hint: `Run ${path} --help.` })
  assert.match((await parse(['help', 'source', 'add'])).help, /^Usage: holdfast source add /)
})

test('errors with --json are one object on stdout, with the exit status of their code', async (t) => {
  const { json } = await setUp(t)
  for (const [args, code, status] of [
    [['list'], 'usage', 2],
    [['no-such-command'], 'usage', 2],
    [['list', '--repo', 'nowhere'], 'repository_missing', 3],
  ] as const) {
    const result = json([...args])
    assert.equal(result.status, status)
    const { error } = result.value as { error: Record<string, unknown> }
    assert.deepEqual(Object.keys(error), ['code', 'message', 'hint', 'details'])
    assert.equal(error['code'], code)
  }
})

test('a password in an address that is refused is not printed', async (t) => {
  const { run } = await setUp(t)
  const { status, stdout, stderr } = run([
    'backup',
    'postgres://u:hush%21hush@h/d',
    '--repo',
    'nowhere',
    '--name',
  ])
  assert.equal(status, 2)
  assert.doesNotMatch(stdout + stderr, /hush/)
})

test('init writes files that only the user can read, and never over another file', async (t) => {
  const { directory, run, json } = await setUp(t)
  const { status, value } = json<{ identityFile: string; hostFile: string }>(['init', 'repo'])
  assert.equal(status, 0)
  const { identityFile, hostFile } = value
  for (const path of [identityFile, hostFile]) {
    assert.ok(path.startsWith(join(directory, 'config/holdfast/')), path)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal((await stat(join(path, '..'))).mode & 0o777, 0o700)
  }
  assert.match(await readFile(identityFile, 'utf8'), /^AGE-SECRET-KEY-1/m)
  assert.doesNotMatch(await readFile(hostFile, 'utf8'), /AGE-SECRET-KEY/)

  const before = await readFile(identityFile, 'utf8')
  assert.equal(run(['init', 'repo']).status, 7)
  assert.equal(run(['init', 'other', '--identity', identityFile]).status, 7)
  assert.equal(run(['list', '--repo', 'other']).status, 3, 'no repository without its identity')
  assert.equal(await readFile(identityFile, 'utf8'), before)

  const spoilt = run(['init', 'other', '--identity', 'new.txt', '--host-file', hostFile])
  assert.equal(spoilt.status, 7)
  await assert.rejects(stat(join(directory, 'new.txt')), 'an identity that opens nothing is not left behind')
})

test('init says once where the identity is, and why to keep a copy', async (t) => {
  const { run } = await setUp(t)
  const { stdout, stderr } = run(['init', 'repo', '--identity', 'me.txt'])
  assert.match(stdout, /me\.txt[\s\S]*Keep a copy/)
  assert.doesNotMatch(stdout + stderr, /AGE-SECRET-KEY/)
})

test('list, check and keys need no secret; what changes keys does', async (t) => {
  const { directory, run, json } = await setUp(t)
  run(['init', 'repo', '--identity', 'me.txt'])
  assert.deepEqual(json<{ backups: unknown }>(['list', '--repo', 'repo']).value.backups, [])
  assert.equal(run(['check', '--repo', 'repo']).status, 0)
  assert.match(run(['keys', '--repo', 'repo']).stdout, /RECIPIENT[\s\S]*owner[\s\S]*HOST[\s\S]*EPOCH/)
  assert.equal(run(['show', 'latest', '--repo', 'repo']).status, 3)

  const refused = json(['keys', 'rotate', '--repo', 'repo'])
  assert.equal((refused.value as { error: { code: string } }).error.code, 'identity_missing')
  assert.equal(run(['keys', 'rotate', '--repo', 'repo', '-i', 'me.txt']).status, 0)
  assert.equal(run(['keys', 'rotate', '--repo', 'repo'], { HOLDFAST_IDENTITY_FILE: 'me.txt' }).status, 0)

  await writeFile(join(directory, 'taken.json'), 'mine')
  const admit = (out: string) => run(['keys', 'admit', 'db2', '--out', out, '--repo', 'repo', '-i', 'me.txt'])
  assert.equal(admit('taken.json').status, 7)
  assert.equal(await readFile(join(directory, 'taken.json'), 'utf8'), 'mine')
  assert.equal(admit('db2.json').status, 0, 'the name is still free')
  assert.equal((await stat(join(directory, 'db2.json'))).mode & 0o777, 0o600)
  const revoked = json(['keys', 'revoke', 'db2', '--repo', 'repo', '-i', 'me.txt']).value
  const { repository } = revoked as unknown as { repository: { hosts: { name: string; revoked: unknown }[] } }
  assert.ok(repository.hosts.find(({ name }) => name === 'db2')?.revoked !== null)
})

test('a passphrase by variable or file opens what it was added to; it is never printed', async (t) => {
  const { directory, run } = await setUp(t)
  const passphrase = 'correct horse battery'
  run(['init', 'repo', '--identity', 'me.txt'])
  const add = ['keys', 'add', 'safe', '--passphrase', '--repo', 'repo', '-i', 'me.txt']
  assert.equal(run(add).status, 2, 'no terminal to ask on')
  assert.equal(run(add, { HOLDFAST_NEW_PASSPHRASE: passphrase }).status, 0)
  await writeFile(join(directory, 'pass'), `${passphrase}\nsecond line\n`)

  const rotate = ['keys', 'rotate', '--repo', 'repo']
  assert.equal(run(rotate, { HOLDFAST_PASSPHRASE: passphrase }).status, 0)
  assert.equal(run([...rotate, '--passphrase-file', 'pass']).status, 0)
  const wrong = run(rotate, { HOLDFAST_PASSPHRASE: `${passphrase} staple` })
  assert.equal(wrong.status, 5)
  assert.doesNotMatch(wrong.stdout + wrong.stderr, /horse/)
})

test('an identity file that others can read is used, with a warning', async (t) => {
  const { directory, run } = await setUp(t)
  run(['init', 'repo', '--identity', 'me.txt'])
  await chmod(join(directory, 'me.txt'), 0o644)
  const { status, stderr } = run(['keys', 'rotate', '--repo', 'repo', '-i', 'me.txt', '--quiet'])
  assert.equal(status, 0)
  assert.match(stderr, /^warning: .*me\.txt can be read by other users/)
})
