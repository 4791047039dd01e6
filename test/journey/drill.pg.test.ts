import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { getPriority } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { chunkKey } from '../../src/repository/format/chunk-names.ts'
import { openFaultyStorage } from '../../src/storage/faulty.ts'
import { openMemoryStorage } from '../../src/storage/memory.ts'
import type { DrillOutcome } from '../../src/verify/types.ts'
import { failure, newRepository, type JourneyRepository } from '../support/journey.ts'
import { stopTestServers, testServer, type TestServer } from '../support/postgres.ts'

let server: TestServer
let repository: JourneyRepository
/** The object that holds the rows of the backup. */
let rows = ''

before(async () => {
  server = await testServer(18)
  repository = await newRepository(openMemoryStorage())
  await using source = await server.database()
  await source.query(
    `CREATE TABLE t AS SELECT n, repeat(md5(n::text), 20) AS b FROM generate_series(1, 5000) n; CREATE INDEX ON t (n)`,
  )
  const { manifest, contents } = await repository.backUp(source.url)
  const chunk = contents.tables[0]?.ranges[0]?.pieces[0]?.chunk ?? -1
  rows = chunkKey(manifest.chunks[chunk]?.[0] ?? '')
})

after(stopTestServers)

/** Directories of servers of this process, but for the test's own. */
function scratchDirectories(): string[] {
  const cache = dirname(server.socketDirectory)
  const own = basename(server.socketDirectory)
  const ours = own.slice(0, own.lastIndexOf('-') + 1)
  return readdirSync(cache)
    .filter((name) => name.startsWith(ours) && name !== own)
    .map((name) => join(cache, name))
}

/** Processes that work below this directory. */
function processesIn(directory: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return readlinkSync(`/proc/${name}/cwd`).startsWith(`${directory}/`) ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

interface Scratch {
  readonly directory: string
  /** The server's first process. */
  readonly pid: number
  readonly stop: AbortController
}

/** Drills, and does something once, while rows are loaded. Whatever comes of it, nothing may be left. */
async function drillWith(
  work: (scratch: Scratch) => void,
  look: (drill: Promise<DrillOutcome>) => Promise<unknown>,
): Promise<void> {
  const stop = new AbortController()
  let directory = ''
  const onProgress = ({ phase }: { phase: string }): void => {
    if (directory !== '' || phase !== 'loading rows') return
    directory = scratchDirectories()[0] ?? ''
    const pid = Number.parseInt(readFileSync(join(directory, 'data', 'postmaster.pid'), 'latin1'), 10)
    work({ directory, pid, stop })
  }
  await look(repository.tryDrill({ onProgress, signal: stop.signal }))
  assert.notEqual(directory, '')
  assert.deepEqual(scratchDirectories(), [])
  assert.deepEqual(processesIn(directory), [])
}

test("the limits of a drill's server hold", async () => {
  const seen: string[] = []
  await drillWith(
    ({ directory, pid }) => {
      const processes = processesIn(directory)
      assert.ok(processes.includes(pid) && processes.length > 3)
      for (const one of processes) {
        const limits = readFileSync(`/proc/${one}/limits`, 'latin1')
        const [, file, memory] = /Max file size +(\d+)[^]*Max address space +(\d+)/.exec(limits) ?? []
        seen.push(`nice ${getPriority(one)}, file ${file}, memory ${memory}`)
        assert.doesNotMatch(readFileSync(`/proc/${one}/status`, 'latin1'), /^Uid:\s+0/m)
      }
      assert.equal(statSync(directory).mode & 0o777, 0o700)
    },
    async (drill) => assert.equal((await drill).report.rows, 5000),
  )
  assert.deepEqual(
    [...new Set(seen)].map((line) => line.replace(/memory 8\d{9}$/, 'memory 8 GB')),
    ['nice 10, file 2147483648, memory 8 GB'],
  )
})

test('a drill whose server is killed says so, and leaves neither processes nor files', async () => {
  await drillWith(
    ({ pid }) => process.kill(pid, 'SIGKILL'),
    async (drill) => {
      const failed = await failure(drill, 'drill_failed')
      assert.match(failed.message, /^The scratch server ended while backup \S+ was restored into it/)
      assert.match(failed.hint, /memory/)
    },
  )
})

test('a drill that is cancelled leaves neither processes nor files', async () => {
  await drillWith(
    ({ stop }) => stop.abort(),
    (drill) => failure(drill, 'cancelled'),
  )
})

test('a storage that does not answer ends the drill, and says nothing of the backup; what it lost does', async () => {
  const faulty = (code: 'storage_failed' | 'storage_not_found') =>
    openFaultyStorage(repository.storage, ({ method, key }) =>
      method === 'get' && key === rows ? { kind: 'fail', code } : null,
    )
  const thrown = await failure(repository.tryDrill({ storage: faulty('storage_failed') }), 'drill_failed')
  assert.equal(thrown.details['code'], 'storage_failed')
  const { report, error } = await repository.tryDrill({ storage: faulty('storage_not_found') })
  assert.deepEqual([error?.code, error?.details['code']], ['drill_failed', 'object_missing'])
  assert.deepEqual(
    report.checks.map(({ name, result }) => [name, result]),
    [['restore', 'failed']],
  )
  assert.deepEqual(report.tables, [])
})
