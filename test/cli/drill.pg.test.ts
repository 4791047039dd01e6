import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { chunkKey } from '../../src/repository/format/chunk-names.ts'
import { openRepository } from '../../src/repository/open.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import type { DrillCheck } from '../../src/verify/types.ts'
import { commandLine } from '../support/command-line.ts'
import { testServer } from '../support/postgres.ts'

/* Drills by the real command line: what is read, printed, written and handed on. */

const server = await testServer(18)
const source = await server.database()
await source.query(`
  CREATE TABLE customer (id int PRIMARY KEY, name text);
  CREATE TABLE "<script>alert('1')</script> & ""co""" (id int);
  INSERT INTO customer SELECT n, 'secret name ' || n FROM generate_series(1, 30) n`)
const place = await commandLine()
const { directory, run, json } = place
json(['backup', source.url])

interface Drilled {
  readonly drill: {
    readonly result: string
    readonly checks: readonly DrillCheck[]
    readonly assertions: readonly { readonly name: string }[]
  }
}

interface Mark {
  readonly backup: string
  readonly drill: string
  readonly result: string
  readonly level: string
  readonly assertions: object
}

interface Failed {
  readonly error: { readonly code: string; readonly message: string; readonly details: Drilled }
}

test('the assertions of the usual folder are run; rows they return are shown on the terminal alone', async () => {
  await mkdir(join(directory, 'drills'))
  await writeFile(join(directory, 'drills/a.sql'), 'SELECT 1 WHERE false')
  await writeFile(
    join(directory, 'drills/b.sql'),
    "SELECT id, name, repeat('x', 200) AS long FROM customer ORDER BY id\n",
  )
  await writeFile(join(directory, 'drills/notes.txt'), 'no query')
  const shown = run(['drill', 'latest', '--quiet', '--report', 'found.json', '--report', 'found.html'])
  assert.equal(shown.status, 4, shown.stderr)
  assert.match(shown.stdout, /does not pass its drill[\s\S]*drills\/b\.sql: it returned 30 rows/)
  assert.match(shown.stdout, /\bsecret name 5 {2}x{39}…/)
  assert.doesNotMatch(shown.stdout, /secret name 6/)
  assert.match(shown.stderr, /drill_failed/)

  const machine = run(['drill', 'latest', '--quiet', '--json'])
  const { error } = JSON.parse(machine.stdout) as Failed
  assert.equal(error.code, 'drill_failed')
  assert.deepEqual(
    error.details.drill.assertions.map(({ name }) => name),
    ['drills/a.sql', 'drills/b.sql'],
  )
  for (const name of ['found.json', 'found.html']) {
    const text = await readFile(join(directory, name), 'utf8')
    assert.match(text, /drills\/b\.sql/)
    assert.doesNotMatch(text, /secret name/)
    assert.equal((await stat(join(directory, name))).mode & 0o777, 0o600)
  }
  assert.doesNotMatch(machine.stdout, /secret name/)
  await rm(join(directory, 'drills'), { recursive: true })
})

test('a page holds nothing that runs or is fetched, and names as they are', async () => {
  await writeFile(join(directory, 'drill.html'), 'an earlier one')
  const { drill } = json<Drilled>(['drill', 'latest', '--report', 'drill.html', '--goal', '1h'])
  assert.equal(drill.result, 'passed')
  const page = await readFile(join(directory, 'drill.html'), 'utf8')
  assert.match(page, /^<!doctype html>[^]*<h1>Passed<\/h1>/)
  assert.match(page, /1 h were allowed/)
  assert.match(page, /public\.&lt;script&gt;alert\(&#39;1&#39;\)&lt;\/script&gt; &amp; &quot;co&quot;/)
  assert.match(page, /default-src 'none'/)
  assert.match(page, /prefers-color-scheme: dark/)
  assert.match(page, /@media print/)
  assert.doesNotMatch(page, /<script|<link|<img|<iframe|https?:|url\(|@import| on\w+=/i)
})

test('list and show say which backups a drill of the whole has proved', async () => {
  const [backup] = json<{ backups: { id: string; verified: Mark | null }[] }>(['list']).backups
  assert.deepEqual([backup?.verified?.result, backup?.verified?.level], ['passed', 'whole'])
  assert.match(run(['list']).stdout, /VERIFIED\n.* (just now|minutes? ago)\n$/)

  json(['backup', source.url])
  const part = json<{ verified: Mark }>(['drill', 'latest', '--table', 'customer']).verified
  assert.equal(part.level, 'part')
  const [newest] = json<{ backups: { verified: Mark | null }[] }>(['list']).backups
  assert.equal(newest?.verified, null, 'a part proves no backup')
  assert.match(
    run(['show', 'latest']).stdout,
    /\nDrilled .*, only a part, whose drill passed, 1 table compared/,
  )

  await writeFile(join(directory, 'some.sql'), 'SELECT 1')
  const { error } = json<{ error: { details: Drilled } }>(['drill', 'latest', '--assertion', 'some.sql'], {
    status: 4,
  })
  assert.equal(error.details.drill.result, 'failed')
  const shown = json<{ verified: Mark[] }>(['show', 'latest']).verified
  assert.deepEqual(
    shown.map(({ result, level, assertions }) => [result, level, assertions]),
    [
      ['failed', 'whole', { passed: 0, failed: 1 }],
      ['passed', 'part', { passed: 0, failed: 0 }],
    ],
  )
  assert.match(run(['list']).stdout, /FAILED just now|FAILED .* ago/)
})

test('a repository that takes no more does not change what a drill found', async () => {
  const older = json<{ backups: { id: string }[] }>(['list']).backups[1]?.id ?? ''
  const marks = join(directory, 'repo/verified', older)
  await rm(marks, { recursive: true })
  // Where a folder should be.
  await writeFile(marks, '')
  const { status, stdout, stderr } = run(['drill', older, '--quiet'])
  assert.equal(status, 0, stderr)
  assert.match(stdout, /restores, and all that was compared is equal/)
  assert.match(stderr, /warning: The result could not be kept in the repository/)
})

test('what is wrong with files and options is told before anything is restored', async () => {
  const refused: readonly [string[], string, RegExp][] = [
    [['--report', 'drill.pdf'], 'usage', /\.json or \.html/],
    [['--report', 'nowhere/drill.html'], 'usage', /nowhere/],
    [['--assertion', 'lost.sql'], 'assertion_invalid', /lost\.sql can't be read/],
    [['--assertions', 'repo'], 'assertion_invalid', /repo holds no file/],
    [['--sample', '100%'], 'usage', /--sample can't be/],
    [['--seed', '1'], 'usage', /--seed chooses/],
    [['--goal', '15'], 'usage', /such as 90s/],
  ]
  for (const [options, code, message] of refused) {
    const { error } = json<Failed>(['drill', 'latest', ...options], { status: 2 })
    assert.equal(error.code, code, options.join(' '))
    assert.match(error.message, message)
  }
})

test('a backup whose contents or schema are damaged fails its drill: what is, is said, and a mark tells others', async () => {
  const storage = openLocalStorage(join(directory, 'repo'))
  const manifest = await (await openRepository({ storage })).find('latest')
  const marks = (): Mark[] => json<{ verified: Mark[] }>(['show', 'latest']).verified
  const before = marks().length
  const unread: string[] = []
  for (const [name] of manifest.chunks) {
    const path = join(directory, 'repo', chunkKey(name))
    const original = await readFile(path)
    await writeFile(path, Buffer.from(original).fill((original.at(-1) ?? 0) ^ 1, original.length - 1))
    const { error } = json<Failed>(['drill', 'latest', '--report', 'damaged.html'], { status: 4 })
    await writeFile(path, original)
    assert.equal(error.code, 'drill_failed')
    assert.match(error.message, /could not be restored/)
    const { checks } = error.details.drill
    assert.deepEqual(
      checks.map((check) => [check.name, check.result]),
      [['restore', 'failed']],
    )
    const [{ what, why } = { what: '', why: '' }] = checks[0]?.failures ?? []
    assert.ok(why.includes(name), why)
    if (what !== 'the backup') unread.push(what)
    assert.match(await readFile(join(directory, 'damaged.html'), 'utf8'), /<h1>Failed<\/h1>/)
  }
  assert.deepEqual(unread.sort(), ['the contents', 'the schema'])
  const left = marks().slice(0, -before)
  assert.deepEqual([...new Set(left.map(({ result, level }) => `${result} ${level}`))], ['failed whole'])
  assert.equal(left.length, manifest.chunks.length)
})

test('a drill says that it uses its backup', async () => {
  const { id } = json<{ backup: { id: string } }>(['backup', source.url]).backup
  json(['drill', id])
  const [use = ''] = await readdir(join(directory, 'repo/uses', id))
  assert.deepEqual((await readdir(join(directory, 'repo/uses', id, use))).sort(), ['begun', 'ended'])
})

test('of a repository that holds several databases it is told which one the latest backup is of', async () => {
  const shop = await server.database({ name: 'shop' })
  await shop.query('CREATE TABLE t (a int)')
  const other = await commandLine()
  const { backup } = other.json<{ backup: { id: string } }>(['backup', shop.url])
  const plan = [
    'restore',
    'latest',
    '--to',
    source.url.replace(/[^/]+$/, 'there'),
    '--create-database',
    '--plan',
  ]
  assert.doesNotMatch(other.run(plan).stderr, /latest/)
  other.json(['backup', source.url])
  const told = other.run(plan).stderr
  assert.match(told, /latest is \S+, of the database /)
  assert.match(
    told.replaceAll(/\s+/g, ' '),
    new RegExp(`1 other database as well, the newest: ${backup.id} `),
  )
  assert.doesNotMatch(other.run(plan.with(1, backup.id)).stderr, /latest/)
})
