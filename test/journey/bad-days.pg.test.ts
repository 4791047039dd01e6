import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { chunkKey } from '../../src/repository/format/chunk-names.ts'
import { manifestKey } from '../../src/repository/format/fields.ts'
import { encodeManifest } from '../../src/repository/manifests.ts'
import { openRepository } from '../../src/repository/open.ts'
import { beginBackup } from '../../src/repository/session.ts'
import { failAt, fullAfter, openFaultyStorage } from '../../src/storage/faulty.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import {
  besideUrl,
  failure,
  newRepository,
  repositoryAt,
  requireSame,
  stateOf,
  type JourneyRepository,
  type MadeBackup,
} from '../support/journey.ts'
import { testServer, type TestDatabase, type TestServer } from '../support/postgres.ts'
import { replaceObject, setClock } from '../support/repository.ts'

let server: TestServer
let source: TestDatabase
let expected: Awaited<ReturnType<typeof stateOf>>

before(async () => {
  server = await testServer(18)
  source = await server.database()
  await source.query(`
    CREATE TABLE large (id int PRIMARY KEY, v text); INSERT INTO large SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, 2000) n;
    CREATE TABLE small (id int PRIMARY KEY REFERENCES large, v text); INSERT INTO small SELECT n, n FROM generate_series(1, 50) n;
    SELECT lo_from_bytea(0, decode(repeat('00ff', 9000), 'hex')); CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM large`)
  expected = await stateOf(source.url)
})

after(() => server.stop('immediate'))

/** Restores into a database of its own, and compares. */
async function requireRestores(repository: JourneyRepository, backup = 'latest'): Promise<void> {
  await using target = await server.database()
  await repository.restoreTo(target.url, { backup })
  requireSame(await stateOf(target.url), expected, `backup ${backup}`)
}

async function requireWhole(repository: JourneyRepository, backups: number): Promise<void> {
  const report = await repository.check()
  assert.equal(report.backups.length, backups)
  assert.deepEqual(report.refused, [])
  for (const { missing, damaged, sizeDiffers, unreadable } of report.backups)
    assert.deepEqual([...missing, ...damaged, ...sizeDiffers, ...unreadable], [])
}

async function keysOf(storage: Storage, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list(prefix)) keys.push(key)
  return keys.sort()
}

test('wrong password, wrong user, no such database, no server: each has its code, and nothing is stored', async () => {
  const repository = await newRepository(openMemoryStorage())
  await repository.backUp(source.url)
  const wrong = (change: (url: URL) => void): string => {
    const url = new URL(source.url)
    change(url)
    return url.href
  }
  const cases = [
    [wrong((url) => (url.password = 'wrong')), 'login_failed'],
    [wrong((url) => (url.username = 'nobody_here')), 'login_failed'],
    [wrong((url) => (url.pathname = '/no_such_database')), 'database_missing'],
    [wrong((url) => (url.port = '1')), 'connection_failed'],
  ] as const
  for (const [url, code] of cases) {
    const error = await failure(repository.backUp(url), code)
    assert.ok(!error.message.includes('wrong'), error.message)
    await failure(repository.restoreTo(url), code)
  }
  await requireWhole(repository, 1)
})

test('another identity than the repository is for opens nothing', async () => {
  const repository = await newRepository(openMemoryStorage())
  const other = await newRepository(openMemoryStorage())
  await repository.backUp(source.url)
  const thief = repositoryAt(repository.storage, other.identity, repository.credentials)
  await using target = await server.database()
  await failure(thief.restoreTo(target.url), 'identity_wrong')
  await failure(thief.drill(), 'identity_wrong')
  await failure(thief.check(), 'identity_wrong')
  const stranger = repositoryAt(repository.storage, repository.identity, other.credentials)
  await failure(stranger.backUp(source.url), 'host_not_admitted')
  await requireWhole(repository, 1)
})

test('what a newer Holdfast wrote is refused, not guessed at', async () => {
  const repository = await newRepository(openMemoryStorage())
  const { manifest, contents } = await repository.backUp(source.url)
  // A backup whose contents have a later format, signed as it should be.
  const { storage, credentials } = repository
  await using writer = await beginBackup({
    repository: await openRepository({ storage }),
    credentials,
    clock: { now: () => new Date('2030-11-21T01:31:31Z') },
  })
  const newer = { ...contents, format: 3 }
  const index = await writer.store(new TextEncoder().encode(JSON.stringify(newer)))
  const chunks = writer.chunks()
  await writer.commit({
    ...manifest,
    id: writer.id,
    sequence: writer.sequence,
    chunks,
    contents: chunks[index]?.[0] ?? '',
  })
  await using target = await server.database()
  const untouched = await stateOf(target.url)
  await failure(repository.restoreTo(target.url), 'repository_too_new')
  await failure(repository.drill(), 'repository_too_new')

  const header = new TextDecoder().decode(await storage.get('holdfast'))
  await replaceObject(
    storage,
    'holdfast',
    header.replace(/"format":\s*1/, '"format":2').replace(/^(\S+) 1/, '$1 2'),
  )
  for (const work of [repository.backUp(source.url), repository.restoreTo(target.url), repository.drill()])
    await failure(work, 'repository_too_new')
  requireSame(await stateOf(target.url), untouched, 'the target')
})

/** What becomes of one object, and for a chunk of another. */
const damages: Readonly<Record<string, (storage: Storage, key: string, other: string) => Promise<void>>> = {
  missing: (storage, key) => storage.delete(key),
  truncated: async (storage, key) => {
    const bytes = await storage.get(key)
    await replaceObject(storage, key, bytes.slice(0, bytes.length - 7))
  },
  empty: (storage, key) => replaceObject(storage, key, new Uint8Array()),
  'bit flipped': async (storage, key) => {
    const bytes = Uint8Array.from(await storage.get(key))
    const at = Math.floor(bytes.length * 0.7)
    bytes[at] = (bytes[at] ?? 0) ^ 4
    await replaceObject(storage, key, bytes)
  },
  swapped: async (storage, key, other) =>
    replaceObject(storage, key, Uint8Array.from(await storage.get(other))),
}

test('every kind of object, damaged in every way: refused with the right code, the target as it was, and found by the check', async () => {
  const repository = await newRepository(openMemoryStorage())
  const { storage } = repository
  const made = await repository.backUp(source.url)
  const rows = made.contents.tables.find((table) => table.name === 'large')?.ranges[0]?.pieces[0]?.chunk ?? -1
  const large = made.contents.largeObjects.ranges[0]?.pieces[0]?.chunk ?? -1
  const schema = made.contents.schema.pieces[0]?.chunk ?? -1
  const chunk = (index: number): string => chunkKey(made.manifest.chunks[index]?.[0] ?? '')
  const [keyset = ''] = await keysOf(storage, 'keys/')
  const manifest = manifestKey(made.manifest.id)
  // Object, what may be put in its place, and the codes that say so.
  const objects: [string, string, string, RegExp][] = [
    ['header', 'holdfast', keyset, /^(repository_missing|manifest_forged|object_damaged)$/],
    ['key set', keyset, 'holdfast', /^(object_missing|manifest_forged|object_damaged)$/],
    ['manifest', manifest, keyset, /^(backup_not_found|manifest_forged|object_damaged)$/],
    ['contents', chunkKey(made.manifest.contents), chunk(rows), /^object_(missing|damaged)$/],
    ['schema', chunk(schema), chunk(rows), /^object_(missing|damaged)$/],
    ['rows', chunk(rows), chunk(schema), /^object_(missing|damaged)$/],
    ['large objects', chunk(large), chunk(schema), /^object_(missing|damaged)$/],
  ]
  await using target = await server.database()
  const untouched = await stateOf(target.url)
  for (const [what, key, other, codes] of objects) {
    const original = Uint8Array.from(await storage.get(key))
    for (const [how, damage] of Object.entries(damages)) {
      await damage(storage, key, other)
      const label = `${what} ${how}`
      const error = await repository.restoreTo(target.url).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      assert.ok(isHoldfastError(error), `${label}: ${String(error)}`)
      assert.match(error.code, codes, label)
      assert.ok([3, 4].includes(error.exitCode), label)
      assert.ok(await reported(repository, key), label)
      await replaceObject(storage, key, original)
    }
  }
  requireSame(await stateOf(target.url), untouched, 'the target')

  // A drill says that the backup can't be restored, and why.
  await damages['bit flipped']?.(storage, chunk(rows), '')
  const drilled = await failure(repository.drill(), 'drill_failed')
  assert.equal(drilled.details['code'], 'object_damaged')
})

test('a chunk that is damaged and keeps its size is taken over, found by reading, and mended by removing it and backing up again', async () => {
  const repository = await newRepository(openMemoryStorage())
  const { storage } = repository
  const first = await repository.backUp(source.url)
  const rows =
    first.contents.tables.find((table) => table.name === 'large')?.ranges[0]?.pieces[0]?.chunk ?? -1
  const name = first.manifest.chunks[rows]?.[0] ?? ''
  await damages['bit flipped']?.(storage, chunkKey(name), '')
  // The host that backs up can open no chunk: to it this one looks as it should.
  const second = await repository.backUp(source.url)
  assert.ok(second.manifest.chunks.some(([other]) => other === name))
  assert.ok(second.manifest.totals.newChunks <= 1)
  assert.deepEqual(
    (await repository.check()).backups.map((backup) => [backup.id, backup.damaged]),
    [second, first].map(({ manifest }) => [manifest.id, [name]]),
  )

  await storage.delete(chunkKey(name))
  const third = await repository.backUp(source.url)
  const known = new Set([first, second].flatMap((made) => made.manifest.chunks.map(([other]) => other)))
  const others = third.manifest.chunks.filter(([other]) => !known.has(other))
  // The one that was removed, and contents that no backup had before.
  assert.equal(third.manifest.totals.newChunks, 1 + others.length, 'it is stored anew')
  await requireWhole(repository, 3)
  await requireRestores(repository, first.manifest.id)
})

/** Whether a check of the repository tells of the object, or can't even begin. */
async function reported(repository: JourneyRepository, key: string): Promise<boolean> {
  try {
    const report = await repository.check()
    const hurt = report.backups.flatMap((b) => [...b.missing, ...b.damaged, ...b.sizeDiffers].map(chunkKey))
    // A manifest that is gone leaves no trace but its chunks.
    const orphaned = report.backups.length === 0 && report.unreferenced.objects > 0
    return hurt.includes(key) || report.refused.some((one) => one.key === key) || orphaned
  } catch (error) {
    return isHoldfastError(error) && error.exitCode >= 3
  }
}

test('a manifest that nobody admitted has signed is no backup', async () => {
  const repository = await newRepository(openMemoryStorage())
  const other = await newRepository(openMemoryStorage())
  const { manifest } = await repository.backUp(source.url)
  const forged = {
    ...manifest,
    id: '20301121T013131Z-00000001',
    sequence: manifest.sequence + 1,
    host: other.credentials.host,
  }
  const signed = encodeManifest(forged, other.credentials)
  await repository.storage.put(manifestKey(forged.id), signed)
  // And one that names the right host, signed with the wrong key.
  const named = { ...forged, id: '20301121T013131Z-00000002', host: repository.credentials.host }
  const impostor = { ...repository.credentials, signingKey: other.credentials.signingKey }
  await repository.storage.put(manifestKey(named.id), encodeManifest(named, impostor))
  const report = await repository.check()
  assert.deepEqual(
    report.refused.map((one) => one.code),
    ['manifest_forged', 'manifest_forged'],
  )
  await using target = await server.database()
  for (const backup of [forged.id, named.id]) {
    const error = await repository.restoreTo(target.url, { backup }).catch((thrown: unknown) => thrown)
    assert.ok(isHoldfastError(error) && [3, 4].includes(error.exitCode), String(error))
  }
  await requireRestores(repository, manifest.id)
})

test('a storage that is full at any write: a clear error, no backup, and the next one works', async (t) => {
  const repository = await newRepository(openMemoryStorage())
  let failures = 0
  for (let n = 1; ; n++) {
    // Each time a new storage, or what was stored by the last attempt would be reused.
    const one = await newRepository(openMemoryStorage())
    const storage = openFaultyStorage(one.storage, failAt(n, 'put', { kind: 'fail', code: 'storage_full' }))
    const outcome = await one.backUp(source.url, { storage }).then(
      () => 'ok',
      (error: unknown) => (isHoldfastError(error) ? error.code : String(error)),
    )
    if (outcome === 'ok') break
    failures++
    assert.equal(outcome, 'storage_full')
    await requireWhole(one, 0)
    if (n % 3 === 1) {
      await one.backUp(source.url)
      await requireWhole(one, 1)
      await requireRestores(one)
    }
  }
  t.diagnostic(`${failures} writes`)
  assert.ok(failures >= 4)
  for (const room of [0, 300, 1000, 3000]) {
    const storage = openFaultyStorage(repository.storage, fullAfter(room))
    await failure(repository.backUp(source.url, { storage }), 'storage_full')
  }
  requireSame(await stateOf(source.url), expected, 'the source')
  await repository.backUp(source.url)
  await requireWhole(repository, 1)
})

test('an answer of the storage that is lost never makes a wrong backup', async (t) => {
  let lost = true
  let n = 0
  for (; lost; n++) {
    // Each time a new one: a backup asks the more the more there are, and would never come to its end.
    const repository = await newRepository(openMemoryStorage())
    const faults = failAt(n + 1, undefined, { kind: 'lost' })
    lost = false
    const storage = openFaultyStorage(repository.storage, (call) => {
      const fault = faults(call)
      if (fault !== null) lost = true
      return fault
    })
    const { ids } = await attempt(repository, storage)
    await requireWhole(repository, ids.length)
    if (ids.length > 0) await requireRestores(repository)
  }
  t.diagnostic(`${n - 1} answers`)
  assert.ok(n > 10)
})

async function attempt(
  repository: JourneyRepository,
  storage: Storage,
): Promise<{ ids: string[]; made: MadeBackup | null }> {
  const made = await repository.backUp(source.url, { storage }).catch((error: unknown) => {
    if (!isHoldfastError(error)) throw error
    assert.ok(error.exitCode > 0)
    return null
  })
  const ids = await repository.list()
  if (made) assert.ok(ids.includes(made.manifest.id))
  return { ids, made }
}

test('backups into one repository at once are all whole', async () => {
  const repository = await newRepository(openMemoryStorage())
  const made = await Promise.all([1, 2, 3].map(() => repository.backUp(source.url)))
  assert.equal(new Set(made.map((one) => one.manifest.id)).size, 3)
  await requireWhole(repository, 3)
  for (const { manifest } of made) await requireRestores(repository, manifest.id)
})

test('a clock that is set back by a day does not change which backup is the latest', async () => {
  const repository = await newRepository(openMemoryStorage())
  const clock = setClock('2026-11-21T12:00:00.000Z')
  await repository.backUp(source.url, { clock })
  clock.set('2026-11-20T12:00:00.000Z')
  const later = await repository.backUp(source.url, { clock })
  assert.equal((await repository.list())[0], later.manifest.id)
  const plan = await repository.planTo(besideUrl(server.url(), 'new'), { createDatabase: true })
  assert.equal(plan.backup, later.manifest.id)
})

test('a clock that is set back by a day in the middle of a backup leaves it whole, in its place, and of no negative length', async () => {
  const repository = await newRepository(openMemoryStorage())
  const first = await repository.backUp(source.url, { clock: setClock('2026-11-21T12:00:00.000Z') })
  let calls = 0
  const now = (): Date => new Date(Date.UTC(2026, 10, 21 - calls++, 12))
  const made = await repository.backUp(source.url, { clock: { now } })
  assert.ok(calls >= 2, 'the clock was asked again')
  const { id, sequence, started, finished } = made.manifest
  assert.match(id, /^20261121T120000Z-/)
  assert.equal(sequence, first.manifest.sequence + 1)
  assert.deepEqual([started, finished], ['2026-11-21T12:00:00.000Z', '2026-11-21T12:00:00.000Z'])
  const next = await repository.backUp(source.url, { clock: { now } })
  assert.deepEqual(await repository.list(), [next.manifest.id, id, first.manifest.id])
  await requireWhole(repository, 3)
  await requireRestores(repository, id)
})

test('cancelled at any moment: the code says so, nothing is left, and the next run works', async (t) => {
  const repository = await newRepository(openMemoryStorage())
  const cancelAfter = async (
    steps: number,
    work: (o: { signal: AbortSignal; onProgress: () => void }) => Promise<unknown>,
  ) => {
    const controller = new AbortController()
    let seen = 0
    const onProgress = (): void => {
      if (++seen < steps) return
      // Not in the callback itself: in the middle of what follows.
      setTimeout(() => controller.abort(new Error('Ctrl-C')), Math.random() * 60)
    }
    return await work({ signal: controller.signal, onProgress }).then(
      () => 'ok',
      (error: unknown) => (isHoldfastError(error) ? error.code : String(error)),
    )
  }
  const outcomes: string[] = []
  let backups = 0
  for (let steps = 1; steps <= 5; steps++) {
    const outcome = await cancelAfter(steps, (o) => repository.backUp(source.url, o))
    outcomes.push(outcome)
    assert.ok(['ok', 'cancelled'].includes(outcome), outcome)
    if (outcome === 'ok') backups++
    await requireWhole(repository, backups)
  }
  await repository.backUp(source.url)
  await using target = await server.database()
  const empty = await stateOf(target.url)
  for (let steps = 1; steps <= 8; steps++) {
    await using other = await server.database()
    const outcome = await cancelAfter(steps, (o) => repository.restoreTo(other.url, o))
    outcomes.push(outcome)
    assert.ok(['ok', 'cancelled'].includes(outcome), outcome)
    if (outcome === 'ok') continue
    const { problems } = await repository.planTo(other.url)
    assert.deepEqual(problems, [], `after ${steps} steps`)
    requireSame(await stateOf(other.url), empty, `after ${steps} steps`)
  }
  t.diagnostic(outcomes.join(' '))
  assert.ok(outcomes.filter((outcome) => outcome === 'cancelled').length >= 5)
  await requireRestores(repository)
})
