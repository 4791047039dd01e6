import { readFile } from 'node:fs/promises'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { HoldfastError, messageOf } from '../../lib/errors.ts'

/** What keeps connections to an object storage. */
export interface Agents {
  readonly http: HttpAgent
  readonly https: HttpsAgent
}

/** `ca`: the file that an address names, or null for the usual authorities. Throws `usage`. */
export async function openAgents(ca: string | null): Promise<Agents> {
  // How many requests run at once is decided by the callers and `limitedStorage`, not here.
  const options = { keepAlive: true, maxSockets: Infinity }
  const certificates = ca === null ? {} : { ca: await readCertificates(ca) }
  return { http: new HttpAgent(options), https: new HttpsAgent({ ...options, ...certificates }) }
}

async function readCertificates(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new HoldfastError('usage', `Cannot read the certificates in ${path}: ${messageOf(error)}`, {
      cause: error,
      hint: 'The address names them as ca=FILE.',
    })
  })
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new HoldfastError('usage', `${path} holds no certificate.`, {
    hint: 'The address names it as ca=FILE: a file in PEM format.',
  })
}
