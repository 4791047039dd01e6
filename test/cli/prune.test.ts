import assert from 'node:assert/strict'
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { keepMeant, keepOptions } from '../../src/cli/keep.ts'
import { parseHostFile } from '../../src/repository/hostfile.ts'
import { noRules } from '../../src/retention/policy.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { commandLine } from '../support/command-line.ts'
import { backUp } from '../support/prune.ts'

const cli = await commandLine()
const storage = openLocalStorage(join(cli.directory, 'repo'))
const day = 24 * 3_600_000

interface Pruned {
  readonly decisions: readonly { readonly id: string; readonly keep: boolean; readonly reasons: readonly { readonly rule: string }[] }[] // prettier-ignore
  readonly frees: { readonly objects: number; readonly bytes: number }
  readonly removed: { readonly backups: readonly string[] }
  readonly planned: { readonly backups: readonly string[] } | null
}

/** Backups of the last days, without a database. */
async function fill(days: number): Promise<string[]> {
  const configuration = join(cli.directory, '.config/holdfast')
  const [repository = ''] = await readdir(configuration)
  const credentials = parseHostFile(await readFile(join(configuration, repository, 'host.json'), 'utf8'))
  const ids: string[] = []
  for (let ago = days; ago > 0; ago--) {
    const clock = { now: () => new Date(Date.now() - ago * day) }
    ids.push((await backUp({ storage, credentials, clock }, [`row ${ago}`, 'shared'])).id)
  }
  return ids
}

/** Lets all objects be as old as they would be had some days passed. */
async function age(days: number): Promise<void> {
  for await (const { key, modified } of storage.list('')) {
    const then = new Date(modified.getTime() - days * day)
    await utimes(join(storage.address, key), then, then)
  }
}

test('backups are pruned from the command line as it said before, and pinned ones stay', async () => {
  const ids = await fill(5)
  const [oldest = '', second = ''] = ids
  await age(2)
  const refused = cli.run(['prune', '--yes'])
  assert.equal(refused.status, 2)
  assert.match(refused.stderr, /which backups are to be kept/)
  assert.equal(cli.run(['prune', '--keep-last', '1', '--grace', '30m', '--yes']).status, 2)
  assert.equal(cli.run(['prune', '--keep-last', '1', '--zone', 'Mars', '--yes']).status, 2)

  assert.equal(cli.run(['pin', oldest, '--reason', 'before 4.0']).status, 0)
  const listed = cli.run(['list'])
  assert.match(listed.stdout, /PINNED/)
  assert.match(listed.stdout, new RegExp(`${oldest}.*before 4\\.0`))
  // As somebody without the identity: nothing in these backups is to be opened.
  assert.match(cli.run(['show', oldest], { HOME: '/nowhere' }).stdout, /Pinned {2}before 4\.0 \(.* at /)

  const dry = cli.json<Pruned>(['prune', '--keep-last', '2', '--dry-run'])
  assert.deepEqual(dry.decisions.map(({ keep }) => keep), [true, true, false, false, true]) // prettier-ignore
  assert.equal(dry.frees.objects, 4)
  const text = cli.run(['prune', '--keep-last', '2', '--dry-run']).stdout
  assert.match(text, new RegExp(`${second}.*goes.*no rule keeps it`))
  assert.match(text, new RegExp(`${oldest}.*kept.*pinned: before 4\\.0`))
  // Without a terminal nobody can agree.
  assert.equal(cli.run(['prune', '--keep-last', '2']).status, 7)

  const planned = cli.json<Pruned>(['prune', '--keep-last', '2', '--yes'])
  assert.deepEqual(planned.planned?.backups.toSorted(), ids.slice(1, 3).toSorted())
  await age(2)
  const done = cli.run(['prune', '--keep-last', '2', '--yes'])
  assert.match(done.stdout, /Removed 2 backups and 4 chunks/, done.stderr)
  assert.equal(cli.json<{ backups: unknown[] }>(['list']).backups.length, 3)
  assert.equal(cli.run(['check']).status, 0)

  const unpinned = cli.run(['unpin', oldest])
  assert.match(unpinned.stdout, /not pinned any more/)
  const stats = cli.run(['stats', 'repo', '--keep-last', '2'])
  assert.match(stats.stdout, /would remove 1 backup and free/, stats.stderr)
})

type Given = Parameters<typeof keepMeant>[0]
type Configured = Parameters<typeof keepMeant>[1]

test('rules that are given stand in place of all that are configured, also of how many may be', () => {
  const none = Object.fromEntries(Object.keys(keepOptions).map((name) => [name, undefined]))
  const given = (options: object): ReturnType<typeof keepMeant> =>
    keepMeant({ ...none, ...options } as Given, { last: 5, maxCount: 3 } as Configured)
  assert.deepEqual({ ...given({ keepLast: 30 }).policy }, { ...noRules, last: 30 })
  assert.equal(given({}).policy.maxCount, 3)
  assert.equal(given({ maxCount: 4 }).policy.maxCount, 4)
})

test('rules may stand in the configuration of a source', async () => {
  const file = join(cli.directory, 'holdfast.json')
  const write = (keep: object): Promise<void> =>
    writeFile(file, JSON.stringify({ version: 1, repository: 'repo', sources: { shop: { address: 'postgres://a@b/shop', keep } } })) // prettier-ignore
  await write({ last: 1, zone: 'Europe/Berlin', grace: '2h' })
  const { decisions } = cli.json<Pruned>(['prune', '--source', 'shop', '--dry-run'])
  assert.equal(decisions.filter(({ keep }) => keep).length, 1)
  await write({ within: '30 days' })
  assert.match(cli.run(['prune', '--source', 'shop', '--dry-run']).stderr, /sources\.shop\.keep\.within/)
})
