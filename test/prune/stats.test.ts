import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureRepository } from '../../src/prune/stats.ts'
import { backUp, begin, hour, prunePlace } from '../support/prune.ts'
import { bytesOf } from '../support/chunks.ts'
import { storeRestore } from '../support/restores.ts'

test('sizes are told by source and backup, and add up to what is stored', async () => {
  const place = await prunePlace()
  const first = await backUp(place, ['a', 'b', 'of both'])
  place.clock.pass(20 * 24 * hour)
  const second = await backUp(place, ['b', 'c'])
  const other = await backUp(place, ['of both', 'x'], { source: 'ef'.repeat(32) })
  await storeRestore(place)
  await using writer = await begin(place)
  await writer.store(bytesOf('of a backup under way'))
  const stats = await measureRepository(place)
  const unique = new Map(stats.backups.map((backup) => [backup.id, backup.unique.objects]))
  // Of each its own row and its contents; "b" is of two backups of one source, "of both" of two sources.
  assert.deepEqual([first, second, other].map(({ id }) => unique.get(id)), [2, 2, 2]) // prettier-ignore
  const bySource = new Map(stats.sources.map((one) => [one.source, one]))
  assert.equal(bySource.get(first.source)?.stored.objects, 5)
  assert.equal(bySource.get(first.source)?.backups, 2)
  assert.equal(bySource.get(other.source)?.stored.objects, 2)
  // The shared row, two of a restore, and what its two documents hold.
  assert.equal(stats.others.objects, 5)
  assert.equal(stats.unneeded.objects, 1)
  assert.equal(stats.stored.objects, 5 + 2 + 5 + 1)
  const parts = [...stats.sources.map(({ stored }) => stored), stats.others, stats.unneeded]
  assert.equal(
    parts.reduce((sum, { bytes }) => sum + bytes, 0),
    stats.stored.bytes,
  )
  const { grown } = bySource.get(first.source) ?? assert.fail()
  assert.deepEqual(
    [grown.days7, grown.days30],
    [second.totals.newStoredBytes, first.totals.newStoredBytes + second.totals.newStoredBytes],
  )
})
