import { isTaken } from '../catalog/database.ts'
import { parseConfig } from '../config/config.ts'
import { HoldfastError, isHoldfastError } from '../lib/errors.ts'
import { inspectAddress } from '../postgres/address.ts'

/** Does the work; a name that is taken is told as that. `what`: `A source shop`. */
export async function refusingTaken<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isTaken(error)) throw error
    throw new HoldfastError('name_taken', `${what} is there already.`, { cause: error })
  }
}

/** Does the work; what is still referred to is told as that. */
export async function refusingUsed<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const told = isHoldfastError(error, 'overtaken') ? error.cause : error
    // SQLSTATE of a foreign key that would be broken.
    if (!isHoldfastError(told, 'catalog_failed') || !/^23(001|503)$/.test(String(told.details['sqlstate'])))
      throw error
    throw new HoldfastError('still_used', `${what} is still used.`, { cause: error })
  }
}

/** Checks the address of a repository: whole, since jobs run in directories of their own, and without a secret. Throws `config_secret`, `request_invalid`. */
export function requireRepository(address: string): void {
  if (!address.startsWith('/') && !/^[a-z][a-z0-9]*:\/\//.test(address))
    throw new HoldfastError(
      'request_invalid',
      'The address of a repository is a whole path or begins like s3://.',
    )
  const text = JSON.stringify({ version: 1, repository: address })
  parseConfig({ text, file: 'address', inspect: inspectAddress })
}

/**
 * Checks what a source is told of, by the declaration of holdfast.json: what the file takes, the service takes, and nothing else. A
 * password in an address is refused, and not repeated. Throws `config_invalid`, `config_secret`.
 */
export function requireSource(o: {
  name: string
  address: string
  settings: Readonly<Record<string, unknown>>
  keep?: unknown
}): void {
  // What these are is said elsewhere: they would be something else than what the catalog knows.
  const { address: _address, password: _password, repository: _repository, ...settings } = o.settings
  if (Object.keys(settings).length < Object.keys(o.settings).length) {
    throw new HoldfastError('request_invalid', 'settings may not hold address, password or repository.')
  }
  const keep = o.keep === undefined || o.keep === null ? {} : { keep: o.keep }
  const source = { ...settings, ...keep, address: o.address }
  const text = JSON.stringify({ version: 1, sources: { [o.name]: source } })
  parseConfig({ text, file: 'settings', inspect: inspectAddress })
}
