import { HoldfastError } from '../lib/errors.ts'

export interface Interruption {
  /** Aborted, with a `cancelled` error as the reason, when the process is asked to end. */
  readonly signal: AbortSignal
  /** Stops listening. */
  stop(): void
}

export interface InterruptionOptions {
  /** The process, or what stands for it in a test. */
  readonly source: {
    on(event: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
    off(event: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  }
  /** Called once, at the first request. */
  readonly onCancel: (signal: NodeJS.Signals) => void
  /** Ends the process at once, at the second request, when nothing is heard any more. */
  readonly end: (signal: NodeJS.Signals) => void
}

const watched: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Turns the first request to end into an AbortSignal, so that work ends cleanly, and obeys the second at once. */
export function watchSignals({ source, onCancel, end }: InterruptionOptions): Interruption {
  const controller = new AbortController()

  function listener(signal: NodeJS.Signals): void {
    if (controller.signal.aborted) {
      stop()
      end(signal)
      return
    }
    onCancel(signal)
    controller.abort(new HoldfastError('cancelled', 'Cancelled.'))
  }

  function stop(): void {
    for (const name of watched) source.off(name, listener)
  }

  for (const name of watched) source.on(name, listener)
  return { signal: controller.signal, stop }
}

/** How long a command may take to end when whoever started it has died. */
const lifelineGraceMs = 20_000

/**
 * Watches the standard input of a process whose end says that whoever started it is gone: then `onEnd` is called, and again after a
 * while, which ends what did not heed it. It keeps no process alive.
 */
export function watchLifeline(input: NodeJS.ReadStream, onEnd: () => void): void {
  const ended = (): void => {
    input.off('end', ended).off('error', ended)
    onEnd()
    setTimeout(onEnd, lifelineGraceMs).unref()
  }
  input.on('end', ended).on('error', ended).resume()
  input.unref()
}
