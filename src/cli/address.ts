import { localFiles, parseAddress, type ServerAddress } from '../postgres/address.ts'
import type { CommandContext } from './command.ts'

/** The database that SOURCE or TARGET means, with what it leaves open from the environment, as libpq does. */
export function resolveAddress({ env, redactor }: CommandContext, text: string | undefined): ServerAddress {
  const address = parseAddress(text, env, localFiles)
  const { password } = address
  // Examples and tests use one word for all; masking it would only make messages unreadable.
  if (
    password !== undefined &&
    ![address.user, address.database, address.host, 'postgres'].includes(password)
  ) {
    redactor.add(password)
  }
  return address
}
