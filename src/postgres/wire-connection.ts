import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { HoldfastError } from '../lib/errors.ts'
import { cancelUntilSettled, requestCancel, type BackendKey } from './cancel.ts'
import { cancelledError, connectionLost, serverError } from './failures.ts'
import { describeAddress, type ServerAddress } from './server-address.ts'
import { sendCopyData } from './wire-copy-in.ts'
import { countExpectedReady, createFrameReader, type Frames, type Message } from './wire-frames.ts'
import {
  Backend,
  copyDoneMessage,
  copyFailMessage,
  copyCount,
  decodeDataRow,
  decodeError,
  decodeParameter,
  queryMessage,
  terminateMessage,
} from './wire-messages.ts'
import type { CopySink, Wire } from './wire.ts'

/** Rows of more bytes than this are many: the end of the statement is not near. */
const MANY_ROWS_BYTES = 256 * 1024
/** How long a polite end may take. */
const CLOSE_TIMEOUT_MS = 1000

/** The call that uses the connection now. */
interface Call {
  readonly outcome: PromiseWithResolvers<void>
  /** ReadyForQuery messages that are still to come. */
  readyLeft: number
  /** What the server reported; the call fails with it once the server is ready again. */
  error?: unknown
  /** All bytes as they came, for a caller that speaks the protocol itself. */
  readonly raw?: Uint8Array[]
  onMessage?(message: Message): void
  onRows?(frames: Frames): void | Promise<void>
  /** Nothing more can be sent: the server reported an error, or the call is over. */
  onStop?(): void
}

/** Speaks the simple query protocol on the socket of a session that is logged in and idle, and owned by nobody else. */
export function createWire(o: {
  readonly socket: Socket
  /** Lets `receive` have the server's bytes from now on. It returns true when many more are to come. */
  takeOver(receive: (piece: Uint8Array) => boolean): void
  readonly address: ServerAddress
  readonly key: BackendKey
  readonly tls: ConnectionOptions | undefined
  readonly parameters: Map<string, string>
  readonly signal?: AbortSignal | undefined
}): Wire {
  const { socket, parameters, signal } = o
  const where = describeAddress(o.address)
  const reader = createFrameReader()
  let call: Call | undefined
  /** Why the connection can't be used any more. */
  let over: HoldfastError | undefined
  let lastWords: HoldfastError | undefined
  /** Messages behind rows that the sink still works on. */
  let held: readonly Message[] = []
  /** Bytes of rows that the call has had. */
  let rowBytes = 0

  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', (error) => lose(lastWords ?? connectionLost(where, error)))
  socket.on('close', () => lose(lastWords ?? connectionLost(where)))
  o.takeOver(receive)
  const onAbort = (): void => {
    if (signal !== undefined) void giveUp(cancelledError(signal))
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()

  function receive(piece: Uint8Array): boolean {
    try {
      if (call?.raw !== undefined) {
        call.raw.push(Uint8Array.from(piece))
        piece = Uint8Array.from(piece)
      }
      const frames = reader.push(piece)
      rowBytes += frames.rows.length
      const waiting = frames.rowEnds > 0 || frames.rows.length > 0 ? call?.onRows?.(frames) : undefined
      if (waiting === undefined) {
        frames.messages.forEach(handle)
        return call !== undefined && rowBytes > MANY_ROWS_BYTES
      }
      socket.pause()
      held = frames.messages
      waiting.then(release).catch((error: unknown) => void giveUp(error))
    } catch (error) {
      void giveUp(error)
    }
    return false
  }

  function release(): void {
    const messages = held
    held = []
    messages.forEach(handle)
    socket.resume()
  }

  function handle(message: Message): void {
    if (message.type === Backend.parameterStatus) {
      parameters.set(...decodeParameter(message.body))
    } else if (message.type === Backend.error) {
      const failure = decodeError(message.body, decode)
      const error = serverError(failure)
      if (failure.fatal) lastWords = error
      if (call !== undefined) {
        call.error ??= error
        call.onStop?.()
      }
    } else if (message.type === Backend.readyForQuery) {
      if (call !== undefined && --call.readyLeft === 0) finish(call.error)
    } else {
      call?.onMessage?.(message)
    }
  }

  function finish(error: unknown): void {
    const done = call
    call = undefined
    if (error === undefined) done?.outcome.resolve()
    else done?.outcome.reject(error)
    done?.onStop?.()
  }

  /** The connection is gone: whatever waits must not wait for ever. */
  function lose(error: HoldfastError): void {
    over ??= error
    signal?.removeEventListener('abort', onAbort)
    socket.destroy()
    finish(call?.error ?? over)
  }

  /** Stops what runs, on the server first, and ends the connection. The call fails with `error`. */
  async function giveUp(error: unknown): Promise<void> {
    if (over !== undefined) return
    over = error instanceof HoldfastError ? error : connectionLost(where, error)
    const stopped = call
    if (stopped !== undefined) {
      stopped.error ??= error
      // What still comes is only read to see the end of it.
      delete stopped.onRows
      delete stopped.onMessage
      stopped.onStop?.()
      release()
      await cancelUntilSettled(o, stopped.outcome.promise)
    }
    lose(over)
  }

  function begin(handlers: Omit<Call, 'outcome' | 'readyLeft'>, message: Uint8Array, readyLeft = 1): Call {
    if (over !== undefined) throw over
    if (call !== undefined) throw new HoldfastError('internal', 'A wire is used by one call at a time.')
    const next: Call = { ...handlers, outcome: Promise.withResolvers<void>(), readyLeft }
    call = next
    rowBytes = 0
    socket.write(message)
    return next
  }

  function decode(bytes: Uint8Array): string {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(isUtf8() ? 'utf8' : 'latin1')
  }

  /** SQL_ASCII takes any bytes; UTF-8 is what the other side most likely means. */
  function isUtf8(): boolean {
    return /^(UTF8|SQL_ASCII)$/.test(parameters.get('client_encoding') ?? 'UTF8')
  }

  async function simpleQuery(sql: Uint8Array): Promise<(string | null)[][]> {
    let rows: (string | null)[][] = []
    let current: (string | null)[][] = []
    const { outcome } = begin(
      {
        onMessage({ type, body }) {
          if (type === Backend.dataRow) current.push(decodeDataRow(body, decode))
          else if (type === Backend.commandComplete && current.length > 0) {
            rows = current
            current = []
          } else if (type === Backend.copyInResponse) {
            socket.write(copyFailMessage('no rows were offered'))
          }
        },
      },
      queryMessage(sql),
    )
    await outcome.promise
    return rows
  }

  /** The statement in the client encoding, if that is UTF-8 or makes no difference. */
  function encoded(sql: string): Uint8Array | undefined {
    const bytes = Buffer.from(sql, 'utf8')
    return bytes.length === sql.length || isUtf8() ? bytes : undefined
  }

  /** The statement in any other client encoding. Node knows how to write few of them; the server knows all. */
  async function translated(sql: string): Promise<Uint8Array> {
    const hex = Buffer.from(sql, 'utf8').toString('hex')
    const text = `pg_catalog.convert('\\x${hex}', 'UTF8', pg_catalog.pg_client_encoding())`
    const rows = await simpleQuery(Buffer.from(`SELECT pg_catalog.encode(${text}, 'hex')`))
    return Buffer.from(rows[0]?.[0] ?? '', 'hex')
  }

  async function copyOut(sql: string, sink: CopySink): Promise<number> {
    let received = 0
    let sent: number | undefined
    const statement = encoded(sql) ?? (await translated(sql))
    const { outcome } = begin(
      {
        onRows({ rows, rowEnds, endsRow }) {
          received += rowEnds
          return sink.write(rows, rowEnds, endsRow)
        },
        onMessage({ type, body }) {
          if (type === Backend.commandComplete) sent = copyCount(body)
          else if (type === Backend.copyInResponse) socket.write(copyFailMessage('no rows were offered'))
        },
      },
      queryMessage(statement),
    )
    await outcome.promise
    if (sent === received) return sent
    throw new HoldfastError(
      'source_mismatch',
      `The server says it sent ${sent ?? 'no'} rows, and ${received} were received.`,
      { details: { sent, received } },
    )
  }

  async function copyIn(sql: string, source: AsyncIterable<Uint8Array>): Promise<number> {
    let taken: number | undefined
    const started = Promise.withResolvers<boolean>()
    const statement = encoded(sql) ?? (await translated(sql))
    const current = begin(
      {
        onMessage({ type, body }) {
          if (type === Backend.copyInResponse) started.resolve(true)
          else if (type === Backend.commandComplete) taken = copyCount(body)
        },
        onStop: () => started.resolve(false),
      },
      queryMessage(statement),
    )
    const { promise } = current.outcome
    // Awaited below; without this, a failure while the source is read would count as unhandled.
    promise.catch(() => {})
    if (await started.promise) {
      const sending = sendCopyData(socket, source)
      current.onStop = sending.stop
      if (current.error !== undefined || over !== undefined) sending.stop()
      try {
        if (await sending.sent) socket.write(copyDoneMessage)
        else if (call === current) socket.write(copyFailMessage('cancelled'))
      } catch (error) {
        socket.write(copyFailMessage('the source of the rows failed'))
        await promise.catch(() => {})
        throw error
      }
    }
    await promise
    if (taken !== undefined) return taken
    throw new HoldfastError('internal', 'The statement was not a COPY FROM STDIN.')
  }

  async function exchange(messages: Uint8Array): Promise<Uint8Array> {
    const expected = countExpectedReady(messages)
    const raw: Uint8Array[] = []
    const current = begin({ raw }, messages, expected)
    // The caller reads the server's errors from the bytes itself.
    if (expected === 0) finish(undefined)
    await current.outcome.promise.catch((error: unknown) => {
      if (over !== undefined || error !== current.error) throw error
    })
    return raw.length === 1 && raw[0] !== undefined ? raw[0] : Buffer.concat(raw)
  }

  async function close(): Promise<void> {
    if (call !== undefined) {
      await giveUp(new HoldfastError('cancelled', `The connection to ${where} was closed during work.`))
    } else if (over === undefined) {
      over = new HoldfastError('connection_lost', `The connection to ${where} is closed.`)
      signal?.removeEventListener('abort', onAbort)
      socket.end(terminateMessage)
    }
    const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS)
    await closed
    clearTimeout(timer)
  }

  socket.resume()
  return {
    parameters,
    processId: o.key.processId,
    query: async (sql) => simpleQuery(encoded(sql) ?? (await translated(sql))),
    copyOut,
    copyIn,
    exchange,
    cancel: () => requestCancel(o),
    close,
    [Symbol.asyncDispose]: close,
  }
}
