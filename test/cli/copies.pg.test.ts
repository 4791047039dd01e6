import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { commandLine } from '../support/command-line.ts'
import { besideUrl } from '../support/journey.ts'
import { testServer } from '../support/postgres.ts'

/* Two copies of a repository, by the commands alone. Tests go on from where the one before ended. */

const server = await testServer(17)
const source = await server.database()
await source.query(`CREATE TABLE person (id int PRIMARY KEY, name text);
  INSERT INTO person SELECT n, md5(n::text) FROM generate_series(1, 500) n`)
const url = new URL(source.url)
const [password, database] = [decodeURIComponent(url.password), decodeURIComponent(url.pathname.slice(1))]
const user = await commandLine()
user.json(['init', 'one', '--copy', 'two'])

const both = ['--repo', 'one', '--repo', 'two']

interface Result {
  readonly backup: { readonly id: string }
  readonly copies: readonly { readonly address: string; readonly error: { readonly code: string } | null }[]
}
interface Failure {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly hint: string
    readonly details: Result
  }
}
interface Listed {
  readonly backups: readonly {
    readonly id: string
    readonly copies: readonly string[]
    readonly pins: readonly unknown[]
  }[]
}

const at = (name: string): string => join(user.directory, name)
const errorsOf = ({ copies }: Result): (string | null)[] => copies.map(({ error }) => error?.code ?? null)
const copiesOf = (): string[][] =>
  user.json<Listed>(['list', ...both]).backups.map(({ copies }) => [...copies])

/** What is done while the second copy can't be reached. */
async function withoutTwo<T>(work: () => T | Promise<T>): Promise<T> {
  await rename(at('two'), at('away'))
  try {
    return await work()
  } finally {
    await rename(at('away'), at('two'))
  }
}

test('one place is no two copies, also where a link leads to it', async () => {
  await symlink('one', at('link'))
  for (const args of [
    ['backup', source.url, '--repo', 'one', '--repo', 'link'],
    ['init', 'three', '--copy', './three'],
  ]) {
    const { error } = user.json<Failure>(args, { status: 2 })
    assert.match(error.message, /is named twice as a copy/)
  }
  assert.ok(!existsSync(at('three')))
})

test('a backup goes into both; one that a copy has missed is told by the exit status, listed, and brought to it', async () => {
  assert.deepEqual(errorsOf(user.json<Result>(['backup', source.url, ...both])), [null, null])
  const { error } = await withoutTwo(() => user.json<Failure>(['backup', source.url, ...both], { status: 8 }))
  assert.equal(error.code, 'copies_incomplete')
  assert.equal(error.hint, `When that is mended: holdfast copy ${at('one')} ${at('two')}.`)
  assert.deepEqual(errorsOf(error.details), [null, 'repository_missing'])
  assert.deepEqual(copiesOf(), [[at('one')], [at('one'), at('two')]])
  const shown = user.run(['list', ...both])
  assert.match(shown.stdout, new RegExp(`^${error.details.backup.id} .* 1 *$`, 'm'))
  assert.match(shown.stdout, new RegExp(`^In 2: ${at('two')}$`, 'm'))

  assert.match(user.run(['copy', 'one', 'two', '--dry-run']).stdout, /lacks 1 backup: /)
  assert.match(user.run(['copy', 'one', 'two']).stdout, /^Copied 1 backup from .* to .*two: /m)
  assert.deepEqual(copiesOf(), [[at('one'), at('two')], [at('one'), at('two')]]) // prettier-ignore
  await withoutTwo(() => assert.equal(user.run(['backup', source.url, '--repo', 'two', '--quiet']).status, 3))
})

test('what is damaged in one copy is read from the other, found by a check, and mended', async () => {
  const keys = user.shell('find one/chunks -type f').stdout.trim().split('\n')
  for (const key of keys) {
    const bytes = await readFile(at(key))
    const last = bytes.length - 1
    await rm(at(key))
    await writeFile(at(key), bytes.map((byte, index) => (index === last ? byte ^ 1 : byte))) // prettier-ignore
  }
  const target = besideUrl(source.url, 'from_copies')
  const args = ['--to', target, '--create-database']
  assert.equal(user.run(['restore', 'latest', ...args, '--repo', 'one']).status, 4)
  const restored = user.run(['restore', 'latest', ...args, ...both])
  assert.equal(restored.status, 0, restored.stderr)
  assert.match(restored.stderr, /Reading from .*one, then .*two\./)
  assert.match(
    restored.stderr,
    /is damaged.*It is read from another copy; holdfast copy FROM .*one --repair mends it/s,
  )

  assert.equal(user.run(['check', ...both]).status, 0)
  const checked = user.run(['check', ...both, '--read-data', 'all'])
  assert.equal(checked.status, 4)
  assert.match(checked.stderr, /Of 2 copies 1 can't be relied on/)
  const repaired = user.run(['copy', 'two', 'one', '--repair'])
  assert.match(repaired.stdout, new RegExp(`^Replaced ${keys.length} damaged chunks`, 'm'), repaired.stderr)
  assert.equal(user.run(['check', ...both, '--read-data', 'all']).status, 0)
})

test('what a restore in place leaves is in one copy, follows with the next, and undoes it from there', async () => {
  const target = ['--to', source.url, '--yes', '--confirm', database]
  await source.query("UPDATE person SET name = 'changed' WHERE id = 3")
  user.json(['restore', 'latest', '--in-place', '--table', 'person', '--update-changed', ...target, ...both])
  const names = async () => await source.query('SELECT name FROM person WHERE id = 3')
  assert.notDeepEqual(await names(), [{ name: 'changed' }])
  const restores = (repo: string): number =>
    user.json<{ restores: unknown[] }>(['restores', '--repo', repo]).restores.length
  assert.deepEqual([restores('one'), restores('two')], [2, 0])
  assert.match(user.run(['copy', 'one', 'two']).stdout, /^Copied 0 backups, 3 documents of restores from/m)
  assert.equal(restores('two'), 2)
  user.json(['undo', 'latest', ...target, '--repo', 'two'])
  assert.deepEqual(await names(), [{ name: 'changed' }])
})

test('an erasure that one copy has missed is an error until it is brought there', async () => {
  await writeFile(at('erased.txt'), '7\n')
  const erase = ['erase', '--table', 'person', '--keys', 'erased.txt', '--reason', 'asked', '--yes', '--confirm', database, ...both] // prettier-ignore
  const failed = await withoutTwo(() => user.run(erase))
  assert.equal(failed.status, 8, failed.stderr)
  assert.match(failed.stderr, /A restore from there alone would bring them back/)
  const erasures = (): number =>
    user.json<{ erasures: unknown[] }>(['erase', '--list', '--repo', 'two']).erasures.length
  assert.equal(erasures(), 0)
  assert.equal(user.json<{ erasures: unknown[] }>(['erase', '--list', ...both]).erasures.length, 1)
  assert.equal(user.run(['copy', 'one', 'two']).status, 0)
  assert.equal(erasures(), 1)
})

test('keys and pins are changed in both copies, or it is told where not', async () => {
  const version = (repo: string): number => user.json<{ repository: { version: number } }>(['keys', '--repo', repo]).repository.version // prettier-ignore
  const before = version('one')
  user.json(['keys', 'rotate', ...both])
  assert.deepEqual([version('one'), version('two')], [before + 1, before + 1])
  await withoutTwo(() => user.json(['keys', 'rotate', ...both], { status: 8 }))
  assert.deepEqual([version('one'), version('two')], [before + 2, before + 1])
  // A copy whose keys are older is not written to.
  const { error } = user.json<Failure>(['backup', source.url, ...both], { status: 8 })
  assert.deepEqual(errorsOf(error.details), [null, 'copy_behind'])
  user.json(['copy', 'one', 'two'])
  assert.equal(version('two'), before + 2)
  user.json(['pin', 'latest', '--reason', 'kept', ...both])
  for (const repo of ['one', 'two'])
    assert.equal(user.json<Listed>(['list', '--repo', repo]).backups[0]?.pins.length, 1)
  user.json(['unpin', 'latest', ...both])
  for (const repo of ['one', 'two'])
    assert.equal(user.json<Listed>(['list', '--repo', repo]).backups[0]?.pins.length, 0)
})

test('holdfast.json may list the copies; each is pruned by itself', async () => {
  url.password = ''
  const config = { version: 1, repository: ['one', 'two'], sources: { shop: { address: url.href } } }
  await writeFile(at('holdfast.json'), JSON.stringify(config))
  const env = { HOLDFAST_REPO: '', PGPASSWORD: password }
  const { copies } = user.json<Result>(['backup', 'shop'], { env })
  assert.deepEqual(copies.map(({ address, error }) => [address, error]), [[at('one'), null], [at('two'), null]]) // prettier-ignore
  const pruned = user.json<{ copies: { address: string }[] }>(['prune', '--keep-last', '1', '--yes'], { env })
  assert.deepEqual(pruned.copies.map(({ address }) => address), [at('one'), at('two')]) // prettier-ignore
  assert.equal(user.run(['list', '--repo', 'one', '--repo', './one']).status, 2)
})

test('a backup that is removed while one copy is away is removed from that one by the same command', async () => {
  const { backups } = user.json<Listed>(['list', ...both])
  const { id = '' } = backups.find(({ copies }) => copies.length === 2) ?? {}
  const remove = ['remove', id, '--yes', '--even-last', ...both]
  const { error } = await withoutTwo(() => user.json<Failure>(remove, { status: 8 }))
  assert.match(error.hint, /Run it again when that is mended/)
  assert.deepEqual(errorsOf(user.json<Result>(remove)), [null, null])
  assert.equal(user.json<Listed>(['list', ...both]).backups.length, backups.length - 1)
})
