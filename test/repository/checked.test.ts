import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkRepository } from '../../src/repository/check.ts'
import { putChecked, readChecked } from '../../src/repository/checked.ts'
import { coverageOf } from '../../src/repository/coverage.ts'
import { fromBase64url } from '../../src/repository/crypto/base64url.ts'
import {
  checkedKey,
  decodeChecked,
  encodeChecked,
  slotCount,
  type CheckedMark,
} from '../../src/repository/format/checked.ts'
import { encodeSigned } from '../../src/repository/format/signed.ts'
import { openRepository } from '../../src/repository/open.ts'
import { readerOf } from '../../src/repository/session.ts'
import { tidyUp } from '../../src/prune/tidy.ts'
import { backUp, hour, keysBelow, prunePlace, type PrunePlace } from '../support/prune.ts'
import { replaceObject } from '../support/repository.ts'

const vectors = join(import.meta.dirname, '../vectors')
const read = <T>(name: string): T => JSON.parse(readFileSync(join(vectors, name), 'utf8')) as T
const trust = read<{ ownerKey: string; vault: { owner: string } }>('trust/expected.json')
const vector = read<{ key: string; object: string; mark: CheckedMark }>('checked.json')

test('the stored mark of a check of format 1 is read for ever, and written the same', () => {
  const bytes = new TextEncoder().encode(vector.object)
  assert.deepEqual(decodeChecked({ key: vector.key, ownerKey: trust.ownerKey, bytes }), vector.mark)
  const seed = fromBase64url(trust.vault.owner, 32) ?? assert.fail()
  assert.deepEqual(Buffer.from(encodeChecked(vector.mark, seed)), Buffer.from(bytes))
})

/** Backups of thirty rows that they share, and each of one more. */
async function placeWithBackups(): Promise<PrunePlace> {
  const place = await prunePlace()
  const rows = Array.from({ length: 30 }, (_, row) => `row ${row}`)
  for (const more of ['a', 'b', 'c']) await backUp(place, [...rows, more])
  return place
}

/** A check as any machine would make it: what it read by name, and what all checks have read by now. */
async function check(place: PrunePlace, share: number) {
  const { storage, vault } = place
  const repository = await openRepository({ storage })
  const read: string[] = []
  await using reader = readerOf(repository, vault, 1)
  const noting = { ...reader, read: (name: string) => (read.push(name), reader.read(name)) }
  const now = place.clock.now()
  const { arc, earlier, needed, report } = await checkRepository({ repository, reader: noting, share, now })
  assert.ok(arc)
  const found = { when: now.toISOString(), seconds: 0, ...arc, objects: report.read, bytes: report.bytesRead, hurt: 0 } // prettier-ignore
  place.clock.pass(1000)
  await putChecked({ repository, vault, after: earlier, found })
  return { read, coverage: coverageOf({ needed: needed.values(), arc, earlier: earlier.marks, now }) }
}

test('checks on any machines go round: after so many all was read, also where the share changes, and what came is told', async () => {
  const place = await placeWithBackups()
  const names = new Set((await keysBelow(place.storage, 'chunks/')).map((key) => key.slice(-64)))
  const read = new Set<string>()
  const shares: number[] = []
  for (const share of [0.1, 0.1, 0.3, 0.2, 0.1, 0.1, 0.1]) {
    place.clock.pass(24 * hour)
    const { read: now, coverage } = await check(place, share)
    for (const name of now) read.add(name)
    shares.push(coverage.share)
    assert.deepEqual([coverage.read.objects, coverage.unread.objects], [read.size, names.size - read.size])
  }
  assert.deepEqual(read, names)
  // A share that would hold no chunk reaches to the next one, so that now and then all was read one check early.
  assert.ok(shares.every((share, at) => share >= (shares[at - 1] ?? 0)), shares.join()) // prettier-ignore
  assert.deepEqual([shares.at(0) === 1, shares.at(-1)], [false, 1])

  place.clock.pass(24 * hour)
  const stored = place.clock.now()
  const made = await backUp(place, ['of the last backup'])
  place.clock.pass(24 * hour)
  const { coverage } = await check(place, 0.001)
  const [first, second] = made.chunks.map(([name]) => name)
  const { marks } = await readChecked({ repository: place.repository })
  const unread = [first, second].filter((name) => name !== undefined && !isRead(name, marks.slice(0, 1)))
  assert.equal(coverage.unread.objects, unread.length)
  assert.deepEqual(coverage.unreadSince, unread.length === 0 ? null : stored)

  const all = await check(place, 1)
  assert.equal(all.read.length, names.size + 2)
  assert.deepEqual([all.coverage.unread.objects, all.coverage.share], [0, 1])
  assert.equal(all.coverage.unreadSince, null)
})

function isRead(name: string, marks: readonly CheckedMark[]): boolean {
  const slot = Number.parseInt(name.slice(0, 4), 16)
  return marks.some(({ from, slots }) => (slot - from + slotCount) % slotCount < slots)
}

test('marks that nobody may make count for nothing, so that no share is left out', async () => {
  const place = await placeWithBackups()
  const { repository, storage, vault, credentials } = place
  const found = { when: '2026-11-28T03:00:00.000Z', seconds: 1, from: 0, slots: 9, objects: 1, bytes: 1, hurt: 0 } // prettier-ignore
  const after = { marks: [], refused: [] }
  const mark = await putChecked({ repository, vault, after, found })
  const sure = { format: 1, ...found, number: 7 }
  const hostSeed = fromBase64url(credentials.signingKey, 32) ?? assert.fail()
  const cases: [string, Uint8Array, string][] = [
    ['signed by a host', encodeSigned({ kind: 'checked', value: sure, signer: 'owner', seed: hostSeed }), 'manifest_forged'], // prettier-ignore
    ['another number', encodeChecked({ ...mark, number: 8 }, vault.ownerSeed), 'object_damaged'],
    ['cut off', encodeChecked({ ...mark, number: 7 }, vault.ownerSeed).subarray(0, -3), 'object_damaged'],
  ]
  for (const [what, bytes, code] of cases) {
    await replaceObject(storage, checkedKey(7), bytes)
    const { marks, refused } = await readChecked({ repository })
    assert.deepEqual([marks.map(({ number }) => number), refused.map((one) => one.code)], [[1], [code]], what)
  }
  // Where a name is taken by such an object, or by another check, the next is used.
  const second = await putChecked({ repository, vault, after, found: { ...found, objects: 2 } })
  assert.equal(second.number, 2)
  const { marks } = await readChecked({ repository })
  assert.deepEqual(marks.map(({ number }) => number), [2, 1]) // prettier-ignore
})

test('a prune leaves the marks that tell how far the checks have come', async () => {
  const { repository, vault, storage, clock } = await placeWithBackups()
  for (let number = 1; number <= 1003; number++)
    await storage.put(checkedKey(number), number < 1000 ? new Uint8Array() : encodeChecked({ ...vector.mark, number }, vault.ownerSeed)) // prettier-ignore
  await tidyUp({ repository, now: clock.now() })
  const left = await keysBelow(storage, 'checked/')
  assert.deepEqual([left.length, left[0]], [1000, checkedKey(4)])
})
