import { localFiles, parseAddress, type ServerAddress } from '../../src/postgres/address.ts'

/** The address of a test database from its URL alone: nothing of this machine's environment or files. */
export function addressOf(url: string): ServerAddress {
  return parseAddress(url, { HOME: '/nonexistent' }, localFiles)
}
