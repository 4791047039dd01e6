import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import type { BackupContents, Fingerprint } from '../../src/repository/format/contents.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import { readAllPieces } from '../../src/repository/pieces.ts'
import { readContents, readerOf } from '../../src/repository/session.ts'
import { planRestore } from '../../src/restore/plan.ts'
import { runRestore } from '../../src/restore/run.ts'
import { defaultRestoreOptions } from '../../src/restore/types.ts'
import { runDrill } from '../../src/verify/drill.ts'
import { addressOf } from '../support/address.ts'
import { failure, requireSame, stateOf } from '../support/journey.ts'
import { testServer } from '../support/postgres.ts'
import { expectedRepository as expected, vectorRepository } from '../support/repository-vector.ts'

/* Verified means compared: rows that are not what the source counted and hashed must be found, and the restore undone. */

/** What the source would have had to say for the restored rows to differ from it. */
const lies: Readonly<Record<string, { table: string; change: (print: Fingerprint) => Fingerprint }>> = {
  'one row more': { table: 'customer', change: (print) => ({ ...print, rows: print.rows + 1 }) },
  'other contents of a table': { table: 'customer', change: (print) => ({ ...print, hash: '1' }) },
  'other contents of a sampled range': {
    table: 'report',
    change: (print) => ({ ...print, samples: print.samples.map((sample) => ({ ...sample, hash: '1' })) }),
  },
  'rows in a table that was empty, loaded through its root': {
    table: 'event_1',
    change: (print) => ({ ...print, rows: 1 }),
  },
}

test('rows that are not what the source counted and hashed fail the restore and the drill, and are undone', async () => {
  const server = await testServer(17)
  const { repository, vault } = await openUnlocked({
    storage: await vectorRepository(),
    identity: expected.identity,
  })
  await using reader = readerOf(repository, vault, 1)
  const manifest = await repository.find(expected.backups[0]?.manifest.id ?? '')
  const truth = await readContents(reader, manifest)
  const schemaText = await readAllPieces({ manifest, reader, pieces: truth.schema.pieces })
  await using target = await server.database()
  const before = await stateOf(target.url)
  const address = addressOf(target.url)
  for (const [what, { table, change }] of Object.entries(lies)) {
    const contents = withLie(truth, table, change)
    const parts = { manifest, contents, schemaText, reader, clock: systemClock }
    const plan = await planRestore({ ...parts, target: address, options: defaultRestoreOptions })
    const error = await failure(runRestore({ ...parts, plan, target: address, jobs: 2 }), 'restore_differs')
    assert.match(error.message, table === 'event_1' ? /shop\.event/ : new RegExp(`shop\\.${table}`), what)
    requireSame(await stateOf(target.url), before, `the target after ${what}`)
  }
  const contents = withLie(truth, 'customer', (print) => ({ ...print, hash: '1' }))
  const { report, error } = await runDrill({
    manifest,
    contents,
    schemaText,
    reader,
    clock: systemClock,
    jobs: 1,
  })
  assert.equal(error?.code, 'drill_failed')
  assert.equal(error.details['code'], 'restore_differs')
  assert.equal(report.result, 'failed')
})

function withLie(
  contents: BackupContents,
  name: string,
  change: (print: Fingerprint) => Fingerprint,
): BackupContents {
  let changed = 0
  const tables = contents.tables.map((table) => {
    if (table.name !== name || table.fingerprint === null) return table
    changed += 1
    return { ...table, fingerprint: change(table.fingerprint) }
  })
  assert.equal(changed, 1)
  assert.notDeepEqual(tables, contents.tables)
  return { ...contents, tables }
}
