import type * as Sdk from '@aws-sdk/client-s3'
import type { Clock } from '../../lib/clock.ts'
import { HoldfastError } from '../../lib/errors.ts'
import { requireSecure } from '../remote/address.ts'
import { openAgents } from '../remote/agents.ts'
import { createServerClock } from '../remote/server-clock.ts'
import { usualTimeouts, type Timeouts } from '../remote/timeouts.ts'
import type { CallOptions } from '../storage.ts'
import type { S3Location } from './address.ts'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface ClientOptions {
  readonly location: S3Location
  /** The machine's clock. */
  readonly clock: Clock
  /** Left out: what the SDK finds, in the environment, in its own files and from the machine it runs on. */
  readonly credentials?: S3Credentials | undefined
  readonly timeouts?: Timeouts
}

/** A client, and the module that has its commands, which takes a while to import. */
export interface S3Connection {
  readonly sdk: typeof Sdk
  readonly client: Sdk.S3Client
  /** By how much the server's clock was ahead of this machine's at the last answer, in milliseconds; null before. */
  clockAheadMs(): number | null
}

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }

/** Sends nothing. Throws `usage`. */
export async function openClient(options: ClientOptions): Promise<S3Connection> {
  const { location, clock, credentials, timeouts = usualTimeouts } = options
  const sdk = await import('@aws-sdk/client-s3')
  const agents = await openAgents(location.ca)
  const config: Sdk.S3ClientConfig = {
    forcePathStyle: location.pathStyle,
    // One attempt per command: what is tried again, and for how long, is decided by `retry.ts`.
    maxAttempts: 1,
    // Servers that are not Amazon's refuse the checksums that the SDK adds by itself. Every request's body is hashed for its signature anyhow.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    logger: silent,
    requestHandler: {
      httpAgent: agents.http,
      httpsAgent: agents.https,
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
  const serverClock = createServerClock(clock)
  client.middlewareStack.add(
    (next) => async (args) => {
      // Also where an endpoint came from the environment.
      requireSecure(args.request as { protocol: string; hostname: string }, location)
      const result = await next(args)
      const { headers } = result.response as { headers?: Record<string, string> }
      serverClock.note(headers?.['date'])
      return result
    },
    { step: 'deserialize', priority: 'low', name: 'holdfastAnswers' },
  )
  return { sdk, client, clockAheadMs: serverClock.aheadMs }
}

/** Options of the SDK's `send`. */
export function sending(call: CallOptions | undefined): { abortSignal?: AbortSignal } {
  return call?.signal === undefined ? {} : { abortSignal: call.signal }
}
