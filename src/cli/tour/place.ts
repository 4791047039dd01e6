import { readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { HoldfastError } from '../../lib/errors.ts'
import { writeError } from '../../lib/file-errors.ts'
import { makeDirectories } from '../../lib/make-directories.ts'
import { cacheDirectory, ownedName } from '../../postgres/server/private-directory.ts'

/** Where a tour has its repository and the keys to it. */
export interface Place {
  readonly repository: string
  readonly identity: string
  readonly hostFile: string
  /** The directory that stays, as it was given; null if all of it goes. */
  readonly kept: string | null
  /** From now on the directory is whole: where it was asked for, it stays. */
  finish(): void
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A private directory for one tour. Without `keep` it is a temporary one, under a name by which the next embedded server
 * finds and removes it, should this process be killed. Throws `usage` if `keep` names a place where something is.
 */
export async function openPlace(keep: string | undefined): Promise<Place> {
  const directory =
    keep === undefined ? join(await cacheDirectory(), ownedName('run')) : await emptyDirectory(keep)
  const repository = join(directory, 'repository')
  await makeDirectories(repository, { mode: 0o700 })
  let whole = false
  return {
    repository,
    identity: join(directory, 'identity.txt'),
    hostFile: join(directory, 'host.json'),
    kept: keep ?? null,
    finish: () => (whole = true),
    async [Symbol.asyncDispose]() {
      if (keep === undefined || !whole) await rm(directory, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

async function emptyDirectory(path: string): Promise<string> {
  const directory = resolve(path)
  const found = await readdir(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new HoldfastError('usage', `${directory} can't be used to keep the tour in.`, { cause: error })
  })
  if (found.length > 0) {
    throw new HoldfastError(
      'usage',
      `${directory} is not empty: the tour keeps its files in a new directory.`,
      {
        hint: 'Name another directory after --keep, or remove this one.',
      },
    )
  }
  await makeDirectories(directory, { mode: 0o700 }).catch((error: unknown) => {
    throw writeError(error, directory)
  })
  return directory
}
