import assert from 'node:assert/strict'
import { chmod, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { catalogKey } from '../../src/catalog/key-file.ts'
import { createSeal } from '../../src/catalog/seal.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('what is sealed opens in its place only, and only whole', () => {
  const seal = createSeal(randomBytes(32))
  const secrets = { password: 'correct horse', note: 'مفتاح' }
  const sealed = seal.seal('sources/1', secrets)
  assert.deepEqual(seal.open('sources/1', sealed), secrets)
  assert.ok(!sealed.includes('correct horse'))
  assert.notDeepEqual(seal.seal('sources/1', secrets), sealed, 'a nonce is never used twice')
  assert.throws(() => seal.open('sources/2', sealed), { code: 'catalog_key_wrong' })
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.throws(() => seal.open('sources/1', changed), { code: 'catalog_key_wrong' }, `byte ${at}`)
    assert.throws(() => seal.open('sources/1', sealed.subarray(0, at)), { code: 'catalog_key_wrong' })
  }
  assert.throws(() => createSeal(randomBytes(32)).open('sources/1', sealed), { code: 'catalog_key_wrong' })
})

test('the key is made once, closed to others, and never replaced', async (t) => {
  const directory = await temporaryDirectory(t)
  const path = join(directory, 'new', 'key')
  await assert.rejects(catalogKey({ path, make: false }), { code: 'catalog_key_missing' })
  const made = await Promise.all(Array.from({ length: 8 }, () => catalogKey({ path, make: true })))
  assert.equal(new Set(made.map((key) => key.toString('hex'))).size, 1)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(join(directory, 'new')), ['key'])
  await chmod(path, 0o640)
  await assert.rejects(catalogKey({ path, make: true }), /can be read by other users/)
  await chmod(path, 0o600)
  await writeFile(path, 'no key\n')
  await assert.rejects(catalogKey({ path, make: true }), { code: 'catalog_key_missing' })
})
