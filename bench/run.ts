import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { findPeers, holdfast } from './contestants.ts'
import { multiTenant, manyTables } from './dataset.ts'
import { startBenchServer } from './server.ts'
import { generate, parseSize } from './generate.ts'
import { readOptions } from './options.ts'
import { toMarkdown, type Results } from './report.ts'
import { createStage } from './stage.ts'

const root = resolve(import.meta.dirname, '..')
const notesHeading = '## Where the time goes'

const values = readOptions()
const small = values.small
const size = parseSize(values.size ?? (small ? '120MB' : '1GB'))
const large = values.large ?? (small ? '0' : '5GB')
const tables = Number(values.tables ?? (small ? 300 : 2000))
const repetitions = Number(values.repetitions ?? (small ? 3 : 5))

const directory = await mkdtemp(join(resolve(values.directory), 'holdfast-bench-'))
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    // Gigabytes of dumps; the embedded server ends with this process.
    rmSync(directory, { recursive: true, force: true })
    process.exit(130)
  })
}
try {
  await bench()
} finally {
  await rm(directory, { recursive: true, force: true })
}

async function bench(): Promise<void> {
  const peers = await findPeers()
  const ours = values['peers-only'] ? [] : [holdfast({ root, home: join(directory, 'home') })]
  await using server = await startBenchServer({
    url: values.server,
    peerMajor: peers[0]?.major,
    socket: !values.tcp,
  })
  const stage = createStage({ server, contestants: [...ours, ...peers], directory, log: say })

  say(`generating ${size / 1e6} MB`)
  await stage.database('bench_main', (url) => generate({ url, dataset: multiTenant({ bytes: size }) }))
  await stage.fullBackups({ work: 'full backup', database: 'bench_main', repetitions })
  await stage.secondBackups({ database: 'bench_main', repetitions: Math.min(3, repetitions) })
  await stage.lostRows({ database: 'bench_main', repetitions: Math.min(3, repetitions) })
  await stage.restores({ work: 'restore', database: 'bench_main', repetitions: Math.min(3, repetitions) })
  await stage.drop('bench_main')

  say(`generating ${tables} tables`)
  await stage.database('bench_many', (url) => generate({ url, dataset: manyTables({ count: tables }) }))
  await stage.fullBackups({ work: 'many tables, backup', database: 'bench_many', repetitions })
  await stage.restores({ work: 'many tables, restore', database: 'bench_many', repetitions: small ? 1 : 3 })
  await stage.drop('bench_many')

  if (large !== '0') {
    say(`generating ${large}`)
    await stage.database('bench_large', (url) =>
      generate({ url, dataset: multiTenant({ bytes: parseSize(large) }) }),
    )
    await stage.fullBackups({ work: `full backup of ${large}`, database: 'bench_large', repetitions: 1 })
    await stage.restores({ work: `restore of ${large}`, database: 'bench_large', repetitions: 1 })
    await stage.drop('bench_large')
  }

  const results: Results = {
    machine: {
      cores: availableParallelism(),
      memoryGb: Math.round(totalmem() / 1e9),
      system: `${process.platform} ${process.arch}`,
      node: process.versions.node,
      server: server.version,
      peer: peers[0] === undefined ? 'none found' : `pg_dump and pg_restore ${peers[0].version}`,
    },
    parameters: {
      'data set': `${size / 1e6} MB as COPY text`,
      'large data set': large === '0' ? 'none' : large,
      'many tables': tables,
      repetitions,
      connection: values.tcp ? 'TCP, loopback' : 'Unix socket',
      'server settings': server.settings,
    },
    series: stage.series(),
    remarks: remarks(peers.map((peer) => peer.name)),
  }
  const markdown = toMarkdown(results)
  process.stdout.write(`${markdown}\n`)
  if (small || values['peers-only']) return
  const notes = await handWritten(join(root, 'bench/RESULTS.md'))
  await mkdir(join(root, 'bench'), { recursive: true })
  await writeFile(join(root, 'bench/results.json'), `${JSON.stringify(results, null, 2)}\n`)
  await writeFile(join(root, 'bench/RESULTS.md'), `${markdown}\n${notes}`)
}

function remarks(peers: readonly string[]): string[] {
  if (peers.length === 0)
    return ['No pg_dump was found on this machine (PATH, HOLDFAST_BENCH_PEER_BIN): nothing to compare with.']
  if (peers.some((name) => name.includes('zstd'))) return []
  return [
    "This machine's pg_dump has no zstd: the peer that the targets name writes its dump without compression, which takes it less time.",
  ]
}

/** What people wrote about the figures outlives a new run. */
async function handWritten(path: string): Promise<string> {
  const text = existsSync(path) ? await readFile(path, 'utf8') : ''
  const start = text.indexOf(notesHeading)
  return start < 0 ? `${notesHeading}\n` : text.slice(start)
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
