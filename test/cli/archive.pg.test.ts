import assert from 'node:assert/strict'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { commandLine } from '../support/command-line.ts'
import { besideUrl, contentsOf } from '../support/journey.ts'
import { musicShop } from '../support/music-shop.ts'
import { testServer } from '../support/postgres.ts'

/* A backup as one file, from one machine to another that has nothing but the file and the identity. */

const server = await testServer(17)
const source = await server.database()
await source.query(musicShop())
const one = await commandLine()
const { backup } = one.json<{ backup: { id: string } }>(['backup', source.url])
const before = await contentsOf(source.url)
const file = join(one.directory, 'shop.holdfast')

interface Failure {
  readonly error: { readonly code: string; readonly hint: string }
}

test('a backup goes to another machine as one file, written without a private key, and is restored there', async () => {
  const { repository } = one.json<{ repository: { id: string } }>(['keys'])
  const config = join(one.directory, '.config/holdfast', repository.id)
  const identity = await readFile(join(config, 'identity.txt'), 'utf8')
  await rm(join(config, 'identity.txt'))
  const written = one.json<{ objects: number; bytes: number }>(['export', 'latest', '--format', 'archive', '--out', file]) // prettier-ignore
  assert.equal(written.bytes, (await readFile(file)).length)
  const streamed = one.shell('$holdfast export latest --format archive --out - > streamed.holdfast')
  assert.equal(streamed.status, 0, streamed.stderr)
  assert.ok((await readFile(file)).equals(await readFile(join(one.directory, 'streamed.holdfast'))))
  await writeFile(join(config, 'identity.txt'), identity, { mode: 0o600 })

  const two = await commandLine()
  await copyFile(file, join(two.directory, 'shop.holdfast'))
  await writeFile(join(two.directory, 'id'), identity, { mode: 0o600 })
  const from = ['--repo', 'shop.holdfast', '--identity', 'id']
  const { backups } = two.json<{ backups: { id: string }[] }>(['list', '--repo', 'shop.holdfast'])
  assert.deepEqual(
    backups.map(({ id }) => id),
    [backup.id],
  )
  for (const args of [
    ['show', 'latest', ...from],
    ['check', '--read-data', 'all', ...from],
    ['drill', 'latest', ...from],
    ['export', 'latest', '--format', 'csv', '--out', 'rows', ...from],
  ]) {
    const ran = two.run(args)
    assert.equal(ran.status, 0, ran.stdout + ran.stderr)
    assert.doesNotMatch(ran.stderr, /warning|could not/, args.join(' '))
  }
  const target = besideUrl(source.url, 'from_archive')
  const restored = two.run(['restore', 'latest', '--to', target, '--create-database', ...from])
  assert.equal(restored.status, 0, restored.stderr)
  assert.match(restored.stderr, /An archive keeps no report/)
  assert.deepEqual(await contentsOf(target), before)
  await server.query('DROP DATABASE from_archive')
})

test('rows in use are previewed against an archive, and changed only by way of a repository', async () => {
  await source.query("UPDATE artist SET name = 'changed' WHERE artist_id = 3")
  const url = new URL(source.url)
  const args = ['restore', 'latest', '--in-place', '--table', 'artist', '--update-changed', '--to', source.url, '--yes', '--confirm', url.pathname.slice(1)] // prettier-ignore
  const preview = one.run([...args, '--preview', '--repo', file])
  assert.equal(preview.status, 0, preview.stderr)
  const { error } = one.json<Failure>([...args, '--repo', file], { status: 5 })
  assert.equal(error.code, 'storage_denied')
  assert.equal(error.hint, `Bring it into a repository first: holdfast copy ${file} REPO.`)
  const changed = await contentsOf(source.url)
  assert.notDeepEqual(changed, before)
  const copied = one.run(['copy', file, 'other'])
  assert.equal(copied.status, 0, copied.stderr)
  one.json([...args, '--repo', 'other'])
  assert.deepEqual(await contentsOf(source.url), before)
  // The repository that it is from, and the file: read as copies of one.
  assert.equal(one.run(['check', '--repo', file, '--repo', 'repo']).status, 0)
  for (const refused of [
    ['prune', '--keep-last', '1', '--yes'],
    ['pin', 'latest', '--reason', 'x'],
    ['backup', source.url],
  ])
    // prettier-ignore
    assert.equal(one.json<Failure>([...refused, '--repo', file], { status: 5 }).error.code, 'storage_denied')
})

test('what was erased does not come back through a file', async () => {
  await writeFile(join(one.directory, 'keys'), '7\n')
  await mkdir(join(one.directory, 'erased'))
  const erase = ['erase', '--table', 'employee', '--keys', 'keys', '--reason', 'asked', '--yes']
  const erased = one.run([...erase, '--confirm', new URL(source.url).pathname.slice(1)])
  assert.equal(erased.status, 0, erased.stderr)
  one.json(['export', 'latest', '--format', 'archive', '--out', 'erased/shop.holdfast'])
  const csv = one.shell('$holdfast export latest --repo erased/shop.holdfast --format csv --table employee --out erased/rows && cat erased/rows/public.employee.csv') // prettier-ignore
  assert.equal(csv.status, 0, csv.stderr)
  assert.match(csv.stdout, /^6,Name 6,/m)
  assert.doesNotMatch(csv.stdout, /Name 7/)
})

test('what is not written to its end, or is no archive, is told', async () => {
  const whole = await readFile(file)
  await writeFile(join(one.directory, 'half'), whole.subarray(0, whole.length / 2))
  await writeFile(join(one.directory, 'text'), 'This is no archive. '.repeat(100))
  for (const name of ['half', 'text'])
    assert.equal(one.json<Failure>(['list', '--repo', name], { status: 4 }).error.code, 'archive_damaged')
  // Whoever reads from the pipe goes away after the first bytes.
  const broken = one.shell(
    '{ $holdfast export latest --format archive --out - --quiet; echo status $? >&2; } | head -c 700 > cut',
  )
  assert.match(broken.stderr, /output_lost/)
  assert.match(broken.stderr, /status 1$/m)
  for (const [args, code] of [
    [['--format', 'archive', '--out', 'x', '--table', 'artist'], 'usage'],
    [['--format', 'archive', '--out', '-'], 'usage'],
    [['--format', 'archive', '--out', file], 'export_exists'],
  ] as const)
    assert.equal(one.json<Failure>(['export', 'latest', ...args], { status: code === 'usage' ? 2 : 7 }).error.code, code) // prettier-ignore
})
