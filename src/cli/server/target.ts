import type { Source } from '../../client/client.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { localFiles, parseAddress } from '../../postgres/address.ts'
import type { CommandContext } from '../command.ts'
import { givenPassphrase, readSecret } from '../secrets.ts'

/** As whom the service is to change a database in use. */
export interface LoginAs {
  readonly user: string
  readonly password?: string | undefined
}

const isUrl = /^postgres(?:ql)?:\/\//

/**
 * A database that the service is to reach: the address without its password, and that, as libpq finds it here: in the address, in PGPASSWORD,
 * or in the password file. Throws `usage` for an address that leaves open what only this machine would know.
 */
export function targetAt(
  { env, redactor }: CommandContext,
  address: string,
): { readonly database: string; readonly password: string | undefined } {
  if (!isUrl.test(address))
    throw new HoldfastError('usage', '--to is a whole address there, such as postgres://admin@db2/shop_copy.')
  const { password } = parseAddress(address, env, localFiles)
  if (password !== undefined) redactor.add(password)
  return { database: address.replace(/^(\w+:\/\/[^:@/?]*):[^@/?]*@/, '$1@'), password }
}

/**
 * As whom the database of a source is to be changed: undefined, as the service reads it, if `to` is the name of the source; else who the address
 * names. Throws `usage` if that is of another database.
 */
export function loginAt(
  context: CommandContext,
  to: string | undefined,
  source: Pick<Source, 'name' | 'address'>,
): LoginAs | undefined {
  if (to === undefined || to === source.name) return undefined
  const { database, password } = targetAt(context, to)
  const [wanted, own] = [
    new URL(database),
    new URL(isUrl.test(source.address) ? source.address : 'postgres://'),
  ]
  const place = ({ hostname, port, pathname }: URL): string => `${hostname}:${port || '5432'}${pathname}`
  if (place(wanted) !== place(own) || wanted.username === '')
    throw new HoldfastError('usage', `--to is not the database of the source ${source.name}.`, {
      hint: `In place, name the source, or its database as another role: ${source.address}`,
    })
  return { user: decodeURIComponent(wanted.username), password }
}

/**
 * What opens the backup for this job alone, where it was named here: sent with the request, and kept sealed until the job is over. Else the service
 * uses what it has.
 */
export async function opensOf(
  context: CommandContext,
  { identity: file, passphraseFile }: { identity: string | undefined; passphraseFile: string | undefined },
): Promise<{ readonly identity?: string | undefined; readonly passphrase?: string | undefined }> {
  if (file === undefined && passphraseFile === undefined) return {}
  const identity =
    file === undefined ? undefined : (await readSecret(file, 'The identity file')).toString('utf8')
  const passphrase = passphraseFile === undefined ? undefined : await givenPassphrase(context, passphraseFile)
  return { identity, passphrase }
}
