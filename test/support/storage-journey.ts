import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Storage } from '../../src/storage/storage.ts'
import type { CommandLine } from './command-line.ts'
import { besideUrl, requireSame, stateOf } from './journey.ts'
import type { TestServer } from './postgres.ts'
import { prune } from './prune.ts'

/**
 * From init to a prune by the command line, with the repository at `address`: backups of a database that changes, listed, shown, checked, drilled,
 * restored and pruned. `storage`: the same repository, for what the command line has no patience for.
 */
export async function storageJourney(
  t: TestContext,
  o: {
    readonly server: TestServer
    readonly line: CommandLine
    readonly address: string
    readonly env: Readonly<Record<string, string>>
    readonly storage: Storage
  },
): Promise<void> {
  const { server, storage } = o
  const env = { ...o.env, HOLDFAST_REPO: o.address }
  const json = <T>(args: readonly string[]): T => o.line.json<T>(args, { env })
  const source = await server.database()
  t.after(() => source.drop())
  await source.query(`
    CREATE TABLE people (id int PRIMARY KEY, mail text);
    CREATE TABLE orders (id int PRIMARY KEY, person int REFERENCES people, note text);
    INSERT INTO people SELECT i, 'mail-' || i FROM generate_series(1, 300) i;
    INSERT INTO orders SELECT i, 1 + i % 300, md5(i::text) FROM generate_series(1, 5000) i`)

  const made = json<{ repository: { address: string } }>(['init', o.address])
  assert.equal(made.repository.address, o.address)
  json(['backup', source.url, '--proof', 'full'])
  await source.query(`UPDATE orders SET note = 'changed' WHERE id % 50 = 0`)
  const before = await stateOf(source.url)
  json(['backup', source.url, '--proof', 'full', '--limit-rate', '50MB/s', '--storage-requests', '2'])
  const { backups } = json<{ backups: { id: string }[] }>(['list'])
  assert.equal(backups.length, 2)
  assert.equal(json<{ backup: { id: string } }>(['show', 'latest']).backup.id, backups[0]?.id)
  json(['drill', 'latest'])

  assert.equal(json<{ planned: { backups: string[] } }>(['prune', '--keep-last', '1', '--yes']).planned.backups.length, 1) // prettier-ignore
  const { removed } = await prune({ storage, clock: { now: () => new Date() } }, { last: 1 }, { graceMs: 0 })
  assert.equal(removed.backups.length, 1)
  json(['check', '--read-data', 'all'])
  const restored = besideUrl(source.url, `restored_${o.address.split(':')[0]}`)
  t.after(() => server.query(`DROP DATABASE IF EXISTS ${new URL(restored).pathname.slice(1)} WITH (FORCE)`))
  json(['restore', 'latest', '--to', restored, '--create-database', '--no-quarantine'])
  requireSame(await stateOf(restored), before, 'what was restored from the storage')
}
