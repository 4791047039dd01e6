/**
 * Run as a program: does with a repository of many backups what reads all of their manifests, and prints a line after each.
 * Its heap can be limited from outside.
 */
import { createHash } from 'node:crypto'
import { checkRepository } from '../../src/repository/check.ts'
import type { ManifestChunk } from '../../src/repository/format/manifest.ts'
import { chunkKey, chunkPrefix } from '../../src/repository/format/chunk-names.ts'
import { revokeHost } from '../../src/repository/keys.ts'
import { putManifest } from '../../src/repository/manifests.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import { beginBackup } from '../../src/repository/session.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { previewPrune } from '../../src/prune/prune.ts'
import { noRules } from '../../src/retention/policy.ts'
import { newUnlocked, sampleManifest } from './repository.ts'

const [backups = 0, chunksOfEach = 0] = process.argv.slice(2).map(Number)
const chunks = Array.from({ length: chunksOfEach }, (_, i): ManifestChunk => {
  return [createHash('sha256').update(`${i}`).digest('hex'), 4096, 300]
})

const owner = await newUnlocked()
/** The chunks themselves are not there, but they are listed. One has another size, so that a check must say of which backups. */
const storage: Storage = {
  ...owner.storage,
  async *list(prefix, options) {
    yield* owner.storage.list(prefix, options)
    if (prefix !== chunkPrefix) return
    for (const [i, [name]] of chunks.entries())
      yield { key: chunkKey(name), size: i === 7 ? 299 : 300, modified: new Date(0) }
  },
}
const { hostCredentials: credentials, identity } = owner
for (let i = 0; i < backups; i++) {
  const contents = chunks[0]?.[0] ?? ''
  await putManifest(storage, sampleManifest(credentials, { chunks, contents }), credentials)
}
const { repository, vault } = await openUnlocked({ storage, identity })

const listed = (await repository.manifests()).backups
process.stdout.write(`listed ${listed.length} of ${listed[0]?.chunks}\n`)
const { chunks: latest } = await repository.find('latest')
process.stdout.write(`latest has ${latest.length}\n`)
{
  await using writer = await beginBackup({ ...owner, repository, credentials, threads: 1 })
  process.stdout.write(`began number ${writer.sequence}\n`)
}
const { report } = await checkRepository({ repository, reader: null, share: 0, now: new Date(0) })
const hurt = report.backups.filter(({ sizeDiffers }) => sizeDiffers.length === 1)
process.stdout.write(`checked ${report.objects}, hurt ${hurt.length}\n`)
const shown = await previewPrune({
  repository,
  policy: { ...noRules, last: 1 },
  sources: null,
  restoresMs: 0,
  graceMs: 0,
  despiteRefused: false,
  clock: owner.clock,
})
const going = shown.decisions.filter(({ keep }) => !keep)
process.stdout.write(`prune would remove ${going.length} and free ${shown.frees.objects}\n`)
const context = { repository, vault, clock: owner.clock }
const at = new Date('2030-01-01')
const revoked = await revokeHost({ ...context, host: credentials.host, at })
const accepts = revoked.repository.keyset.hosts[0]?.revoked?.accepts
process.stdout.write(`revoked with ${accepts?.length}\n`)
