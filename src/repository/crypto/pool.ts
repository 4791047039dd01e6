import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { HoldfastError, messageOf } from '../../lib/errors.ts'
import type { WorkerReply, WorkerRequest, WorkerSetup } from './messages.ts'

/**
 * Some threads that do the same work. The first starts at once, another when those that run have too much to do: a thread
 * costs a tenth of a second of processor time. They keep the process alive only while an answer is awaited.
 */
export interface WorkerPool {
  /** A thread to talk to about one chunk: the one with the least to do. */
  pick(): PooledWorker
  /** Stops the threads; calls that still wait fail with `cancelled`. The threads' own end, which takes them a while, is not waited for. */
  dispose(): void
}

export interface PooledWorker {
  /** Sends a request and resolves to its answer. Rejects if the work fails or the thread dies: it never hangs. */
  ask(request: WorkerRequest, transfer?: ArrayBuffer[]): Promise<WorkerReply>
  /** Sends a request that has no answer. */
  tell(request: WorkerRequest): void
}

/** Answers that a thread owes before another is started. */
const tooMuch = 3

/** How many threads are used at most where nobody says: more than 4 only wait for the database. */
export function defaultThreads(): number {
  return Math.min(availableParallelism(), 4)
}

export function startPool({ threads, setup }: { threads: number; setup: WorkerSetup }): WorkerPool {
  const workers = [startWorker(setup)]

  return {
    pick() {
      const best = workers.reduce((least, worker) => (worker.load() < least.load() ? worker : least))
      const load = best.load()
      // Infinite: all have ended, and say so when they are asked.
      if (load < tooMuch || load === Infinity || workers.length >= threads) return best
      const another = startWorker(setup)
      workers.push(another)
      return another
    },
    dispose: () => workers.forEach((worker) => worker.stop()),
  }
}

interface Waiting {
  readonly resolve: (reply: WorkerReply) => void
  readonly reject: (error: HoldfastError) => void
}

function startWorker(setup: WorkerSetup) {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: setup,
    // Options of the process, like --eval, are not meant for its threads, and some would keep them from starting.
    execArgv: [],
  })
  const waiting = new Map<number, Waiting>()
  /** Set when the thread is gone: what every later call fails with. */
  let ended: HoldfastError | null = null

  function settle(job: number): Waiting | undefined {
    const call = waiting.get(job)
    waiting.delete(job)
    if (waiting.size === 0) worker.unref()
    return call
  }

  function end(error: HoldfastError): void {
    ended ??= error
    for (const job of waiting.keys()) settle(job)?.reject(ended)
  }

  worker.on('message', (reply: WorkerReply) => {
    const call = settle(reply.job)
    if (reply.kind === 'error') call?.reject(new HoldfastError(reply.code, reply.message))
    else call?.resolve(reply)
  })
  worker.on('error', (error) => {
    end(new HoldfastError('internal', `A worker thread failed: ${messageOf(error)}`, { cause: error }))
  })
  worker.on('exit', () => end(new HoldfastError('internal', 'A worker thread ended unexpectedly.')))
  // Only now: a listener added later would hold the process again.
  worker.unref()

  return {
    load: () => (ended === null ? waiting.size : Infinity),
    ask(request: WorkerRequest, transfer: ArrayBuffer[] = []): Promise<WorkerReply> {
      if (ended !== null) return Promise.reject(ended)
      return new Promise((resolve, reject) => {
        worker.postMessage(request, transfer)
        waiting.set(request.job, { resolve, reject })
        worker.ref()
      })
    },
    tell(request: WorkerRequest): void {
      if (ended === null) worker.postMessage(request)
    },
    stop(): void {
      end(new HoldfastError('cancelled', 'The work was stopped.'))
      void worker.terminate()
    },
  }
}
