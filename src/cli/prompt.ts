import type { ReadStream } from 'node:tty'
import { throwIfCancelled } from '../lib/abort.ts'
import { HoldfastError } from '../lib/errors.ts'
import { displayWidth } from './width.ts'

export interface Terminal {
  readonly input: ReadStream
  readonly output: { write(text: string): unknown }
  readonly signal: AbortSignal
}

/**
 * Asks one question and reads the answer without showing it. Throws `cancelled` at Ctrl-C and Ctrl-D, when the signal is
 * aborted, and when the terminal is gone.
 */
export function askSecret(question: string, terminal: Terminal): Promise<string> {
  return askLine(question, terminal, () => undefined)
}

/** The same, with the answer shown while it is typed. */
export function askText(question: string, terminal: Terminal): Promise<string> {
  return askLine(question, terminal, (text) => terminal.output.write(text))
}

async function askLine(
  question: string,
  { input, output, signal }: Terminal,
  show: (text: string) => unknown,
): Promise<string> {
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
      const shorten = (length: number): void => {
        const characters = [...answer]
        const kept = characters.slice(0, Math.max(0, length))
        show('\b \b'.repeat(displayWidth(characters.slice(kept.length).join(''))))
        answer = kept.join('')
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
          if (character === '\u007f' || character === '\b') shorten([...answer].length - 1)
          else if (character === '\u0015') shorten(0)
          else if (character >= ' ') {
            answer += character
            show(character)
          }
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
