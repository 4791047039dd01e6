import type { Client } from '../../client/client.ts'
import { codes, type ErrorCode } from '../../lib/error-codes.ts'
import { HoldfastError } from '../../lib/errors.ts'
import type { CommandContext } from '../command.ts'
import { tellKeys } from '../keys-text.ts'
import { printable } from '../width.ts'
import { repositoryNamed } from './names.ts'

/** What a service finds in a repository. It changes no keys: that takes the identity, and is done where that is. */
export async function keysAtServer(
  context: CommandContext,
  client: Client,
  input: { readonly repo: readonly string[]; readonly source: string | undefined },
): Promise<void> {
  const { name, address } = await repositoryNamed(client, input)
  const { keys, error } = await client.getRepositoryKeys(name, { timeoutMs: 60_000 })
  if (keys === null) {
    const { code = 'job_crashed', message = 'The repository could not be asked.', hint } = error ?? {}
    throw new HoldfastError(code in codes ? (code as ErrorCode) : 'job_crashed', message, hint === undefined ? {} : { hint }) // prettier-ignore
  }
  tellKeys(context, { ...keys, repository: printable(`${name} at ${address}`) })
  context.out.result({ repository: { name, address, ...keys } })
}
