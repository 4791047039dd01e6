import { HoldfastError } from '../../lib/errors.ts'
import { isInTheClear, requireSecure } from '../remote/address.ts'
import type { AzureLocation } from './address.ts'

/** Environment variables, by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * How a container is reached. `key`: requests are signed with the account's key. `sas`: a signature that somebody with the key has made, which goes along
 * with every request. `login`: a token for a user, an application or a machine, which Microsoft's library finds a way to.
 */
export type AzureCredential =
  | { readonly kind: 'key'; readonly account: string; readonly key: string }
  | { readonly kind: 'sas'; readonly token: string }
  | { readonly kind: 'login' }

export interface AzureAccess {
  readonly service: URL
  readonly credential: AzureCredential
}

const names = {
  connection: 'AZURE_STORAGE_CONNECTION_STRING',
  account: 'AZURE_STORAGE_ACCOUNT',
  key: 'AZURE_STORAGE_KEY',
  sas: 'AZURE_STORAGE_SAS_TOKEN',
} as const

/** What the address leaves open, from the variables that Microsoft's tools read. Throws `usage`; no message holds a value of theirs. */
export function azureAccess(location: AzureLocation, environment: Environment): AzureAccess {
  const given = (name: string): string | null => (environment[name] ?? '').trim() || null
  const parts = readConnectionString(given(names.connection) ?? '')
  const own = parts.get('accountname') ?? null
  if (own !== null && location.account !== null && own !== location.account) {
    throw new HoldfastError('usage', `${names.connection} is of another account than the address.`, {
      hint: 'Leave the account out of the address, or set the string of that account.',
    })
  }
  const account = location.account ?? own ?? given(names.account)
  const service = location.endpoint ?? serviceOf(parts, account)
  requireSecure(service, location)
  const credential = credentialOf()
  // The library that logs in would give out its token over http to nobody, not even to this machine.
  const open = credential.kind === 'login' ? service.protocol !== 'https:' : isInTheClear(service)
  if (credential.kind !== 'key' && open) {
    throw new HoldfastError('usage', 'The credential itself would be sent in the clear, over http.', {
      hint: `Use https, or the key of the account, which is not sent: set ${names.key} or ${names.connection}.`,
    })
  }
  return { service, credential }

  function credentialOf(): AzureCredential {
    const sas = parts.get('sharedaccesssignature')
    const key = parts.get('accountkey') ?? (sas === undefined ? given(names.key) : null)
    if (key !== null) return { kind: 'key', account: account ?? accountIn(service), key: requireKey(key) }
    const token = sas ?? given(names.sas)
    return token === null ? { kind: 'login' } : { kind: 'sas', token: token.replace(/^\?/, '') }
  }
}

/** Whatever in the environment is a secret of Azure's, to be kept out of what is printed. */
export function azureSecrets(environment: Environment): string[] {
  const connection = environment[names.connection] ?? ''
  const parts = readConnectionString(connection)
  const sas = [environment[names.sas], parts.get('sharedaccesssignature')]
  const signatures = sas.map((token) => new URLSearchParams(token ?? '').get('sig'))
  const all = [connection, environment[names.key], parts.get('accountkey'), ...sas, ...signatures]
  return all.flatMap((secret) => (secret === undefined || secret === null || secret === '' ? [] : [secret]))
}

/** By name in lower case; unknown ones too. */
function readConnectionString(text: string): ReadonlyMap<string, string> {
  const parts = new Map<string, string>()
  for (const part of text.split(';').filter((one) => one.trim() !== '')) {
    const [, name = '', value = ''] = /^\s*([A-Za-z]+)=(.*?)\s*$/.exec(part) ?? []
    if (name === '') {
      throw new HoldfastError('usage', `${names.connection} is not a connection string.`, {
        hint: 'It is like DefaultEndpointsProtocol=https;AccountName=...;AccountKey=...;EndpointSuffix=core.windows.net',
      })
    }
    parts.set(name.toLowerCase(), value)
  }
  return parts
}

function serviceOf(parts: ReadonlyMap<string, string>, account: string | null): URL {
  const named = parts.get('blobendpoint')
  if (named !== undefined) {
    if (URL.canParse(named) && new URL(named).search === '') return new URL(named)
    throw new HoldfastError(
      'usage',
      `The BlobEndpoint in ${names.connection} is not the address of a service.`,
    )
  }
  if (account === null) {
    throw new HoldfastError(
      'usage',
      'The address names no storage account, and neither does the environment.',
      {
        hint: `Add account=... to the address, or set ${names.account} or ${names.connection}.`,
      },
    )
  }
  const protocol = parts.get('defaultendpointsprotocol') ?? 'https'
  const suffix = parts.get('endpointsuffix') ?? 'core.windows.net'
  const url = `${protocol}://${account}.blob.${suffix}`
  if (/^https?$/.test(protocol) && URL.canParse(url)) return new URL(url)
  throw new HoldfastError('usage', `${names.connection} names no service.`)
}

/** The account that a service's own address names: first in the path, else first in the host's name. */
function accountIn({ hostname, pathname }: URL): string {
  const [first = ''] = pathname.split('/').filter((part) => part !== '')
  return first === '' ? (hostname.split('.')[0] ?? '') : first
}

function requireKey(key: string): string {
  if (/^[A-Za-z0-9+/]{4,}={0,2}$/.test(key)) return key
  throw new HoldfastError('usage', 'The key of the storage account is not base64.', {
    hint: `Set ${names.key}, or AccountKey in ${names.connection}, as the portal shows it.`,
  })
}
