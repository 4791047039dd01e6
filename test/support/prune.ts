import type { Clock } from '../../src/lib/clock.ts'
import { previewPrune, runPrune } from '../../src/prune/prune.ts'
import type { PruneReport, PruneRequest } from '../../src/prune/types.ts'
import { noRules, type RetentionPolicy } from '../../src/retention/policy.ts'
import { chunkKey } from '../../src/repository/format/chunk-names.ts'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import { initRepository } from '../../src/repository/init.ts'
import { openRepository, openUnlocked } from '../../src/repository/open.ts'
import { beginBackup, readerOf } from '../../src/repository/session.ts'
import type { BackupWriter, HostCredentials, Repository, Vault } from '../../src/repository/types.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { bytesOf } from './chunks.ts'
import { sampleManifest } from './repository.ts'

export const hour = 3_600_000

/** A clock that goes on only when it is told to, from the start of 2026-11-01. */
export function movingClock(): Clock & { pass(ms: number): void } {
  let now = Date.parse('2026-11-01T00:00:00Z')
  return { now: () => new Date(now), pass: (ms) => void (now += ms) }
}

export interface PrunePlace {
  readonly storage: Storage
  /** Of the storage, and of those who back up if they are given no other. */
  readonly clock: ReturnType<typeof movingClock>
  readonly repository: Repository
  readonly vault: Vault
  readonly credentials: HostCredentials
  readonly identity: string
}

/** A repository in memory, or in `storage`, whose storage has a clock of its own. */
export async function prunePlace(given?: Storage): Promise<PrunePlace> {
  const clock = movingClock()
  const storage = given ?? openMemoryStorage({ clock })
  const made = await initRepository({
    storage,
    clock,
    hostName: 'alpha',
    recipient: { kind: 'new-identity' },
  })
  const identity = made.identityFile ?? ''
  const { repository, vault } = await openUnlocked({ storage, identity })
  return { storage, clock, repository, vault, credentials: made.hostCredentials, identity }
}

type Credentials = Pick<PrunePlace, 'storage' | 'credentials'>

/** Begins a backup as another machine would: it knows the storage and its host file. */
export async function begin({
  storage,
  credentials,
  clock,
}: Credentials & { readonly clock: Clock }): Promise<BackupWriter> {
  const repository = await openRepository({ storage, trust: { host: credentials } })
  return await beginBackup({ repository, credentials, clock, threads: 1 })
}

/** Stores these rows, each as a chunk, and the manifest that names them. */
export async function finish(
  { credentials, clock }: { readonly credentials: HostCredentials; readonly clock: Clock },
  writer: BackupWriter,
  rows: readonly string[],
  changes: Partial<Manifest> = {},
): Promise<Manifest> {
  for (const text of rows) await writer.store(bytesOf(text))
  // Like the contents of a backup: a chunk of its own.
  const index = await writer.store(bytesOf(JSON.stringify({ id: writer.id, rows })))
  const chunks = writer.chunks()
  const at = clock.now().toISOString()
  const manifest = sampleManifest(credentials, {
    id: writer.id,
    sequence: writer.sequence,
    started: at,
    moment: at,
    finished: at,
    contents: chunks[index]?.[0] ?? '',
    chunks,
    ...changes,
  })
  await writer.commit(manifest)
  return manifest
}

/** A whole backup of these rows. */
export async function backUp(
  place: Credentials & { readonly clock: Clock },
  rows: readonly string[],
  changes: Partial<Manifest> = {},
): Promise<Manifest> {
  await using writer = await begin(place)
  return await finish(place, writer, rows, changes)
}

/** Prunes as a machine does that has no secret. Without a policy the last backup is kept. */
export async function prune(
  { storage, clock }: { readonly storage: Storage; readonly clock: Clock },
  policy: Partial<RetentionPolicy> = { last: 1 },
  changes: Partial<PruneRequest> & { readonly graceMs?: number } = {},
): Promise<PruneReport> {
  return await runPrune(await requestOf({ storage, clock }, policy, changes))
}

/** What `prune` would do. */
export async function preview(
  { storage, clock }: { readonly storage: Storage; readonly clock: Clock },
  policy: Partial<RetentionPolicy> = { last: 1 },
): Promise<Awaited<ReturnType<typeof previewPrune>>> {
  return await previewPrune(await requestOf({ storage, clock }, policy, {}))
}

async function requestOf(
  { storage, clock }: { readonly storage: Storage; readonly clock: Clock },
  policy: Partial<RetentionPolicy>,
  changes: Partial<PruneRequest> & { readonly graceMs?: number },
) {
  return {
    repository: await openRepository({ storage }),
    policy: { ...noRules, ...policy },
    sources: null,
    restoresMs: 90 * 24 * hour,
    despiteRefused: false,
    graceMs: 24 * hour,
    clock,
    ...changes,
  }
}

/** Reads every chunk of every backup back. Throws if one is missing or is not what it was; ids of the backups, newest first. */
export async function readAll({
  storage,
  identity,
}: Pick<PrunePlace, 'storage' | 'identity'>): Promise<string[]> {
  const { repository, vault } = await openUnlocked({ storage, identity })
  await using reader = readerOf(repository, vault, 1)
  const { backups, refused } = await repository.manifests()
  if (refused.length > 0) throw new Error(JSON.stringify(refused))
  const read = new Set<string>()
  for (const { id } of backups) {
    const { chunks } = await repository.find(id)
    for (const [name] of chunks) if (!read.has(name)) await reader.read(name)
    for (const [name] of chunks) read.add(name)
  }
  return backups.map(({ id }) => id)
}

/** As `readAll`, but only that each chunk is there: for memory, which damages nothing, and where reading would take long. */
export async function wholeBackups({ storage }: { readonly storage: Storage }): Promise<string[]> {
  const repository = await openRepository({ storage })
  const stored = new Set(await keysBelow(storage, 'chunks/'))
  const { backups, refused } = await repository.manifests({
    visit({ id, chunks }) {
      for (const [name] of chunks) if (!stored.has(chunkKey(name))) throw new Error(`${id} lacks ${name}`)
    },
  })
  if (refused.length > 0) throw new Error(JSON.stringify(refused))
  return backups.map(({ id }) => id)
}

/** Keys below a prefix. */
export async function keysBelow(storage: Storage, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list(prefix)) keys.push(key)
  return keys.sort()
}
