import type { Clock } from '../../lib/clock.ts'
import type { OnProgress } from '../../lib/progress.ts'
import { connect, type ServerAddress } from '../../postgres/connect.ts'
import type { BackupContents } from '../../repository/format/contents.ts'
import type { Manifest } from '../../repository/format/manifest.ts'
import { printHostFile } from '../../repository/hostfile.ts'
import { initRepository } from '../../repository/init.ts'
import { openRepository, openUnlocked } from '../../repository/open.ts'
import { readAllPieces } from '../../repository/pieces.ts'
import { beginBackup, readContents, readerOf } from '../../repository/session.ts'
import type { BackupWriter, HostCredentials } from '../../repository/types.ts'
import { putVerified } from '../../repository/verified.ts'
import { runBackup } from '../../snapshot/backup.ts'
import { openLocalStorage } from '../../storage/local.ts'
import type { Storage } from '../../storage/storage.ts'
import { runDrill } from '../../verify/drill.ts'
import { markOf } from '../../verify/mark.ts'
import { jobsOrDefault } from '../repository.ts'
import { writeSecretFile } from '../secret-file.ts'
import { liveDay, loseReviews } from './business.ts'
import type { Place } from './place.ts'

/** A backup of the past. */
export interface PastBackup {
  readonly manifest: Manifest
  readonly contents: BackupContents
}

export interface History {
  /** Oldest first. */
  readonly backups: readonly PastBackup[]
  readonly hostFile: string
  readonly identity: string
}

/** How many days ago backups were made: what a rule that keeps ten days and some weeks has left. */
const daysAgo = [34, 27, 20, 13, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
/** After this one somebody has cleaned up too much. */
const lossDaysAgo = 3
/** Drills take longest, and two show what they are. */
const drilledDaysAgo = [7, 1]
const dayMs = 86_400_000
const minuteMs = 60_000

/**
 * Makes the repository and the backups of five weeks, each by the engine itself from the shop as it was then: between two of them the shop
 * has lived so many days. The moments are those of the past by a clock of the past; that of the newest is a quarter of an hour ago.
 */
export async function makeHistory(o: {
  place: Place
  shop: ServerAddress
  clock: Clock
  signal: AbortSignal
  onProgress: OnProgress
}): Promise<History> {
  const { place, shop: address, signal } = o
  const now = o.clock.now().getTime()
  const night = (ago: number): number => now - ago * dayMs - 15 * minuteMs
  const storage = openLocalStorage(place.repository)
  const made = await initRepository({
    storage,
    clock: clockFrom(o.clock, night(daysAgo[0] ?? 0) - dayMs),
    hostName: 'demo',
    recipient: { kind: 'new-identity' },
    async save({ identityFile, hostCredentials }) {
      await writeSecretFile(place.identity, identityFile ?? '')
      await writeSecretFile(place.hostFile, printHostFile(hostCredentials))
    },
    signal,
  })
  const identity = made.identityFile ?? ''
  const credentials = made.hostCredentials
  await using connection = await connect({ address, signal })
  const backups: PastBackup[] = []
  for (const [at, ago] of daysAgo.entries()) {
    o.onProgress({ phase: 'making five weeks of backups', done: at, total: daysAgo.length, unit: 'objects' })
    const last = at === 0 ? ago + 1 : (daysAgo[at - 1] ?? ago)
    for (let day = last - 1; day >= ago; day--) {
      if (day === lossDaysAgo) await loseReviews(connection)
      await liveDay(connection, { day: 100 - day, until: new Date(night(day) - minuteMs) })
    }
    const clock = clockFrom(o.clock, night(ago))
    backups.push(await backUp({ storage, credentials, source: address, clock, signal }))
    if (drilledDaysAgo.includes(ago)) await drill({ storage, identity, clock, signal })
  }
  return { backups, hostFile: printHostFile(credentials), identity }
}

/** As the given one goes, from another moment on. */
function clockFrom(clock: Clock, moment: number): Clock {
  const shift = moment - clock.now().getTime()
  return { now: () => new Date(clock.now().getTime() + shift) }
}

async function backUp(o: {
  storage: Storage
  credentials: HostCredentials
  source: ServerAddress
  clock: Clock
  signal: AbortSignal
}): Promise<PastBackup> {
  const { storage, credentials, source, clock, signal } = o
  const repository = await openRepository({ storage, trust: { host: credentials }, signal })
  await using writer = await beginBackup({ repository, credentials, clock, signal })
  let manifest: Manifest | null = null
  // The moment is the server's, whose clock is that of today.
  const inThePast: BackupWriter = Object.assign(Object.create(writer) as BackupWriter, {
    commit: (given: Manifest): Promise<void> => {
      manifest = { ...given, moment: given.started }
      return writer.commit(manifest)
    },
  })
  const made = await runBackup({
    writer: inThePast,
    source,
    scope: { schemas: [], tables: [], excludeTables: [], excludeData: [] },
    proof: 'sampled',
    jobs: jobsOrDefault(undefined),
    lockTimeoutMs: 30_000,
    name: null,
    description: null,
    clock,
    signal,
  })
  return { manifest: manifest ?? made.manifest, contents: made.contents }
}

/** Drills the newest backup, and leaves the mark. */
async function drill(o: {
  storage: Storage
  identity: string
  clock: Clock
  signal: AbortSignal
}): Promise<void> {
  const { storage, identity, clock, signal } = o
  const { repository, vault } = await openUnlocked({ storage, identity, signal })
  const manifest = await repository.find('latest', { signal })
  await using reader = readerOf(repository, vault)
  const contents = await readContents(reader, manifest)
  const schemaText = await readAllPieces({ manifest, reader, pieces: contents.schema.pieces, signal })
  const jobs = jobsOrDefault(undefined)
  const { report, error } = await runDrill({ manifest, contents, schemaText, reader, jobs, clock, signal })
  if (error !== null) throw error
  await putVerified({ repository, vault, manifest, when: clock.now(), found: markOf(report), signal })
}
