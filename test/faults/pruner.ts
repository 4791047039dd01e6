/**
 * Run as a program: prunes a repository again and again, until it is killed, and prints a line of JSON for each time. For it, time in the storage goes by
 * quicker: so whoever is silent for a minute is taken for dead, as otherwise after a day.
 */
import { readFileSync } from 'node:fs'
import { systemClock } from '../../src/lib/clock.ts'
import { runPrune } from '../../src/prune/prune.ts'
import { openRepository } from '../../src/repository/open.ts'
import { noRules } from '../../src/retention/policy.ts'
import type { S3Credentials } from '../../src/storage/s3/client.ts'
import type { ObjectInfo, Storage } from '../../src/storage/storage.ts'
import { hour } from '../support/prune.ts'
import { openRepositoryStorage } from './machine.ts'

/** What it is told, in the file that its argument names. */
export interface PrunerTask {
  /** A path, or `s3://...`. */
  readonly repository: string
  readonly credentials: S3Credentials | null
  /** In milliseconds: from then on time goes by quicker, by this factor. */
  readonly since: number
  readonly quicker: number
  /** The time of grace, in real milliseconds. */
  readonly graceMs: number
}

/** What a round has done. */
export interface PrunerRound {
  readonly backups: number
  readonly chunks: number
  /** Plans that wait for a writer. */
  readonly waits: number
}

/** The storage, with times that have gone by quicker. All of them in the same way, so what was earlier still is. */
function hastened(inner: Storage, { since, quicker }: PrunerTask): Storage {
  const hasten = (info: ObjectInfo): ObjectInfo => ({
    ...info,
    modified: new Date(since + (info.modified.getTime() - since) * quicker),
  })
  return {
    ...inner,
    async head(key, options) {
      const info = await inner.head(key, options)
      return info === null ? null : hasten(info)
    },
    async *list(prefix, options) {
      for await (const info of inner.list(prefix, options)) yield hasten(info)
    },
  }
}

const task: PrunerTask = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const storage = hastened(openRepositoryStorage(task.repository, task.credentials), task)
for (;;) {
  const { removed, waiting } = await runPrune({
    repository: await openRepository({ storage }),
    policy: { ...noRules, last: 1 },
    sources: null,
    restoresMs: 90 * 24 * hour,
    despiteRefused: false,
    graceMs: task.graceMs * task.quicker,
    clock: systemClock,
  })
  const round: PrunerRound = {
    backups: removed.backups.length,
    chunks: removed.chunks.objects,
    waits: waiting.length,
  }
  process.stdout.write(`${JSON.stringify(round)}\n`)
}
