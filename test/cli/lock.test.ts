import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockText } from '../../src/cli/lock.ts'
import { retainedText } from '../../src/cli/retained-text.ts'
import { parseHostFile } from '../../src/repository/hostfile.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { commandLine } from '../support/command-line.ts'
import { backUp } from '../support/prune.ts'

const cli = await commandLine()
const file = join(cli.directory, 'holdfast.json')
const nowhere = 'postgres://app@127.0.0.1:1/shop'

interface Failed {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string }
}

/** How a backup fails that does not get as far as its database. */
function fails(args: readonly string[], status: number): Failed['error'] {
  return cli.json<Failed>(['backup', ...args], { status }).error
}

const write = (text: object): Promise<void> =>
  writeFile(file, JSON.stringify({ version: 1, repository: 'repo', ...text }))

test('a repository on a disk is refused before anything is done, whoever asks for locks', async () => {
  const error = fails([nowhere, '--lock-for', '30d'], 7)
  assert.equal(error.code, 'storage_no_locks')
  assert.match(error.hint, /--lock-for/)
  await write({ lock: { for: '30d' } })
  assert.equal(fails([nowhere], 7).code, 'storage_no_locks')
  const source = { address: nowhere }
  await write({ sources: { shop: { ...source, lock: { for: '8w', mode: 'compliance' } } } })
  assert.equal(fails(['shop'], 7).code, 'storage_no_locks')
  await write({ lock: { for: '30d' }, sources: { shop: source } })
  assert.equal(fails(['shop'], 7).code, 'storage_no_locks')
  // Neither asks for any: the database is what can't be reached.
  assert.notEqual(fails(['shop', '--lock-for', 'none'], 6).code, 'storage_no_locks')
  await write({ sources: { shop: source } })
  assert.notEqual(fails(['shop'], 6).code, 'storage_no_locks')
})

test('what means nothing is refused', async () => {
  await write({})
  for (const args of [
    ['--lock-for', 'ever'],
    ['--lock-for', '3651d'],
    ['--lock-mode', 'governance'],
    ['--lock-for', '30d', '--lock-mode', 'hard'],
  ])
    assert.equal(fails([nowhere, ...args], 2).code, 'usage', args.join(' '))
  await write({ lock: { for: '30 days' } })
  assert.match(fails([nowhere], 2).message, /lock\.for/)
  await write({ lock: { mode: 'compliance' } })
  assert.match(fails([nowhere], 2).message, /lock\.for/)
})

test('what is locked until when is listed, shown and counted', async () => {
  await write({})
  const configuration = join(cli.directory, '.config/holdfast')
  const [repository = ''] = await readdir(configuration)
  const credentials = parseHostFile(await readFile(join(configuration, repository, 'host.json'), 'utf8'))
  const storage = openLocalStorage(join(cli.directory, 'repo'))
  const clock = { now: () => new Date() }
  await backUp({ storage, credentials, clock }, ['a'])
  const until = new Date(Math.ceil(Date.now() / 86_400_000 + 30) * 86_400_000)
  const lock = { until: until.toISOString(), mode: 'compliance' } as const
  const { id } = await backUp({ storage, credentials, clock }, ['b'], { format: 3, scope: null, lock })
  const day = new Date(until.getTime() - 1).toISOString().slice(0, 10)
  const list = cli.run(['list']).stdout
  assert.match(list, /LOCKED/)
  assert.match(list, new RegExp(`${id}.*until ${day}, compliance`))
  const listed = cli.json<{ backups: { lock?: unknown }[] }>(['list'])
  assert.deepEqual(listed.backups.map((backup) => backup.lock), [lock, undefined]) // prettier-ignore
  // As somebody without the identity: nothing in these backups is to be opened.
  assert.match(cli.run(['show', id], { HOME: '/nowhere' }).stdout, new RegExp(`Locked {2}until ${day}, compliance`)) // prettier-ignore
  assert.match(cli.run(['stats', 'repo']).stdout, new RegExp(`Locked: what 1 backup needs, .*until ${day}`))
  assert.equal(lockText(lock, new Date(until.getTime() + 1)), `was until ${day}`)
})

test('what a prune leaves to locks, and what its deletes do not free, is told', () => {
  const none = { objects: 0, bytes: 0, until: null }
  assert.equal(retainedText({ retained: none, keepsDeleted: false }), '')
  const retained = { objects: 2, bytes: 3000, until: new Date('2026-12-29T00:00:00Z') }
  assert.equal(
    retainedText({ retained, keepsDeleted: false }),
    ' Retained by locks: 3.0 kB in 2 chunks, the last until 2026-12-29 00:00 UTC.',
  )
  assert.match(
    retainedText({ retained: none, keepsDeleted: true }),
    /^ The bucket keeps versions: .* takes room/,
  )
})
