/**
 * Run as a program: does one kind of work on a local repository a number of times, as a machine of its own would, with a clock that may be wrong.
 * Prints a line for each, and fails if anything happens that must not.
 */
import { readFileSync } from 'node:fs'
import type { Clock } from '../../src/lib/clock.ts'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { openUnlocked } from '../../src/repository/open.ts'
import { readerOf } from '../../src/repository/session.ts'
import type { HostCredentials } from '../../src/repository/types.ts'
import { markUse } from '../../src/repository/uses.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { randomOf } from '../oracle/random.ts'
import { backUp, prune } from './prune.ts'

/** Where the repository is, and what opens it. */
export interface PruneChild {
  readonly directory: string
  readonly credentials: HostCredentials
  readonly identity: string
}

const [work = '', file = '', seed = '', rounds = '0'] = process.argv.slice(2)
const { directory, credentials, identity } = JSON.parse(readFileSync(file, 'utf8')) as PruneChild
const storage = openLocalStorage(directory)
const random = randomOf(seed)
const wrongBy = random.pick([0, 0, -400, 400]) * 86_400_000
const clock: Clock = { now: () => new Date(Date.now() + wrongBy) }

/** Rows come again and again, so that backups take chunks over that a prune is just about to delete. */
async function makeBackup(): Promise<string> {
  const rows = random.some(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], 0.4)
  try {
    return (await backUp({ storage, credentials, clock }, rows)).id
  } catch (error) {
    if (isHoldfastError(error, 'writer_overtaken')) return 'overtaken'
    // The same, found out before its end.
    if (isHoldfastError(error, 'storage_failed') && /gone again/.test(error.message)) return 'overtaken'
    throw error
  }
}

async function pruneOnce(): Promise<string> {
  const { removed, planned, waiting } = await prune(
    { storage, clock },
    { last: random.between(1, 3) },
    { graceMs: 0 },
  )
  return `removed ${removed.backups.length} and ${removed.chunks.objects}, planned ${planned?.chunks.objects ?? 0}, ${waiting.length} wait`
}

/** What is marked as in use, and still there then, must be readable to its end. */
async function readOne(): Promise<string> {
  const { repository, vault } = await openUnlocked({ storage, identity })
  const { backups } = await repository.manifests()
  if (backups.length === 0) return 'nothing there'
  const { id } = random.pick(backups)
  await using use = await markUse({ storage, id })
  await using reader = readerOf(repository, vault, 1)
  try {
    const { chunks } = await repository.find(id)
    for (const [name] of chunks) await reader.read(name)
    return use.state
  } catch (error) {
    if (isHoldfastError(error, 'backup_not_found') || use.state === 'going') return 'gone'
    throw error
  }
}

const works: Readonly<Record<string, () => Promise<string>>> = {
  backup: makeBackup,
  prune: pruneOnce,
  read: readOne,
}
for (let round = 0; round < Number(rounds); round++)
  process.stdout.write(`${work} ${await works[work]?.()}\n`)
