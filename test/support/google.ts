import { after } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { parseGoogleAddress } from '../../src/storage/google/address.ts'
import { openGoogleStorage, type GoogleStorage } from '../../src/storage/google/google.ts'
import { startGcsServer, type GcsServer } from './gcs-server.ts'

let serial = 0

/** A server that ends when the tests of this file have. */
export async function gcsServer(options: Parameters<typeof startGcsServer>[0] = {}): Promise<GcsServer> {
  const server = await startGcsServer(options)
  after(() => server.stop())
  return server
}

/** The address of a prefix of its own in the server's bucket. */
export function freshGoogleAddress({ endpoint }: { readonly endpoint: string }, bucket = 'bucket'): string {
  serial += 1
  return `gs://${bucket}/${process.pid}/${serial}?endpoint=${endpoint}`
}

/** The storage at an address, one attempt per call. */
export function googleAt(
  { token }: { readonly token: string },
  address: string,
  more: Partial<Parameters<typeof openGoogleStorage>[0]> = {},
): GoogleStorage {
  const login = async () => ({ authorization: `Bearer ${token}` })
  return openGoogleStorage({ location: parseGoogleAddress(address), clock: systemClock, login, ...more })
}
