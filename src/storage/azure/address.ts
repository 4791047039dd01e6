import {
  printAddress,
  printEndpoint,
  readAddress,
  readEndpoint,
  readFlag,
  refused,
  requireSecure,
  type AddressKind,
} from '../remote/address.ts'

/** Where a repository is in Azure's blob storage. Holds no credential. */
export interface AzureLocation {
  readonly container: string
  /** What every key begins with: empty, or ends with '/'. */
  readonly prefix: string
  /** Null: as the environment says. */
  readonly account: string | null
  /** The blob service, with the account in its path if it is not in the host's name. Null: that of the account at Microsoft's. */
  readonly endpoint: URL | null
  /** File with the certificates of the authorities to trust, in place of the usual ones. */
  readonly ca: string | null
  /** Plain http is allowed also to other machines. */
  readonly insecure: boolean
}

const kind: AddressKind = {
  scheme: 'azblob',
  what: 'an Azure blob storage',
  holder: 'container',
  name: /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
  parameters: ['account', 'endpoint', 'ca', 'insecure'],
  example: 'azblob://container/prefix?account=myaccount',
  credentials:
    'Set AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING, or log in as docs/STORAGE.md says',
}

/** Reads `azblob://container/prefix?account=...`. Throws `usage`, and never repeats what might be a secret. */
export function parseAzureAddress(address: string): AzureLocation {
  const parts = readAddress(address, kind)
  const { name, prefix, given } = parts
  const location = {
    container: name,
    prefix,
    account: given.get('account') ?? null,
    endpoint: readEndpoint(given.get('endpoint'), kind),
    ca: given.get('ca') ?? null,
    insecure: readFlag(parts, 'insecure', kind) ?? false,
  }
  if (location.account !== null && !/^[a-z0-9]{3,24}$/.test(location.account)) {
    throw refused(kind, 'no account is named like that')
  }
  if (location.endpoint !== null) requireSecure(location.endpoint, location)
  return location
}

/** The address, as it is shown and given again. */
export function printAzureAddress(location: AzureLocation): string {
  const { container, prefix, account, endpoint, ca, insecure } = location
  return printAddress(kind, { name: container, prefix }, [
    ['account', account],
    ['endpoint', printEndpoint(endpoint)],
    ['ca', ca],
    ['insecure', insecure ? 'true' : null],
  ])
}
