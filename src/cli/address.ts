import { resolve } from 'node:path'
import type { Source } from '../config/config.ts'
import { readPassword } from '../config/password.ts'
import {
  localFiles,
  parseAddress,
  withPassword,
  type AddressFiles,
  type ServerAddress,
} from '../postgres/address.ts'
import type { CommandContext } from './command.ts'
import { sourceMeant } from './config.ts'

/**
 * The database that SOURCE or TARGET means: the name of a configured source, or an address. What that leaves open comes from the
 * environment, as in libpq; a source's own password goes before any of those that libpq would find.
 */
export async function resolveAddress(
  context: CommandContext,
  meant: Source | string | undefined,
): Promise<ServerAddress> {
  const source = typeof meant === 'object' ? meant : await sourceMeant(context, meant)
  const { env, signal } = context
  const text = source?.address ?? (typeof meant === 'string' ? meant : undefined)
  const address = parseAddress(text, env, source === null ? localFiles : filesFrom(source.directory))
  keepSecret(context, address)
  if (source?.password === undefined) return address
  const { password, openFile } = await readPassword({
    reference: source.password,
    source: source.name,
    directory: source.directory,
    env,
    signal,
  })
  if (openFile !== null) {
    context.out.warn(`${openFile} can be read by other users of this machine; chmod 600 it.`)
  }
  const complete = withPassword(address, password)
  keepSecret(context, complete)
  return complete
}

/** Certificates and the like that a source's address names are, as all paths in the configuration, from where its file is. */
function filesFrom(directory: string): AddressFiles {
  return { ...localFiles, readFile: (path) => localFiles.readFile(resolve(directory, path)) }
}

function keepSecret({ redactor }: CommandContext, address: ServerAddress): void {
  const { password } = address
  // Examples and tests use one word for all; masking it would only make messages unreadable.
  if (
    password !== undefined &&
    ![address.user, address.database, address.host, 'postgres'].includes(password)
  ) {
    redactor.add(password)
  }
}
