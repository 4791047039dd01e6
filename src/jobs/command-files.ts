import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDirectory, ownedName, sweep } from '../postgres/server/private-directory.ts'
import type { JobKind } from './kinds.ts'
import { targetName } from './restores/kinds.ts'
import type { JobTarget } from './target.ts'

/** What a command is started with, besides its arguments. */
export interface CommandFiles {
  /** Closed to other users; the command runs in it. */
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  /** Takes the files away. */
  [Symbol.asyncDispose](): Promise<void>
}

const passwordVariable = 'HOLDFAST_SOURCE_PASSWORD'
/** Of the database that is restored into. */
const targetVariable = 'HOLDFAST_TARGET_PASSWORD'

/**
 * Writes what the command of a job needs into a new private directory: a configuration with the one source in it, and the secrets that
 * its kind takes (0600). Passwords go by the environment, which only this user can read; nothing secret is in an argument. What a worker
 * that was killed has left is removed by the next one.
 */
export async function writeCommandFiles(o: {
  kind: Pick<JobKind, 'needs'>
  target: Pick<JobTarget, 'repository' | 'source' | 'restore'>
  keep: unknown
}): Promise<CommandFiles> {
  const { kind, target } = o
  const { source, repository } = target
  const cache = await cacheDirectory()
  await sweep(cache)
  const directory = join(cache, ownedName('run'))
  await mkdir(directory, { mode: 0o700 })
  const write = (name: string, content: string): Promise<void> =>
    writeFile(join(directory, name), content, { mode: 0o600, flag: 'wx' })
  const env: Record<string, string> = { ...repository.secrets.env }
  // One variable names one place; several are in the configuration.
  if (repository.copies.length === 0) env['HOLDFAST_REPO'] = repository.address
  try {
    await write('holdfast.json', JSON.stringify(configuration(o)))
    env['HOLDFAST_CONFIG'] = join(directory, 'holdfast.json')
    for (const need of kind.needs) {
      const content = repository.secrets[need]
      if (content === undefined) continue
      await write(need, content)
      const variable = need === 'hostFile' ? 'HOLDFAST_HOST_FILE' : 'HOLDFAST_IDENTITY_FILE'
      env[variable] = join(directory, need)
    }
    const { passphrase } = repository.secrets
    if (kind.needs.includes('identity') && passphrase !== undefined) env['HOLDFAST_PASSPHRASE'] = passphrase
    if (source?.secrets.password !== undefined) env[passwordVariable] = source.secrets.password
    const { restore } = target
    if (restore?.target?.password !== undefined) env[targetVariable] = restore.target.password
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
  return {
    directory,
    env,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true, maxRetries: 5 }),
  }
}

function configuration({
  target,
  keep,
}: {
  target: Pick<JobTarget, 'repository' | 'source' | 'restore'>
  keep: unknown
}): object {
  const { source, repository } = target
  const places =
    repository.copies.length === 0 ? repository.address : [repository.address, ...repository.copies]
  const { restore } = target
  const into = restore?.target ?? null
  if (source === null) {
    const sources = into === null ? {} : { [targetName(null)]: login(into.address, into.password, targetVariable) } // prettier-ignore
    return { version: 1, repository: places, sources }
  }
  const own = login(source.address, source.secrets.password, passwordVariable)
  return {
    version: 1,
    sources: {
      [source.name]: {
        ...source.settings,
        ...(keep === undefined || keep === null ? {} : { keep }),
        ...own,
        repository: places,
      },
      ...(restore === null
        ? {}
        : {
            [targetName(source.name)]:
              into === null ? own : login(into.address, into.password, targetVariable),
          }),
    },
  }
}

function login(address: string, password: string | undefined, variable: string): object {
  return { address, ...(password === undefined ? {} : { password: { env: variable } }) }
}
