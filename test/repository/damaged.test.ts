import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkRepository } from '../../src/repository/check.ts'
import { isHurt } from '../../src/repository/check-chunks.ts'
import { readDamaged } from '../../src/repository/damaged.ts'
import { fromBase64url } from '../../src/repository/crypto/base64url.ts'
import { chunkKey, chunkName, mendedPrefix } from '../../src/repository/format/chunk-names.ts'
import {
  damagedKey,
  decodeDamaged,
  encodeDamaged,
  type DamagedList,
} from '../../src/repository/format/damaged.ts'
import { signingSeedOf } from '../../src/repository/hostfile.ts'
import { noteDamage } from '../../src/repository/note-damage.ts'
import { openRepository } from '../../src/repository/open.ts'
import { readerOf } from '../../src/repository/session.ts'
import type { Host, HostCredentials } from '../../src/repository/types.ts'
import { failAt, openFaultyStorage } from '../../src/storage/faulty.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import { bytesOf } from '../support/chunks.ts'
import { backUp, hour, keysBelow, prune, prunePlace, readAll, wholeBackups, type PrunePlace } from '../support/prune.ts' // prettier-ignore
import { replaceAll, replaceObject } from '../support/repository.ts'

const vectors = join(import.meta.dirname, '../vectors')
const read = <T>(name: string): T => JSON.parse(readFileSync(join(vectors, name), 'utf8')) as T
const trust = read<{ host: HostCredentials; ownerKey: string; vault: { owner: string } }>(
  'trust/expected.json',
)
const vector = read<{ key: string; object: string; list: DamagedList }>('damaged.json')

test('the stored list of what is hurt of format 1 is read for ever, and written the same', () => {
  const bytes = new TextEncoder().encode(vector.object)
  const keyset = { ownerKey: trust.ownerKey, hosts: [] }
  assert.deepEqual(decodeDamaged({ key: vector.key, keyset, bytes }), vector.list)
  const seed = fromBase64url(trust.vault.owner, 32) ?? assert.fail()
  assert.deepEqual(Buffer.from(encodeDamaged(vector.list, { id: 'owner', seed })), Buffer.from(bytes))
})

const keyOf = ({ vault }: PrunePlace, row: string): string =>
  chunkKey(chunkName(vault.namingKey, bytesOf(row)))

/** Changes a byte in the middle of a chunk, as a disk might. */
async function damage(place: PrunePlace, row: string): Promise<void> {
  const key = keyOf(place, row)
  const bytes = await place.storage.get(key)
  await replaceObject(
    place.storage,
    key,
    bytes.map((byte, at) => (at === bytes.length - 9 ? byte ^ 4 : byte)),
  )
}

/** A check that reads everything, or nothing; what it found is written down. Ids of the backups that are hurt. */
async function check(place: PrunePlace, how: 'read' | 'list' = 'read'): Promise<string[]> {
  const { storage, vault, credentials, clock } = place
  const repository = await openRepository({ storage })
  await using reader = how === 'read' ? readerOf(repository, vault, 1) : null
  const when = clock.now()
  const result = await checkRepository({ repository, reader, share: 1, now: when })
  const signer =
    how === 'read'
      ? { id: 'owner', seed: vault.ownerSeed }
      : { id: credentials.host, seed: signingSeedOf(credentials) }
  await noteDamage({ place: repository, result, signer, when })
  return result.report.backups.filter(isHurt).map(({ id }) => id)
}

/** As `list` tells it. */
const known = async ({ storage }: PrunePlace) => await readDamaged(await openRepository({ storage }))

test('a damaged chunk is found, marked, and stored anew by the next backup that has its rows: earlier backups are whole again', async () => {
  const place = await prunePlace()
  const first = await backUp(place, ['a', 'b'])
  const second = await backUp(place, ['b', 'c'])
  const other = await backUp(place, ['d'])
  assert.deepEqual(await check(place), [])
  assert.deepEqual(await keysBelow(place.storage, 'damaged/'), [], 'nothing is written while nothing is hurt')
  await damage(place, 'b')
  const before = await place.storage.get(keyOf(place, 'b'))

  // A host that backs up can't see it.
  assert.deepEqual(await check(place, 'list'), [])
  assert.deepEqual(await check(place), [second.id, first.id])
  assert.deepEqual((await known(place)).backups, [second.id, first.id])
  assert.deepEqual((await known(place)).chunks.map(({ fault }) => fault), ['damaged']) // prettier-ignore
  // Once it is known, a check that only lists tells it, too; and nothing is written twice.
  assert.deepEqual(await check(place, 'list'), [second.id, first.id])
  assert.deepEqual(await check(place), [second.id, first.id])
  assert.equal((await known(place)).number, 1)

  // Whoever lacks the rows mends nothing.
  await backUp(place, ['a', 'd'])
  assert.deepEqual((await known(place)).backups, [second.id, first.id])
  await assert.rejects(readAll(place), { code: 'object_damaged' })

  const mending = await backUp(place, ['b', 'e'])
  assert.deepEqual(await known(place).then(({ chunks, backups }) => [chunks, backups]), [[], []])
  assert.equal((await keysBelow(place.storage, mendedPrefix)).length, 1)
  assert.deepEqual(await place.storage.get(keyOf(place, 'b')), before, 'nothing was written over')
  assert.deepEqual(
    await readAll(place),
    [mending, ...(await backups(place)).slice(1)].map(({ id }) => id),
  )
  assert.deepEqual(await check(place), [])
  assert.ok([first, second, other].every(({ id }) => id !== mending.id))

  // And from now on it is taken over as any other.
  const later = await backUp(place, ['b'])
  assert.equal((await keysBelow(place.storage, mendedPrefix)).length, 1)
  assert.ok(later.chunks.some(([name]) => chunkKey(name) === keyOf(place, 'b')))
})

const backups = async ({ repository }: PrunePlace) => (await repository.manifests()).backups

test('what is missing, or of another size, is marked by a host, and mended by a backup without any right to delete', async () => {
  const place = await prunePlace()
  const first = await backUp(place, ['a', 'b', 'c'])
  await place.storage.delete(keyOf(place, 'a'))
  await replaceObject(place.storage, keyOf(place, 'b'), (await place.storage.get(keyOf(place, 'b'))).subarray(4)) // prettier-ignore
  assert.deepEqual(await check(place, 'list'), [first.id])
  assert.deepEqual(
    new Set((await known(place)).chunks.map(({ fault }) => fault)),
    new Set(['missing', 'size']),
  )
  const storage = openFaultyStorage(place.storage, ({ method }) =>
    method === 'delete' ? { kind: 'fail', code: 'storage_denied' } : null,
  )
  const second = await backUp({ ...place, storage }, ['a', 'b'])
  assert.deepEqual((await known(place)).backups, [])
  assert.deepEqual(await readAll(place), [second.id, first.id])
  assert.deepEqual(await check(place, 'list'), [])
  assert.deepEqual(await check(place), [])
})

test('a copy that mends and is damaged itself is found and mended again', async () => {
  const place = await prunePlace()
  await backUp(place, ['a'])
  await damage(place, 'a')
  await check(place)
  await backUp(place, ['a'])
  const [copy = ''] = await keysBelow(place.storage, mendedPrefix)
  await replaceObject(place.storage, copy, (await place.storage.get(copy)).map((byte) => byte ^ 1)) // prettier-ignore
  assert.equal((await check(place)).length, 2)
  await backUp(place, ['a'])
  assert.equal((await keysBelow(place.storage, mendedPrefix)).length, 2)
  assert.equal((await readAll(place)).length, 3)
  assert.deepEqual(await check(place), [])
})

test('a backup that is killed at any call while it mends leaves what was hurt hurt, or mended, and the next one mends it', async () => {
  const prepared = await prunePlace()
  await backUp(prepared, ['a', 'b'])
  await damage(prepared, 'b')
  await check(prepared)
  for (let number = 1; ; number++) {
    const place = { ...prepared, storage: openMemoryStorage({ clock: prepared.clock }) }
    await replaceAll(prepared.storage, place.storage)
    let reached = false
    const storage = openFaultyStorage(place.storage, (call) => {
      reached ||= call.number === number
      return call.number >= number ? { kind: 'fail' } : null
    })
    const made = await backUp({ ...place, storage }, ['b', 'c']).catch(() => null)
    if (!reached) {
      assert.ok(number > 12 && made !== null, `${number} calls`)
      break
    }
    // Nothing is listed as whole that is not.
    if ((await known(place)).backups.length === 0) await readAll(place)
    await backUp(place, ['b'])
    assert.deepEqual((await known(place)).backups, [], `call ${number}`)
    await readAll(place)
  }
})

test('a prune takes copies that mend with the chunk that they mend, and leaves the others', async () => {
  const place = await prunePlace()
  await backUp(place, ['a', 'b'])
  for (const row of ['a', 'b']) await damage(place, row)
  await check(place)
  await backUp(place, ['a', 'b'])
  await place.storage.delete(keyOf(place, 'a'))
  place.clock.pass(48 * hour)
  const last = await backUp(place, ['b'])
  for (let round = 0; round < 3; round++) {
    place.clock.pass(25 * hour)
    await prune(place, { last: 1 })
  }
  assert.deepEqual(await wholeBackups(place), [last.id])
  assert.deepEqual(await readAll(place), [last.id])
  const copies = await keysBelow(place.storage, mendedPrefix)
  assert.equal(copies.length, 1)
  assert.ok(copies[0]?.includes(keyOf(place, 'b').slice(-64)))
})

test('a backup that is marked as damaged takes no place of another', async () => {
  const place = await prunePlace()
  const ids: string[] = []
  for (const row of ['a', 'b', 'c']) {
    ids.push((await backUp(place, [row])).id)
    place.clock.pass(24 * hour)
  }
  await damage(place, 'c')
  await check(place)
  for (let round = 0; round < 3; round++) {
    place.clock.pass(25 * hour)
    await prune(place, { last: 1 })
  }
  // The newest whole one stays, and so does the damaged one, which may be mended.
  assert.deepEqual(await wholeBackups(place), [ids[2], ids[1]])
})

test('a list that nobody may write counts for nothing, and two who write at once both count', async () => {
  const place = await prunePlace()
  const first = await backUp(place, ['a', 'b'])
  await damage(place, 'a')
  await check(place)
  const list = { ...vector.list, number: 2, chunks: [], backups: [] }
  const stranger = new Uint8Array(32).fill(3)
  const cases: [string, Uint8Array, string][] = [
    ["signed in the owner's name", encodeDamaged(list, { id: 'owner', seed: stranger }), 'manifest_forged'],
    ['by a host that nobody knows', encodeDamaged(list, { id: '00'.repeat(8), seed: stranger }), 'manifest_forged'], // prettier-ignore
    ['of another number', encodeDamaged({ ...list, number: 9 }, { id: 'owner', seed: place.vault.ownerSeed }), 'object_damaged'], // prettier-ignore
    ['cut off', encodeDamaged(list, { id: 'owner', seed: place.vault.ownerSeed }).subarray(9), 'object_damaged'], // prettier-ignore
  ]
  for (const [what, bytes, code] of cases) {
    await replaceObject(place.storage, damagedKey(2), bytes)
    const { backups: hurt, refused } = await known(place)
    assert.deepEqual([hurt, refused.map((one) => one.code)], [[first.id], [code]], what)
  }
  const host: Host | undefined = place.repository.keyset.hosts[0]
  const revoked = { ...place.repository.keyset, hosts: [{ ...(host ?? assert.fail()), revoked: { at: first.moment, accepts: [] } }] } // prettier-ignore
  const signer = { id: place.credentials.host, seed: signingSeedOf(place.credentials) }
  const bytes = encodeDamaged(list, signer)
  assert.throws(() => decodeDamaged({ key: damagedKey(2), keyset: revoked, bytes }), { code: 'manifest_forged' }) // prettier-ignore

  // The number is taken by rubbish: the next is used. And of two checks that find other things neither is lost.
  await damage(place, 'b')
  await check(place)
  assert.deepEqual((await known(place)).chunks.length, 2)
  assert.equal((await known(place)).number, 3)
  await Promise.all([backUp(place, ['a']), backUp(place, ['b'])])
  assert.deepEqual((await known(place)).chunks, [])
  await readAll(place)
})

test('a check that the storage fails when it writes down what it found fails, and writes it down the next time', async () => {
  const place = await prunePlace()
  const first = await backUp(place, ['a'])
  await damage(place, 'a')
  const storage = openFaultyStorage(place.storage, failAt(1, 'put'))
  await assert.rejects(check({ ...place, storage }), { code: 'storage_failed' })
  assert.deepEqual((await known(place)).backups, [])
  await check(place)
  assert.deepEqual((await known(place)).backups, [first.id])
})
