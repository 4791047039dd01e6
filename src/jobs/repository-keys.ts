import type { Catalog } from '../catalog/catalog.ts'
import { HoldfastError } from '../lib/errors.ts'
import { writeCommandFiles } from './command-files.ts'
import { printedError, type CommandLine } from './command.ts'
import { runShortly } from './short-command.ts'
import { readTarget } from './target.ts'
import type { JobError } from './types.ts'

/** What `keys` prints of a repository: nothing of it is secret. */
export interface RepositoryKeys {
  readonly ownerKey: string
  readonly ownerConfirmed: boolean
  readonly recipients: readonly {
    readonly name: string
    readonly kind: 'identity' | 'passphrase'
    readonly publicKey: string | null
    readonly added: string
    readonly confirmed: boolean
  }[]
  readonly hosts: readonly {
    readonly id: string
    readonly name: string
    readonly admitted: string
    readonly revoked: { readonly at: string } | null
  }[]
  readonly epochs: readonly { readonly id: string; readonly created: string; readonly publicKey: string }[]
}

/** Asks a repository who has which key. Throws as `runShortly`, `job_target_gone`, `catalog_key_wrong`. */
export async function readKeys(o: {
  readonly catalog: Catalog
  readonly commandLine: CommandLine
  readonly repository: { readonly id: string; readonly name: string }
}): Promise<{ readonly keys: RepositoryKeys } | { readonly error: JobError }> {
  const { id: repositoryId, name: about } = o.repository
  const target = await readTarget(o.catalog, { id: repositoryId, kind: 'keys', params: {}, sourceId: null, repositoryId, about }) // prettier-ignore
  const printed = await runShortly({
    commandLine: o.commandLine,
    arguments: ['keys'],
    files: () => writeCommandFiles({ kind: { needs: ['hostFile'] }, keep: null, target }),
  })
  const error = printedError(printed)
  if (error !== null) return { error }
  const keys = printed?.['repository']
  // Sound because the command line of this very version prints it.
  if (typeof keys === 'object' && keys !== null) return { keys: keys as RepositoryKeys }
  throw new HoldfastError('job_crashed', 'Reading the keys ended without a result.')
}
