import { parentPort, workerData } from 'node:worker_threads'
import { HoldfastError, isHoldfastError, messageOf } from '../../lib/errors.ts'
import { free } from '../../lib/free.ts'
import { openChunk, sealChunk } from '../format/chunk.ts'
import { chunkName } from '../format/chunk-names.ts'
import type { WorkerReply, WorkerRequest, WorkerSetup } from './messages.ts'

/*
 * The thread that hashes, compresses and encrypts. Bytes come and go by moving their ArrayBuffer. A chunk to be stored
 * stays here between being named and the answer whether that name is known, so that its bytes travel once.
 */

const setup = workerData as WorkerSetup
const port = parentPort
if (port === null) throw new HoldfastError('internal', 'worker.ts runs in a worker thread only')
const named = new Map<number, Uint8Array<ArrayBuffer>>()
let identities = setup.work === 'open' ? setup.identities : []

port.on('message', (request: WorkerRequest) => {
  try {
    const reply = answer(request)
    if (reply !== null) port.postMessage(reply, reply.kind === 'bytes' ? [reply.bytes.buffer] : [])
  } catch (error) {
    const code = isHoldfastError(error) ? error.code : 'internal'
    port.postMessage({
      kind: 'error',
      job: request.job,
      code,
      message: messageOf(error),
    } satisfies WorkerReply)
  }
})

function answer(request: WorkerRequest): WorkerReply | null {
  const { job } = request
  switch (request.kind) {
    case 'name':
      named.set(job, request.bytes)
      return { kind: 'name', job, name: chunkName(setup.namingKey, request.bytes) }
    case 'seal': {
      const bytes = take(job)
      if (setup.work !== 'seal') throw new HoldfastError('internal', 'This thread does not seal.')
      const sealed = sealChunk(bytes, setup.epochPublicKey, setup.level)
      free(bytes)
      return { kind: 'bytes', job, bytes: sealed }
    }
    case 'drop':
      free(take(job))
      return null
    case 'open': {
      const bytes = open(request.name, request.stored)
      free(request.stored)
      return { kind: 'bytes', job, bytes }
    }
  }
}

/** Tries the epoch that opened the chunk before this one first: neighbours mostly share theirs. */
function open(name: string, stored: Uint8Array): Uint8Array<ArrayBuffer> {
  for (const identity of identities) {
    try {
      const plain = openChunk(stored, { name, namingKey: setup.namingKey, identity })
      if (identity !== identities[0])
        identities = [identity, ...identities.filter((other) => other !== identity)]
      return plain
    } catch (error) {
      if (!isHoldfastError(error, 'identity_wrong')) throw error
    }
  }
  throw new HoldfastError('object_damaged', `Chunk ${name} is not sealed to any epoch of this repository.`)
}

function take(job: number): Uint8Array<ArrayBuffer> {
  const bytes = named.get(job)
  if (bytes === undefined)
    throw new HoldfastError('internal', 'A chunk was asked for that was not handed over.')
  named.delete(job)
  return bytes
}
