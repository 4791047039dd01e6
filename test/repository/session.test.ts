import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admitHost, revokeHost } from '../../src/repository/keys.ts'
import { openRepository } from '../../src/repository/open.ts'
import { beginBackup } from '../../src/repository/session.ts'
import { newUnlocked, sampleManifest } from '../support/repository.ts'

test('a host that is revoked while it backs up makes no backup, and is told', async () => {
  const owner = await newUnlocked()
  const admitted = await admitHost({ ...owner, name: 'beta' })
  const { credentials } = admitted
  const repository = await openRepository({ storage: owner.storage, trust: { host: credentials } })
  await using writer = await beginBackup({ ...owner, repository, credentials, threads: 1 })
  await revokeHost({ ...owner, ...admitted, host: credentials.host, at: owner.clock.now() })
  await assert.rejects(writer.commit(sampleManifest(credentials, { id: writer.id })), {
    code: 'host_not_admitted',
  })
  const { backups, refused } = await repository.manifests()
  assert.deepEqual([backups, refused], [[], []])
})
