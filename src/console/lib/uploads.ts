import { useSyncExternalStore } from 'react'
import { credentials, onSessionEnd } from '../session.ts'
import { apiErrorOf, type ApiError } from './api.ts'
import { newRate } from './sending-rate.ts'
import type { JobProgress, Upload } from './types.ts'

/*
 * Files on their way to the service. They go on while other pages are looked at, and are found again on the page of storage; with the tab they end.
 * One at a time: two would only share the line.
 */

export interface Sending {
  /** Of the repository that it becomes. */
  readonly name: string
  readonly file: string
  /** `reading`: all of it is there, and the service looks what it is. */
  readonly stage: 'sending' | 'reading' | 'failed'
  readonly progress: JobProgress
  readonly error: ApiError | null
}

let sending: Sending | null = null
let call: XMLHttpRequest | null = null
const listeners = new Set<() => void>()

function set(next: Sending | null): void {
  sending = next
  for (const listener of listeners) listener()
}

/** What is on its way, or has failed and was not let go yet. */
export function useSending(): Sending | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => sending,
  )
}

/** Resolves to what came of it; null: it failed or was stopped, which `useSending` tells. */
export async function sendFile({ name, file }: { name: string; file: File }): Promise<Upload | null> {
  const { promise, resolve } = Promise.withResolvers<Upload | null>()
  const rate = newRate(file.size)
  const at = (stage: Sending['stage'], progress: JobProgress, error: ApiError | null = null): void =>
    set({ name, file: file.name, stage, progress, error })
  // fetch does not say how much of a body has gone.
  const request = new XMLHttpRequest()
  call = request
  request.open('POST', `/api/v1/uploads?name=${encodeURIComponent(name)}`)
  for (const [header, value] of Object.entries(credentials())) request.setRequestHeader(header, value)
  request.setRequestHeader('content-type', 'application/octet-stream')
  request.upload.addEventListener('progress', ({ loaded, timeStamp }) =>
    at('sending', rate(loaded, timeStamp)),
  )
  request.upload.addEventListener('load', () => at('reading', looking))
  request.addEventListener('load', () => {
    if (request.status === 201) end(JSON.parse(request.responseText) as Upload)
    else fail(request.status, request.responseText)
  })
  request.addEventListener('error', () => fail(0, ''))
  request.addEventListener('abort', () => end(null))
  addEventListener('beforeunload', hold)
  const stop = onSessionEnd(() => request.abort())

  function over(): void {
    call = null
    stop()
    removeEventListener('beforeunload', hold)
  }
  function end(made: Upload | null): void {
    over()
    set(null)
    resolve(made)
  }
  function fail(status: number, text: string): void {
    over()
    at('failed', looking, apiErrorOf(status, text))
    resolve(null)
  }

  at('sending', rate(0, performance.now()))
  request.send(file)
  return await promise
}

/** Nothing of it is kept. */
export function stopSending(): void {
  if (call === null) set(null)
  else call.abort()
}

/** The browser asks whether the tab is really to be closed. */
function hold(event: BeforeUnloadEvent): void {
  event.preventDefault()
}

const looking: JobProgress = {
  phase: 'looking what it is',
  done: 0,
  total: null,
  unit: 'objects',
  percent: null,
  perSecond: null,
  secondsLeft: null,
}
