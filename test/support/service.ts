import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { asOwner } from '../../src/catalog/claims.ts'
import { addRepository } from '../../src/catalog/repositories.ts'
import { addSource } from '../../src/catalog/sources.ts'
import type { CommandLine } from '../../src/jobs/command.ts'
import { enqueue, type NewJob } from '../../src/jobs/enqueue.ts'
import { jobKind } from '../../src/jobs/kinds.ts'
import { openQueue, type Queue } from '../../src/jobs/queue.ts'
import { startWorker, type Worker, type WorkerOptions } from '../../src/jobs/worker.ts'
import { printHostFile } from '../../src/repository/hostfile.ts'
import { newCatalog, type TestCatalog } from './catalog.ts'
import { newRepository, type JourneyRepository } from './journey.ts'
import { compileCache, mainProgram } from './main-program.ts'
import type { TestServer } from './postgres.ts'
import type { WorkerTask } from './worker-child.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...compileCache }

/** The real command line. */
export const realCommands: CommandLine = {
  program: process.execPath,
  arguments: ['--disable-warning=ExperimentalWarning', ...mainProgram],
  env,
}

/** One that does what the name of a backup says: job-command.ts. */
export const playedCommands: CommandLine = { ...realCommands, arguments: [here('./job-command.ts')] }

export interface JobRow extends Record<string, unknown> {
  readonly id: string
  readonly status: string
  readonly attempt: number
  readonly result: Record<string, unknown> | null
  readonly error: { code: string; message: string; hint: string } | null
  readonly progress: Record<string, unknown> | null
}

/** A catalog with a queue, a repository and a source, and what tests do with them. */
export interface TestService {
  readonly catalog: TestCatalog
  readonly queue: Queue
  readonly directory: string
  readonly repository: JourneyRepository & { readonly id: string }
  /** Adds a source at this address; its id. */
  addSource(name: string, url: string): Promise<string>
  enqueue(
    job: Partial<Omit<NewJob, 'kind'>> & { kind?: string; sourceId: string | null },
  ): Promise<{ id: string; made: boolean }>
  /** Starts a worker with short times. It is stopped with the test file. */
  worker(options?: Partial<WorkerOptions>): Worker
  /** Starts a worker in a process of its own, with short times. It is killed with the test file, at the latest. */
  workerProcess(options?: Partial<Omit<WorkerTask, 'key'>>): ChildProcess
  job(id: string): Promise<JobRow>
  /** Waits until the job is as it is wanted; fails with how it is if that takes very long. */
  until(id: string, wanted: (job: JobRow) => boolean): Promise<JobRow>
  log(id: string): Promise<string[]>
}

export async function newService(server: TestServer): Promise<TestService> {
  const catalog = await newCatalog(server)
  const { system, seal } = catalog
  const queue = await openQueue(system, { first: 1, most: 1 })
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-test-'))
  const repository = await newRepository(join(directory, 'repo'))
  const secrets = { hostFile: printHostFile(repository.credentials), identity: repository.identity }
  const address = join(directory, 'repo')
  const { id } = await addRepository(system, { seal, name: 'main', address, secrets })
  // Tests say for themselves where jobs are to wait.
  await system.query('UPDATE holdfast.repositories SET max_jobs = 100')
  const workers: Worker[] = []
  after(async () => {
    await Promise.all(workers.map((worker) => worker.stop(0)))
    await queue[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  const job = async (jobId: string): Promise<JobRow> => {
    const [row] = await system.query<JobRow>(
      'SELECT id, status, attempt, worker, result, error, progress, not_before FROM holdfast.jobs WHERE id = $1',
      [jobId],
    )
    if (row === undefined) throw new Error(`There is no job ${jobId}.`)
    return row
  }

  return {
    catalog,
    queue,
    directory,
    repository: { ...repository, id },
    async addSource(name, url) {
      const { href: at, password } = withoutPassword(url)
      const made = { seal, name, address: at, settings: {}, repositoryId: id, secrets: { password } }
      return (await addSource(system, made)).id
    },
    enqueue: ({ kind = 'backup', ...rest }) =>
      system.transaction((queries) =>
        enqueue(asOwner(queries), queue, {
          kind: jobKind(kind),
          repositoryId: id,
          about: 'test',
          params: {},
          requestedBy: 'test',
          ...rest,
        }),
      ),
    worker(options = {}) {
      const worker = startWorker({
        catalog,
        queue,
        commandLine: playedCommands,
        leaseSeconds: 60,
        name: 'test',
        slots: 4,
        pollMs: 100,
        log: () => undefined,
        ...options,
      })
      workers.push(worker)
      return worker
    },
    workerProcess(options = {}) {
      const task: WorkerTask = {
        url: catalog.database.url,
        key: catalog.key.toString('base64url'),
        commandLine: playedCommands,
        leaseSeconds: 60,
        name: 'child',
        ...options,
      }
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', here('./worker-child.ts'), JSON.stringify(task)],
        { stdio: ['ignore', 'inherit', 'inherit'] },
      )
      after(() => child.kill('SIGKILL'))
      return child
    },
    job,
    async until(jobId, wanted) {
      for (let attempt = 0; attempt < 1200; attempt++) {
        const now = await job(jobId)
        if (wanted(now)) return now
        await sleep(50)
      }
      throw new Error(`The job is not as it should be: ${JSON.stringify(await job(jobId))}`)
    },
    async log(jobId) {
      const rows = await system.query<{ line: string }>(
        `SELECT level || ' ' || text AS line FROM holdfast.job_log WHERE job_id = $1 ORDER BY number`,
        [jobId],
      )
      return rows.map(({ line }) => line)
    },
  }
}

function withoutPassword(url: string): { href: string; password: string } {
  const address = new URL(url)
  const password = decodeURIComponent(address.password)
  address.password = ''
  return { href: address.href, password }
}
