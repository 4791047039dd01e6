import { isIP, Socket } from 'node:net'
import { TLSSocket, type ConnectionOptions } from 'node:tls'
import pg from 'pg'
import { HoldfastError, isHoldfastError, messageOf } from '../lib/errors.ts'
import type { BackendKey } from './cancel.ts'
import { cancelledError, serverError, serverFailureOf } from './failures.ts'
import { describeAddress, type ServerAddress, type TlsSettings } from './server-address.ts'
import { columnTypes } from './types.ts'

const CONNECT_TIMEOUT_MS = 15_000
/** Silence after which TCP asks whether the peer is there; ten probes later, a second apart, the connection is dead. */
const KEEPALIVE_AFTER_MS = 30_000

/** Large enough that reading costs few system calls, small enough for a processor's cache. */
const READ_BYTES = 256 * 1024

/**
 * In the middle of much, a read smaller than this is followed by a pause, so that the next finds more: the server writes
 * 8 KB at a time, and a read and a wake-up for each cost both sides more than the bytes do. Within the pause a connection
 * takes 200 KB on a Unix socket before the server has to wait.
 */
const SMALL_READ_BYTES = 32 * 1024
const GATHER_MS = 1

/** A session that is logged in. */
export interface OpenClient {
  readonly client: pg.Client
  readonly socket: Socket
  /**
   * Takes the server's bytes away from pg: from now on `receive` gets them, valid until it returns or the socket is resumed.
   * It returns true in the middle of much, when the next piece may take a moment to gather.
   */
  takeOver(receive: (piece: Uint8Array) => boolean): void
  readonly key: BackendKey
  /** Set if the connection is encrypted: what another one to the same server needs. */
  readonly tls: ConnectionOptions | undefined
  /** As reported by the server at start-up. */
  readonly parameters: Map<string, string>
}

export interface OpenOptions {
  readonly address: ServerAddress
  readonly applicationName?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Read into one buffer that is used again and again: half the processor time of a buffer for each read. */
  readonly bulk?: boolean
}

/** Connects and logs in. Throws connection_failed, login_failed, database_missing or cancelled. */
export async function openClient(o: OpenOptions): Promise<OpenClient> {
  const attempts = tlsAttempts(o.address)
  for (const [index, tls] of attempts.entries()) {
    const attempt = await tryOpen(o, tls)
    if (attempt.open !== undefined) return attempt.open
    if (!attempt.mayRetry || index === attempts.length - 1) throw attempt.error
  }
  throw new HoldfastError('internal', 'No way to connect was tried.')
}

/** The ways to connect that the mode allows, in order. As in libpq, a Unix socket is never encrypted. */
function tlsAttempts(address: ServerAddress): readonly (ConnectionOptions | undefined)[] {
  const mode = address.tls?.mode ?? 'prefer'
  if (address.host.startsWith('/') || mode === 'disable') return [undefined]
  const tls = tlsOptions(address.host, address.tls ?? { mode })
  if (mode === 'allow') return [undefined, tls]
  return mode === 'prefer' ? [tls, undefined] : [tls]
}

function tlsOptions(host: string, tls: TlsSettings): ConnectionOptions {
  const options: ConnectionOptions = {}
  if (isIP(host) === 0) options.servername = host
  if (tls.certificate !== undefined) options.cert = tls.certificate
  if (tls.key !== undefined) options.key = tls.key
  const root = tls.rootCertificate
  if (root !== undefined && root !== 'system') options.ca = root
  if (tls.mode === 'verify-full') return options
  // As in libpq: `require` with a root certificate at hand checks the chain, as verify-ca does, but not the name.
  if (tls.mode === 'verify-ca' || (tls.mode === 'require' && root !== undefined)) {
    return { ...options, checkServerIdentity: () => undefined }
  }
  return { ...options, rejectUnauthorized: false }
}

type Attempt =
  | { readonly open: OpenClient }
  | { readonly open?: undefined; readonly error: HoldfastError; readonly mayRetry: boolean }

async function tryOpen(o: OpenOptions, tls: ConnectionOptions | undefined): Promise<Attempt> {
  const { address, signal } = o
  if (signal?.aborted) return { error: cancelledError(signal), mayRetry: false }

  // Under TLS it is the decrypting layer that reads.
  const bulk = o.bulk === true && tls === undefined ? bulkSocket() : undefined
  const client = new pg.Client({
    ...(bulk === undefined ? {} : { stream: () => bulk.socket }),
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    // A function, so that pg looks neither into the environment nor for a password file.
    password: () => passwordOf(address),
    // A copy: pg changes it.
    ssl: tls === undefined ? false : { ...tls },
    sslnegotiation: 'postgres',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_AFTER_MS,
    types: columnTypes,
  })
  // pg would add what it finds in the environment.
  Object.assign(client, { getStartupConf: () => startupParameters(o) })
  // Errors of an idle connection: whoever uses it learns of them at the next call.
  client.on('error', () => {})

  const parameters = new Map<string, string>()
  const { connection } = client
  connection.on('parameterStatus', (message: { parameterName: string; parameterValue: string }) =>
    parameters.set(message.parameterName, message.parameterValue),
  )
  let reached = false
  connection.on('connect', () => (reached = true))

  const stop = (): void => void connection.stream.destroy(new Error('stopped'))
  const timeoutMs = address.connectTimeoutMs ?? CONNECT_TIMEOUT_MS
  let timedOut = false
  const timer =
    timeoutMs === 0
      ? undefined
      : setTimeout(() => {
          timedOut = true
          stop()
        }, timeoutMs)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    await client.connect()
    const socket = connection.stream as Socket
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
    return {
      open: {
        client,
        socket,
        takeOver(receive) {
          socket.removeAllListeners('data')
          if (bulk === undefined) socket.on('data', receive)
          else bulk.takeOver(receive)
        },
        key: { processId: processID, secret: secretKey },
        tls: socket instanceof TLSSocket ? tls : undefined,
        parameters,
      },
    }
  } catch (error) {
    connection.stream.destroy()
    if (signal?.aborted) return { error: cancelledError(signal), mayRetry: false }
    if (timedOut) return { error: noAnswer(address, timeoutMs), mayRetry: false }
    const failure = serverFailureOf(error)
    // Refused encryption, a failed handshake, or a pg_hba.conf line for the other kind of connection.
    const mayRetry = reached && (failure === undefined || failure.sqlstate === '28000')
    return { error: connectError(address, error), mayRetry }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

/** A socket that reads into one buffer. Until it is taken over it emits copies as `data`, for pg. */
function bulkSocket(): { socket: Socket; takeOver: OpenClient['takeOver'] } {
  let receive = (piece: Uint8Array): boolean => {
    socket.emit('data', Buffer.from(piece))
    return false
  }
  const socket: Socket = new Socket({
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback(length, buffer) {
        if (receive(buffer.subarray(0, length)) && length < SMALL_READ_BYTES) {
          socket.pause()
          setTimeout(() => socket.resume(), GATHER_MS)
        }
        return true
      },
    },
  })
  return { socket, takeOver: (next) => void (receive = next) }
}

function startupParameters({ address, applicationName }: OpenOptions): Record<string, string> {
  return {
    user: address.user,
    database: address.database,
    application_name: address.applicationName ?? applicationName ?? 'holdfast',
    ...(address.options === undefined ? {} : { options: address.options }),
  }
}

function passwordOf(address: ServerAddress): string {
  if (address.password !== undefined && address.password !== '') return address.password
  throw new HoldfastError(
    'login_failed',
    `${describeAddress(address)} asks for a password, and none was given.`,
    { hint: 'Give it by PGPASSWORD, a password file (PGPASSFILE), or in the address.' },
  )
}

function noAnswer(address: ServerAddress, timeoutMs: number): HoldfastError {
  return new HoldfastError(
    'connection_failed',
    `${describeAddress(address)} did not answer within ${timeoutMs / 1000} s.`,
  )
}

function connectError(address: ServerAddress, error: unknown): HoldfastError {
  if (isHoldfastError(error)) return error
  const place = describeAddress(address)
  const failure = serverFailureOf(error)
  if (failure === undefined) {
    // Several addresses of one name were tried: the error of the whole has no text.
    const reasons = error instanceof AggregateError ? error.errors : [error]
    const text = reasons.map(messageOf).join('; ')
    return new HoldfastError('connection_failed', `${place} could not be reached: ${text}.`, { cause: error })
  }
  const mapped = serverError(failure)
  const code = mapped.code === 'login_failed' || mapped.code === 'database_missing' ? mapped.code : undefined
  return new HoldfastError(
    code ?? (failure.sqlstate === '42501' ? 'login_failed' : 'connection_failed'),
    `${place} refuses the connection: ${failure.message}.`,
    {
      details: mapped.details,
      // too_many_connections: of the server, the database or the role.
      ...(failure.sqlstate === '53300'
        ? {
            hint: 'Use fewer --jobs, or raise the limit: max_connections, or CONNECTION LIMIT of the role or database.',
          }
        : {}),
    },
  )
}
