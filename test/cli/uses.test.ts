import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommandContext } from '../../src/cli/command.ts'
import { useBackup } from '../../src/cli/repository.ts'
import { manifestKey } from '../../src/repository/format/fields.ts'
import { readUses } from '../../src/repository/uses.ts'
import { backUp, prunePlace } from '../support/prune.ts'

test('a backup that a prune has removed after it was found is not read, and no mark of use stays', async () => {
  const place = await prunePlace()
  const { repository, storage, clock } = place
  const context = { out: { note: assert.fail, warn: assert.fail }, signal: new AbortController().signal }
  const use = (manifest: Awaited<ReturnType<typeof backUp>>) =>
    useBackup(context as unknown as CommandContext, { repository, manifest })
  const used = async () => [...(await readUses({ storage, now: clock.now() })).used]

  const manifest = await backUp(place, ['a'])
  const held = await use(manifest)
  assert.deepEqual(await used(), [manifest.id])
  await held[Symbol.asyncDispose]()
  await storage.delete(manifestKey(manifest.id))
  await assert.rejects(use(manifest), { code: 'backup_not_found' })
  assert.deepEqual(await used(), [])
})
