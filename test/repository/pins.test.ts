import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pinPrefix } from '../../src/repository/format/pin.ts'
import { admitHost, revokeHost } from '../../src/repository/keys.ts'
import { putManifest } from '../../src/repository/manifests.ts'
import { pinReason, putPin, readPins, removePins } from '../../src/repository/pins.ts'
import { failAt, openFaultyStorage } from '../../src/storage/faulty.ts'
import { newUnlocked, replaceObject, sampleManifest, textOf } from '../support/repository.ts'

async function withBackup() {
  const made = await newUnlocked()
  const credentials = made.hostCredentials
  const manifest = sampleManifest(credentials)
  await putManifest(made.storage, manifest, credentials)
  const pin = (reason = 'audit', second = 1) =>
    putPin({
      repository: made.repository,
      credentials,
      backup: manifest.id,
      when: new Date(`2026-11-22T00:00:0${second}Z`),
      reason,
      who: 'ada at laptop',
    })
  const pins = async () => (await readPins(made)).get(manifest.id) ?? []
  return { ...made, credentials, manifest, pin, pins }
}

test('a pin is read back, several keep together, and all go at once', async () => {
  const made = await withBackup()
  assert.deepEqual(await made.pins(), [])
  const first = await made.pin('audit 2026')
  await made.pin('lawyers', 2)
  const pins = await made.pins()
  assert.deepEqual(pins[0]?.pin, first)
  assert.equal(pinReason(pins), 'audit 2026; lawyers')
  assert.equal((await readPins({ ...made, backup: '20261121T013131Z-ffffffff' })).size, 0)
  assert.equal(await removePins({ ...made, backup: made.manifest.id }), 2)
  assert.deepEqual(await made.pins(), [])
  assert.equal(await removePins({ ...made, backup: made.manifest.id }), 0)
})

test('whatever lies among the pins keeps its backup, and says that it can not be read', async () => {
  const made = await withBackup()
  const { backup, pin } = await made.pin()
  const key = `${pinPrefix}${backup}/${pin}`
  const text = await textOf(made.storage, key)
  const wrong = [
    text.replace('audit', 'other'),
    text.replace(made.credentials.host, 'f'.repeat(16)),
    text.slice(0, -1),
    text.replace('holdfast pin 1', 'holdfast pin 2'),
    '',
  ]
  for (const object of wrong) {
    await replaceObject(made.storage, key, object)
    const [only] = await made.pins()
    assert.equal(only?.pin, null, object)
    assert.ok(only?.fault)
    assert.match(pinReason(await made.pins()), /can not be read/)
  }
  await replaceObject(made.storage, key, text)
  await made.storage.put(`${pinPrefix}${made.manifest.id.replace(/.$/, 'f')}/${pin}`, Buffer.from(text))
  const all = await readPins(made)
  assert.deepEqual([...all.values()].flat().map(({ pin: one }) => one === null), [false, true]) // prettier-ignore
})

test('a host that is not admitted pins nothing; the pins of one that was revoked still keep', async () => {
  const made = await withBackup()
  await made.pin()
  const context = { repository: made.repository, vault: made.vault, clock: made.clock }
  const { repository } = await admitHost({ ...context, name: 'beta' })
  const { repository: without } = await revokeHost({ ...context, repository, host: made.credentials.host, at: new Date('2030-01-01') }) // prettier-ignore
  await assert.rejects(
    putPin({ ...made, repository: without, backup: made.manifest.id, when: new Date(), reason: 'x', who: 'x' }), // prettier-ignore
    { code: 'host_not_admitted' },
  )
  assert.equal((await readPins({ repository: without })).get(made.manifest.id)?.[0]?.pin?.reason, 'audit')
})

test('a backup that is gone when it has been pinned is told', async () => {
  const made = await withBackup()
  await made.storage.delete(`manifests/${made.manifest.id}`)
  await assert.rejects(made.pin(), { code: 'backup_not_found' })
})

test('who may not delete takes no pin away', async () => {
  const made = await withBackup()
  await made.pin()
  const storage = openFaultyStorage(made.storage, failAt(1, 'delete', { kind: 'fail', code: 'storage_denied' })) // prettier-ignore
  await assert.rejects(removePins({ repository: { storage }, backup: made.manifest.id }), {
    code: 'storage_denied',
  })
  assert.equal((await made.pins()).length, 1)
})
