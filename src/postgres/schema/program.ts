import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import { HoldfastError, messageOf } from '../../lib/errors.ts'
import { cancelledError, type ServerFailure } from '../failures.ts'
import type { Wire } from '../wire.ts'
import { firstError } from './server-error.ts'
import type { WorkerInput, WorkerOutput } from './worker.ts'

/** The major version of the bundled pg_dump: it reads servers up to this one. */
export const programMajor = 18

/**
 * Runs the bundled pg_dump over `wire` and resolves to the file it wrote. The connection must not be in a transaction;
 * when it fails in another way than by pg_dump's own exit, its state is unknown and it should be closed.
 *
 * Throws `schema_dump_failed` with what pg_dump said, `source_denied` and `lock_timeout` where the server said so,
 * `cancelled` when `signal` fires, and what the connection throws. The thread has ended when this settles.
 */
export async function runProgram({
  wire,
  args,
  parameters,
  signal,
}: {
  wire: Pick<Wire, 'exchange' | 'cancel' | 'processId'>
  args: readonly string[]
  /** What pg_dump is told of the session, e.g. `server_version` and `client_encoding`. */
  parameters: ReadonlyMap<string, string>
  signal?: AbortSignal | undefined
}): Promise<Uint8Array> {
  const { port1: port, port2 } = new MessageChannel()
  const answered = new Int32Array(new SharedArrayBuffer(4))
  const workerData: WorkerInput = {
    port: port2,
    answered: answered.buffer,
    args,
    parameters: [...parameters],
    processId: wire.processId,
  }
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData,
    transferList: [port2],
    env: environment(),
  })
  let refused: ServerFailure | null = null
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()

  const answer = async (bytes: Uint8Array): Promise<void> => {
    const reply = await wire.exchange(bytes)
    refused ??= firstError(reply)
    const whole = Uint8Array.from(reply) // without what else its memory holds
    port.postMessage(whole, [whole.buffer])
    Atomics.add(answered, 0, 1)
    Atomics.notify(answered, 0)
  }
  port.on('message', (output: WorkerOutput) => {
    if (output.kind === 'exchange') answer(output.bytes).catch(reject)
    else if (output.kind === 'done') resolve(output.file)
    else reject(programFailed(output.message, refused))
  })
  worker.on('error', (error) => reject(programFailed(messageOf(error), refused)))
  worker.on('exit', () => reject(programFailed('it ended without a word', refused)))
  const abort = (): void => {
    if (signal === undefined) return
    reject(cancelledError(signal))
    void wire.cancel()
  }
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()

  try {
    return await promise
  } finally {
    signal?.removeEventListener('abort', abort)
    port.close()
    await worker.terminate()
  }
}

/**
 * What the thread has of the environment: nothing but where Node keeps compiled code, if it does. Without, it would have to
 * load a compiler for this directory's TypeScript.
 */
function environment(): NodeJS.ProcessEnv {
  // This one is a directory of Node's own inside the one that was asked for.
  const directory = getCompileCacheDir()
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: dirname(directory) }
}

/** The error for what pg_dump wrote to its standard error, or rather for what the server refused, if it did. */
function programFailed(said: string, refused: ServerFailure | null): HoldfastError {
  if (refused === null) {
    const text = said.replace(/^[^]*?pg_dump: error: /, '')
    return new HoldfastError('schema_dump_failed', `pg_dump failed: ${text}`)
  }
  const details = { sqlstate: refused.sqlstate }
  const message = `The schema can't be read: ${refused.message}.`
  if (refused.sqlstate === '42501') return new HoldfastError('source_denied', message, { details })
  // pg_dump bounds its wait for locks by a statement timeout.
  if (['55P03', '57014'].includes(refused.sqlstate)) {
    return new HoldfastError('lock_timeout', message, { details })
  }
  const { hint } = refused
  return new HoldfastError('schema_dump_failed', message, {
    details,
    ...(hint === undefined ? {} : { hint }),
  })
}
