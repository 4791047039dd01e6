import {
  HoldfastClientError,
  itemsOf,
  type BackupDetail,
  type Client,
  type Repository,
  type Source,
} from '../../client/client.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { idMeant } from '../../repository/ids.ts'

/** The repository that is meant: named by --repo, that of the source, or the only one the service has beside uploads. */
export async function repositoryNamed(
  client: Client,
  input: { readonly source?: string | undefined; readonly repo: readonly string[] },
): Promise<Repository> {
  const [name, ...more] = input.repo
  const { items } = await client.getRepositories()
  if (more.length > 0)
    throw new HoldfastError('usage', 'With --server, --repo names one repository of the service.')
  const id = input.source === undefined ? null : (await client.getSource(input.source)).repositoryId
  const found = items.filter((one) =>
    name !== undefined ? one.name === name : id === null ? one.kind !== 'upload' : one.id === id,
  )
  const [only, ...others] = found
  if (only !== undefined && others.length === 0) return only
  const names = items.map((one) => one.name).join(', ')
  throw new HoldfastError(
    'usage',
    name === undefined
      ? 'Which repository of the service is meant?'
      : `The service has no repository ${name}.`,
    {
      hint: names === '' ? 'It has none yet.' : `Name one of its repositories with --repo: ${names}.`,
    },
  )
}

/** The source that is meant: by its name, or the only one the service has. */
export async function sourceNamed(client: Client, name: string | undefined): Promise<Source> {
  if (name !== undefined) return await client.getSource(name)
  const { items } = await client.getSources()
  const [only, ...others] = items
  if (only !== undefined && others.length === 0) return only
  const names = items.map((one) => one.name).join(', ')
  throw new HoldfastError('usage', 'Which source of the service is meant?', {
    hint: names === '' ? 'It has none yet.' : `Name it with --source: ${names}.`,
  })
}

/** A backup of a repository of the service, and what that is called. */
export interface NamedBackup {
  readonly repository: string
  readonly backup: BackupDetail
}

/** The backup with this id, unique beginning of an id, or `latest`, of those that the catalog knows. Throws `backup_not_found`, `backup_ambiguous`. */
export async function backupNamed(
  client: Client,
  input: { readonly backup: string; readonly source: string | undefined; readonly repo: readonly string[] },
): Promise<NamedBackup> {
  const { name: repository } = await repositoryNamed(client, input)
  const id = await findId(client, input, repository)
  return { repository, backup: await client.getBackup(id, { repository }) }
}

async function findId(
  client: Client,
  { backup: reference, source }: { readonly backup: string; readonly source: string | undefined },
  repository: string,
): Promise<string> {
  if (/^\d{8}T\d{6}Z-[0-9a-f]{8}$/.test(reference)) {
    const known = await client.getBackup(reference, { repository }).catch((error: unknown) => {
      if (error instanceof HoldfastClientError && error.status === 404) return null
      throw error
    })
    if (known !== null) return known.id
  }
  const latest = reference === 'latest'
  const wanted = { repository, source, limit: latest ? 1 : 200 }
  const found: string[] = []
  for await (const { id } of itemsOf((after) => client.getBackups({ ...wanted, after }))) {
    if (latest) return id
    found.push(id)
  }
  if (latest) throw new HoldfastError('backup_not_found', `The service knows of no backup in ${repository}.`)
  return idMeant('backup', found, reference)
}
