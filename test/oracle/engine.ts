import { systemClock } from '../../src/lib/clock.ts'
import { checkRepository } from '../../src/repository/check.ts'
import type { Manifest } from '../../src/repository/format/manifest.ts'
import { initRepository } from '../../src/repository/init.ts'
import { openRepository, openUnlocked } from '../../src/repository/open.ts'
import { createChunkCache, readAllPieces } from '../../src/repository/pieces.ts'
import { beginBackup, readContents, readerOf } from '../../src/repository/session.ts'
import type { HostCredentials } from '../../src/repository/types.ts'
import { planRestore } from '../../src/restore/plan.ts'
import { runRestore } from '../../src/restore/run.ts'
import {
  defaultRestoreOptions,
  type RestoreOptions,
  type RestorePlan,
  type RestoreReport,
} from '../../src/restore/types.ts'
import { runBackup } from '../../src/snapshot/backup.ts'
import type { Proof } from '../../src/snapshot/fingerprint.ts'
import { wholeDatabase } from '../../src/snapshot/scope.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { runDrill } from '../../src/verify/drill.ts'
import { addressOf } from '../support/address.ts'

/** A repository and what opens it: plain data, so that another process can be given it. */
export interface Place {
  readonly directory: string
  readonly identity: string
  readonly host: HostCredentials
}

export async function newPlace(directory: string): Promise<Place> {
  const made = await initRepository({
    storage: openLocalStorage(directory),
    clock: systemClock,
    hostName: 'oracle',
    recipient: { kind: 'new-identity' },
  })
  return { directory, identity: made.identityFile ?? '', host: made.hostCredentials }
}

export interface BackupCall {
  readonly place: Place
  readonly source: string
  readonly jobs: number
  readonly proof: Proof
  readonly storage?: Storage
  readonly signal?: AbortSignal
  /** Called now and then while it goes on. */
  readonly onStep?: () => void
}

/** Makes a backup as the command does: by a machine that holds no secret that decrypts. */
export async function backUp(o: BackupCall): Promise<Manifest> {
  const storage = o.storage ?? openLocalStorage(o.place.directory)
  const { signal } = o
  const repository = await openRepository({ storage, trust: { host: o.place.host } })
  await using writer = await beginBackup({
    repository,
    credentials: o.place.host,
    clock: systemClock,
    threads: 1,
    signal,
  })
  const { manifest } = await runBackup({
    writer,
    source: addressOf(o.source),
    scope: wholeDatabase,
    proof: o.proof,
    jobs: o.jobs,
    lockTimeoutMs: 60_000,
    name: null,
    description: null,
    clock: systemClock,
    signal,
    onProgress: () => o.onStep?.(),
  })
  return manifest
}

export interface RestoreCall {
  readonly place: Place
  readonly backup: string
  readonly target: string
  readonly jobs: number
  readonly options: Partial<RestoreOptions>
  readonly storage?: Storage
  readonly signal?: AbortSignal
  /** Called now and then while it goes on. */
  readonly onStep?: () => void
}

async function opened(o: { place: Place; backup: string; storage?: Storage }) {
  const storage = o.storage ?? openLocalStorage(o.place.directory)
  const { repository, vault } = await openUnlocked({ storage, identity: o.place.identity })
  const manifest = await repository.find(o.backup)
  const reader = readerOf(repository, vault, 1)
  const contents = await readContents(reader, manifest)
  const cache = createChunkCache({ reader })
  const schemaText = await readAllPieces({ manifest, reader, cache, pieces: contents.schema.pieces })
  return { repository, reader, manifest, contents, schemaText }
}

/** What a restore would do. */
export async function planOf(o: RestoreCall): Promise<RestorePlan> {
  const parts = await opened(o)
  await using _reader = parts.reader
  const options = { ...defaultRestoreOptions, ...o.options }
  return await planRestore({ ...parts, target: addressOf(o.target), options })
}

export async function restore(o: RestoreCall): Promise<RestoreReport> {
  const parts = await opened(o)
  await using _reader = parts.reader
  const { jobs, signal } = o
  const target = addressOf(o.target)
  const options = { ...defaultRestoreOptions, ...o.options }
  const plan = await planRestore({ ...parts, target, options, signal })
  const onProgress = (): void => o.onStep?.()
  return await runRestore({ ...parts, plan, target, jobs, clock: systemClock, signal, onProgress })
}

export async function drill(o: { place: Place; backup: string }) {
  const parts = await opened(o)
  await using _reader = parts.reader
  const { report, error } = await runDrill({ ...parts, jobs: 2, clock: systemClock })
  if (error !== null) throw error
  return report
}

/** Reads back all that the backups need. Resolves to what is wrong, in words. */
export async function damageOf(place: Place): Promise<string[]> {
  const storage = openLocalStorage(place.directory)
  const { repository, vault } = await openUnlocked({ storage, identity: place.identity })
  await using reader = readerOf(repository, vault, 1)
  const { report, refused } = await checkRepository({ repository, reader, share: 1, now: new Date(0) })
  return [
    ...refused.map((r) => `${r.key} was refused: ${r.reason}`),
    ...report.backups.flatMap((b) => {
      const wrong = [...b.missing, ...b.damaged, ...b.sizeDiffers, ...b.unreadable]
      return wrong.length === 0 ? [] : [`${b.id}: ${wrong.length} chunks missing or damaged`]
    }),
  ]
}

export async function backupsIn(place: Place): Promise<string[]> {
  const repository = await openRepository({ storage: openLocalStorage(place.directory) })
  return (await repository.manifests()).backups.map((b) => b.id)
}
