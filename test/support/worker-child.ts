/** Run as a program: a worker of its own process, to be killed, and perhaps a scheduler. Takes its task as JSON in its first argument. */
import { readFile } from 'node:fs/promises'
import { openCatalog } from '../../src/catalog/catalog.ts'
import { createSeal } from '../../src/catalog/seal.ts'
import type { CommandLine } from '../../src/jobs/command.ts'
import { openQueue } from '../../src/jobs/queue.ts'
import { startScheduler } from '../../src/jobs/scheduler.ts'
import { startWorker } from '../../src/jobs/worker.ts'
import { addressOf } from './address.ts'

export interface WorkerTask {
  readonly url: string
  /** Of the seal, base64url. */
  readonly key: string
  readonly name: string
  readonly leaseSeconds: number
  readonly commandLine: CommandLine
  /** A file that holds the time, if there is to be a scheduler too. */
  readonly clockFile?: string
}

const { url, key, clockFile, ...rest } = JSON.parse(process.argv[2] ?? '') as WorkerTask
const seal = createSeal(Buffer.from(key, 'base64url'))
const catalog = await openCatalog({ address: addressOf(url), seal, connections: 3 })
const queue = await openQueue(catalog.system, { first: 1, most: 1 })
const log = (): void => undefined
const worker = startWorker({ catalog, queue, slots: 2, pollMs: 100, log, ...rest })
if (clockFile !== undefined) {
  startScheduler({
    database: catalog.system,
    queue,
    now: async () => new Date(await readFile(clockFile, 'utf8')),
    random: Math.random,
    everyMs: 30,
    log,
    onBegun: worker.wake,
  })
}
