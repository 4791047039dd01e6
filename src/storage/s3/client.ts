import { readFile } from 'node:fs/promises'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type * as Sdk from '@aws-sdk/client-s3'
import type { Clock } from '../../lib/clock.ts'
import { HoldfastError, messageOf } from '../../lib/errors.ts'
import type { CallOptions } from '../storage.ts'
import { requireSecure, type S3Location } from './address.ts'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface S3Timeouts {
  /** How long connecting may take. */
  readonly connectMs: number
  /** How long a connection may be silent, in either direction. */
  readonly silentMs: number
}

export interface ClientOptions {
  readonly location: S3Location
  /** The machine's clock. */
  readonly clock: Clock
  /** Left out: what the SDK finds, in the environment, in its own files and from the machine it runs on. */
  readonly credentials?: S3Credentials | undefined
  readonly timeouts?: S3Timeouts
}

/** A client, and the module that has its commands, which takes a while to import. */
export interface S3Connection {
  readonly sdk: typeof Sdk
  readonly client: Sdk.S3Client
  /** By how much the server's clock was ahead of this machine's at the last answer, in milliseconds; null before. */
  clockAheadMs(): number | null
}

const usual: S3Timeouts = { connectMs: 15_000, silentMs: 60_000 }
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }

/** Sends nothing. Throws `usage`. */
export async function openClient(options: ClientOptions): Promise<S3Connection> {
  const { location, clock, credentials, timeouts = usual } = options
  const sdk = await import('@aws-sdk/client-s3')
  const ca = location.ca === null ? undefined : await readCertificates(location.ca)
  // How many requests run at once is decided by the callers and `limitedStorage`, not here.
  const agents = { keepAlive: true, maxSockets: Infinity }
  const config: Sdk.S3ClientConfig = {
    forcePathStyle: location.pathStyle,
    // One attempt per command: what is tried again, and for how long, is decided by `retry.ts`.
    maxAttempts: 1,
    // Servers that are not Amazon's refuse the checksums that the SDK adds by itself. Every request's body is hashed for its signature anyhow.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    logger: silent,
    requestHandler: {
      httpAgent: new HttpAgent(agents),
      httpsAgent: new HttpsAgent({ ...agents, ...(ca === undefined ? {} : { ca }) }),
      connectionTimeout: timeouts.connectMs,
      socketTimeout: timeouts.silentMs,
      logger: silent,
    },
    ...(location.endpoint === null ? {} : { endpoint: location.endpoint.href }),
    // Servers of one's own have one region, and most take any name for it.
    ...(location.region === null && location.endpoint === null
      ? {}
      : { region: location.region ?? 'us-east-1' }),
    ...(credentials === undefined ? {} : { credentials }),
  }
  const client = new sdk.S3Client(config)
  await client.config.region().catch((error: unknown) => {
    throw new HoldfastError('usage', 'The address names no region, and neither does the environment.', {
      cause: error,
      hint: 'Add region=... to the address, or set AWS_REGION.',
    })
  })
  let ahead: number | null = null
  client.middlewareStack.add(
    (next) => async (args) => {
      // Also where an endpoint came from the environment.
      requireSecure(args.request as { protocol: string; hostname: string }, location)
      const result = await next(args)
      const { headers } = result.response as { headers?: Record<string, string> }
      const date = Date.parse(headers?.['date'] ?? '')
      // The header tells whole seconds, cut off.
      if (!Number.isNaN(date)) ahead = date + 500 - clock.now().getTime()
      return result
    },
    { step: 'deserialize', priority: 'low', name: 'holdfastAnswers' },
  )
  return { sdk, client, clockAheadMs: () => ahead }
}

/** Options of the SDK's `send`. */
export function sending(call: CallOptions | undefined): { abortSignal?: AbortSignal } {
  return call?.signal === undefined ? {} : { abortSignal: call.signal }
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
