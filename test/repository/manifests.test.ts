import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeSigned } from '../../src/repository/format/signed.ts'
import { decodeManifest, encodeManifest, putManifest, trustHosts } from '../../src/repository/manifests.ts'
import { openRepository } from '../../src/repository/open.ts'
import { summarize, type Manifest } from '../../src/repository/format/manifest.ts'
import { newRepository, replaceObject, sampleManifest, textOf } from '../support/repository.ts'

const code = (name: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === name

async function withBackups(...changes: Partial<Manifest>[]) {
  const made = await newRepository()
  const { storage, hostCredentials } = made
  const manifests = changes.map((change) => sampleManifest(hostCredentials, change))
  for (const manifest of manifests) await putManifest(storage, manifest, hostCredentials)
  const repository = await openRepository({ storage, trust: { host: hostCredentials } })
  return { ...made, manifests, repository }
}

const id = (serial: number) => `20261121T01313${serial}Z-0000000${serial}`

test('manifests come back as they were, newest first by sequence whatever the clocks said', async () => {
  const { repository, manifests } = await withBackups(
    { id: id(1), sequence: 2, name: 'before the migration', description: 'two\nlines' },
    { id: id(2), sequence: 3, moment: '2020-01-01T00:00:00.000Z' },
    { id: id(3), sequence: 1, moment: '2030-01-01T00:00:00.000Z' },
    { id: id(4), sequence: 3, moment: '2026-01-01T00:00:00.000Z' },
  )
  const { backups, refused } = await repository.manifests()
  assert.deepEqual(refused, [])
  assert.deepEqual(
    backups.map((backup) => backup.id),
    [id(4), id(2), id(1), id(3)],
  )
  const seen: Manifest[] = []
  await repository.manifests({ visit: (manifest) => seen.push(manifest) })
  assert.deepEqual(
    backups,
    [3, 1, 0, 2].map((i) => manifests[i] && summarize(manifests[i])),
  )
  assert.deepEqual(new Set(seen), new Set(manifests))
  assert.deepEqual(await repository.find('latest'), manifests[3])
})

test('more backups than are read at once', async () => {
  const { repository } = await withBackups(...Array.from({ length: 100 }, () => ({})))
  assert.equal((await repository.manifests()).backups.length, 100)
})

test('find by id, by beginning, or not at all', async () => {
  const { repository, manifests } = await withBackups(
    { id: '20261121T013131Z-8f3a9c21' },
    { id: '20261121T013131Z-8e000000' },
    { id: '20251121T013131Z-8f3a9c21' },
  )
  assert.deepEqual(await repository.find('20261121T013131Z-8f3a9c21'), manifests[0])
  assert.deepEqual(await repository.find('20261121T013131Z-8f'), manifests[0])
  assert.deepEqual(await repository.find('2025'), manifests[2])
  await assert.rejects(repository.find('2026'), code('backup_ambiguous'))
  for (const reference of ['2024', '', '../holdfast', '.*', '20261121T013131Z-8f3a9c22']) {
    await assert.rejects(repository.find(reference), code('backup_not_found'))
  }
  const empty = await withBackups()
  await assert.rejects(empty.repository.find('latest'), code('backup_not_found'))
})

test('a manifest that is stored again is no error; another under its name is', async () => {
  const { storage, hostCredentials, manifests } = await withBackups({ name: 'one' })
  const [manifest] = manifests
  assert.ok(manifest)
  await putManifest(storage, manifest, hostCredentials)
  await assert.rejects(
    putManifest(storage, { ...manifest, name: 'two' }, hostCredentials),
    code('storage_failed'),
  )
})

test('forged, edited, swapped, truncated and newer manifests are refused one by one, and find says why', async () => {
  const { storage, hostCredentials, repository } = await withBackups({ id: id(1) }, { id: id(2) })
  const stranger = await newRepository()
  const good = await textOf(storage, `manifests/${id(1)}`)
  const signedAs = (host: string, manifest: object) =>
    encodeSigned({
      kind: 'manifest',
      value: manifest,
      signer: host,
      seed: new Uint8Array(Buffer.from(hostCredentials.signingKey, 'base64url')),
    })
  const mine = sampleManifest(hostCredentials, { id: id(1) })
  const cases: [string, Uint8Array | string, string][] = [
    [
      'signed by a stranger',
      encodeManifest(sampleManifest(stranger.hostCredentials, { id: id(1) }), stranger.hostCredentials),
      'manifest_forged',
    ],
    [
      "signed by a stranger in the host's name",
      encodeManifest(mine, { ...hostCredentials, signingKey: stranger.hostCredentials.signingKey }),
      'manifest_forged',
    ],
    ['edited', good.replace('"major":17', '"major":16'), 'manifest_forged'],
    ['edited signature', good.replace(/.{5}\n$/, 'AAAAA\n'), 'manifest_forged'],
    ['renamed', await textOf(storage, `manifests/${id(2)}`), 'object_damaged'],
    ['truncated', good.slice(0, -10), 'object_damaged'],
    ['empty', '', 'object_damaged'],
    ['header in its place', await textOf(storage, 'holdfast'), 'object_damaged'],
    ['newer version', good.replace('holdfast manifest 1', 'holdfast manifest 2'), 'repository_too_new'],
    ['newer format', signedAs(hostCredentials.host, { ...mine, format: 4 }), 'repository_too_new'],
    [
      'format 3 without its lock',
      signedAs(hostCredentials.host, { ...mine, scope: null, format: 3 }),
      'object_damaged',
    ],
    ['format 2 without its scope', signedAs(hostCredentials.host, { ...mine, format: 2 }), 'object_damaged'],
    ['scope in format 1', signedAs(hostCredentials.host, { ...mine, scope: null }), 'object_damaged'],
    ['unknown field', signedAs(hostCredentials.host, { ...mine, more: 1 }), 'object_damaged'],
    [
      'negative count',
      signedAs(hostCredentials.host, { ...mine, totals: { ...mine.totals, rows: -1 } }),
      'object_damaged',
    ],
    ['fraction', signedAs(hostCredentials.host, { ...mine, sequence: 1.5 }), 'object_damaged'],
    [
      'no such day',
      signedAs(hostCredentials.host, { ...mine, moment: '2026-13-41T00:00:00Z' }),
      'object_damaged',
    ],
    ['escape sequence', signedAs(hostCredentials.host, { ...mine, name: 'a\u001b[2Jb' }), 'object_damaged'],
    [
      'chunk twice',
      signedAs(hostCredentials.host, { ...mine, chunks: [...mine.chunks, ...mine.chunks] }),
      'object_damaged',
    ],
    [
      'contents missing',
      signedAs(hostCredentials.host, { ...mine, contents: 'ef'.repeat(32) }),
      'object_damaged',
    ],
    [
      'path as chunk',
      signedAs(hostCredentials.host, { ...mine, contents: '../../etc', chunks: [['../../etc', 1, 1]] }),
      'object_damaged',
    ],
    [
      'other host inside',
      signedAs(hostCredentials.host, { ...mine, host: '0'.repeat(16) }),
      'manifest_forged',
    ],
  ]
  for (const [what, data, expected] of cases) {
    await replaceObject(storage, `manifests/${id(1)}`, data)
    const { backups, refused } = await repository.manifests()
    assert.deepEqual(
      backups.map((backup) => backup.id),
      [id(2)],
      what,
    )
    assert.deepEqual(
      refused.map((entry) => [entry.key, entry.code]),
      [[`manifests/${id(1)}`, expected]],
      what,
    )
    await assert.rejects(repository.find(id(1)), code(expected), what)
    await assert.rejects(repository.find(id(1).slice(0, 16)), code(expected), what)
    // It is older than the newest good one, so that one is the latest beyond doubt.
    assert.equal((await repository.find('latest')).id, id(2), what)
  }
})

test('"latest" never quietly means an older one because the newest is damaged', async () => {
  const { storage, repository } = await withBackups({ id: id(1) }, { id: id(2) })
  await replaceObject(storage, `manifests/${id(2)}`, 'nonsense')
  await assert.rejects(repository.find('latest'), code('object_damaged'))
  assert.equal((await repository.find(id(1))).id, id(1))
})

test('a bit flipped anywhere is found', async () => {
  const { storage, repository } = await withBackups({ id: id(1) })
  const key = `manifests/${id(1)}`
  const good = await storage.get(key)
  const hosts = trustHosts(repository.keyset.hosts)
  for (let bit = 0; bit < good.length * 8; bit += 7) {
    const bytes = Uint8Array.from(good)
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    await assert.rejects(decodeManifest({ key, bytes, hosts }))
  }
  assert.equal((await decodeManifest({ key, bytes: good, hosts })).id, id(1))
})

test('a storage that fails is an error, never a shorter list', async () => {
  const { storage, repository } = await withBackups({ id: id(1) }, { id: id(2) })
  const broken = { ...storage, get: async () => await Promise.reject(new Error('connection reset')) }
  const { repositoryOf } = await import('../../src/repository/repository.ts')
  await assert.rejects(repositoryOf({ ...repository, storage: broken }).manifests(), /connection reset/)
})

test('a manifest that no reader would accept is not written', async () => {
  const { storage, hostCredentials } = await withBackups()
  const wrong = sampleManifest(hostCredentials, { lsn: 'nowhere' })
  await assert.rejects(putManifest(storage, wrong, hostCredentials), code('internal'))
  assert.equal(await storage.head(`manifests/${wrong.id}`), null)
})
