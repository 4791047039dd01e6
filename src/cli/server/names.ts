import type { Client, Repository } from '../../client/client.ts'
import { HoldfastError } from '../../lib/errors.ts'

/** The repository that is meant: named by --repo, that of the source, or the only one the service has. */
export async function repositoryNamed(
  client: Client,
  input: { readonly source?: string | undefined; readonly repo: readonly string[] },
): Promise<Repository> {
  const [name, ...more] = input.repo
  const { items } = await client.getRepositories()
  if (more.length > 0)
    throw new HoldfastError('usage', 'With --server, --repo names one repository of the service.')
  const id = input.source === undefined ? null : (await client.getSource(input.source)).repositoryId
  const found = items.filter((one) => (name === undefined ? id === null || one.id === id : one.name === name))
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
