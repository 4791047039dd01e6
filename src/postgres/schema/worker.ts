/**
 * The thread that runs pg_dump, compiled to WebAssembly. pg_dump wants the server's answer before its write returns:
 * so this thread sleeps until the main thread has fetched it. It runs one pg_dump and nothing else, and is then ended.
 */
import { receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads'
import { answerStartup, frontendMessages } from './startup.ts'

export interface WorkerInput {
  readonly port: MessagePort
  /** One 32 bit counter: how many answers have been posted. */
  readonly answered: SharedArrayBuffer
  readonly args: readonly string[]
  readonly parameters: readonly (readonly [string, string])[]
  readonly processId: number
}

export type WorkerOutput =
  | { readonly kind: 'exchange'; readonly bytes: Uint8Array }
  | { readonly kind: 'done'; readonly file: Uint8Array }
  | { readonly kind: 'failed'; readonly message: string }

interface FileSystem {
  readFile(path: string): Uint8Array
}

/** Where the package makes pg_dump write. */
const outputFile = '/tmp/out.sql'
/** Messages that the server answers with ReadyForQuery; others wait for the next of these. */
const answeredTypes = 'QSF'
const terminate = 'X'

const input: WorkerInput = workerData
const answered = new Int32Array(input.answered)

function exchange(bytes: Uint8Array): Uint8Array {
  const before = Atomics.load(answered, 0)
  send({ kind: 'exchange', bytes })
  // Not once: the call that woke us for the answer before may come only when we sleep again.
  while (Atomics.load(answered, 0) === before) Atomics.wait(answered, 0, before)
  const answer: { message: Uint8Array } | undefined = receiveMessageOnPort(input.port)
  if (answer === undefined) throw new Error('woken without an answer')
  return answer.message
}

function send(output: WorkerOutput): void {
  input.port.postMessage(output)
}

function connection(): { execProtocolRawStream(bytes: Uint8Array, options: RawOptions): void } {
  const messages = frontendMessages()
  const waiting: Buffer[] = []
  return {
    execProtocolRawStream(bytes, { onRawData }) {
      messages.push(bytes)
      for (let message = messages.next(); message !== null; message = messages.next()) {
        if (message.type === '') {
          const answer = answerStartup(message.body.readUInt32BE(4), input)
          if (answer === null) throw new Error('pg_dump began with an unknown message')
          if (answer.length > 1) messages.started()
          onRawData(answer)
        } else if (message.type !== terminate) {
          waiting.push(message.body)
          if (answeredTypes.includes(message.type)) onRawData(exchange(Buffer.concat(waiting.splice(0))))
        }
      }
    },
  }
}

interface RawOptions {
  onRawData(bytes: Uint8Array): void
}

/**
 * The package reads what pg_dump wrote as text, which ends at the first zero byte and spoils bytes that are not UTF-8.
 * The program's file system, which keeps the file as it is, is not handed out; but it is assigned to the property
 * `FS` of the package's module object, which this setter sees.
 */
function catchFileSystem(): () => FileSystem {
  let caught: FileSystem | null = null
  Object.defineProperty(Object.prototype, 'FS', {
    configurable: true,
    set(this: object, value: FileSystem) {
      caught = value
      Object.defineProperty(this, 'FS', { value, writable: true, configurable: true, enumerable: true })
    },
  })
  return () => {
    if (caught === null) throw new Error('the file system of pg_dump was not found')
    return caught
  }
}

async function run(): Promise<void> {
  process.argv[1] = 'pg_dump' // the name it gives itself in its messages
  const fileSystem = catchFileSystem()
  const { pgDump } = await import('@electric-sql/pglite-tools/pg_dump')
  const pg = {
    ...connection(),
    query: () => Promise.resolve({ rows: [{ search_path: '' }] }),
    exec: () => Promise.resolve([]),
  }
  // The package asks for a PGlite, but uses only these three functions of it.
  await pgDump({ pg: pg as never, args: [...input.args] })
  send({ kind: 'done', file: fileSystem().readFile(outputFile) })
}

try {
  await run()
} catch (error) {
  send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
}
// The end of a thread may be told before its last message: sleep until the main thread ends it.
for (;;) Atomics.wait(answered, 0, Atomics.load(answered, 0))
