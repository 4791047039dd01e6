import type { ReadStream } from 'node:tty'
import { throwIfCancelled } from '../lib/abort.ts'
import { HoldfastError } from '../lib/errors.ts'

export interface Terminal {
  readonly input: ReadStream
  readonly output: { write(text: string): unknown }
  readonly signal: AbortSignal
}

/**
 * Asks one question and reads the answer without showing it. Throws `cancelled` at Ctrl-C and Ctrl-D, when the signal is
 * aborted, and when the terminal is gone.
 */
export async function askSecret(question: string, { input, output, signal }: Terminal): Promise<string> {
  throwIfCancelled(signal)
  // Before anything is asked: what is typed at once must not be shown either.
  input.setRawMode(true)
  output.write(question)
  input.setEncoding('utf8')
  try {
    return await new Promise<string>((resolve, reject) => {
      let answer = ''
      const end = (settle: () => void): void => {
        input.off('data', onData).off('end', cancel)
        signal.removeEventListener('abort', cancel)
        settle()
      }
      const cancel = (): void => end(() => reject(new HoldfastError('cancelled', 'Cancelled.')))
      function onData(typed: string): void {
        for (const character of typed) {
          if (character === '\r' || character === '\n') {
            end(() => resolve(answer))
            return
          }
          if (character === '\u0003' || character === '\u0004') {
            cancel()
            return
          }
          if (character === '\u007f' || character === '\b') answer = [...answer].slice(0, -1).join('')
          else if (character === '\u0015') answer = ''
          else if (character >= ' ') answer += character
        }
      }
      input.on('data', onData).on('end', cancel)
      signal.addEventListener('abort', cancel)
      input.resume()
    })
  } finally {
    input.setRawMode(false)
    input.pause()
    output.write('\n')
  }
}
