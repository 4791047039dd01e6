import type { Clock } from '../../lib/clock.ts'
import type { OnProgress } from '../../lib/progress.ts'
import type { ServerAddress } from '../../postgres/connect.ts'
import type { BackupContents } from '../../repository/format/contents.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import { printHostFile } from '../../repository/hostfile.ts'
import { initRepository } from '../../repository/init.ts'
import { openRepository, openUnlocked } from '../../repository/open.ts'
import { readAllPieces } from '../../repository/pieces.ts'
import { beginBackup, readContents, readerOf } from '../../repository/session.ts'
import type { ChunkReader } from '../../repository/types.ts'
import { planRestore } from '../../restore/plan.ts'
import { runRestore } from '../../restore/run.ts'
import { defaultRestoreOptions, type RestoreReport } from '../../restore/types.ts'
import { runBackup } from '../../snapshot/backup.ts'
import { openLocalStorage } from '../../storage/local.ts'
import type { Storage } from '../../storage/storage.ts'
import { runDrill } from '../../verify/drill.ts'
import type { DrillReport } from '../../verify/types.ts'
import { jobsOrDefault } from '../repository.ts'
import { problemsError } from '../restore-text.ts'
import { writeSecretFile } from '../secret-file.ts'
import type { Place } from './place.ts'

/** The tour's repository, and what the commands do with it. */
export interface Keeper {
  readonly storage: Storage
  backUp(
    source: ServerAddress,
    onProgress: OnProgress,
  ): Promise<{ manifest: Manifest; contents: BackupContents }>
  /** Opens the newest backup with an identity: its own, or another that is tried. */
  open(identity?: string): Promise<OpenBackup>
  restore(target: ServerAddress, onProgress: OnProgress): Promise<RestoreReport>
  drill(onProgress: OnProgress): Promise<DrillReport>
}

export interface OpenBackup {
  readonly manifest: Manifest
  readonly contents: BackupContents
  readonly schemaText: Uint8Array
  readonly reader: ChunkReader
  [Symbol.asyncDispose](): Promise<void>
}

/** Makes the repository. Its keys are written to the tour's own directory, not where a user keeps the real ones. */
export async function createKeeper(o: { place: Place; clock: Clock; signal: AbortSignal }): Promise<Keeper> {
  const { place, clock, signal } = o
  const storage = openLocalStorage(place.repository)
  const made = await initRepository({
    storage,
    clock,
    hostName: 'tour',
    recipient: { kind: 'new-identity' },
    async save({ identityFile, hostCredentials }) {
      await writeSecretFile(place.identity, identityFile ?? '')
      await writeSecretFile(place.hostFile, printHostFile(hostCredentials))
    },
    signal,
  })
  const own = made.identityFile ?? ''
  const credentials = made.hostCredentials
  const jobs = jobsOrDefault(undefined)

  async function open(identity = own): Promise<OpenBackup> {
    const { repository, vault } = await openUnlocked({ storage, identity, signal })
    const manifest = await repository.find('latest', { signal })
    const reader = readerOf(repository, vault)
    try {
      const contents = await readContents(reader, manifest)
      const schemaText = await readAllPieces({ manifest, reader, pieces: contents.schema.pieces, signal })
      return {
        manifest,
        contents,
        schemaText,
        reader,
        [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
      }
    } catch (error) {
      await reader[Symbol.asyncDispose]()
      throw error
    }
  }

  return {
    storage,
    open,
    async backUp(source, onProgress) {
      const repository = await openRepository({ storage, trust: { host: credentials }, signal })
      await using writer = await beginBackup({ repository, credentials, clock, signal })
      return await runBackup({
        writer,
        source,
        scope: { schemas: [], tables: [], excludeTables: [], excludeData: [] },
        proof: 'full',
        jobs,
        lockTimeoutMs: 30_000,
        name: null,
        description: null,
        clock,
        signal,
        onProgress,
      })
    },
    async restore(target, onProgress) {
      await using backup = await open()
      const options = { ...defaultRestoreOptions, createDatabase: true }
      const plan = await planRestore({ ...backup, target, options, signal })
      if (plan.problems.length > 0) throw problemsError(plan)
      return await runRestore({ ...backup, plan, target, jobs, clock, signal, onProgress })
    },
    async drill(onProgress) {
      await using backup = await open()
      const { report, error } = await runDrill({ ...backup, jobs, clock, signal, onProgress })
      if (error !== null) throw error
      return report
    },
  }
}
