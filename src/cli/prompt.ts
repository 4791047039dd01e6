import type { ReadStream } from 'node:tty'
import { HoldfastError } from '../lib/errors.ts'

export interface Terminal {
  readonly input: ReadStream
  readonly output: { write(text: string): unknown }
}

/** Asks one question and reads the answer without showing it. Throws `cancelled` at Ctrl-C and Ctrl-D. */
export async function askSecret(question: string, { input, output }: Terminal): Promise<string> {
  output.write(question)
  input.setRawMode(true)
  input.setEncoding('utf8')
  try {
    return await new Promise<string>((resolve, reject) => {
      let answer = ''
      const end = (settle: () => void): void => {
        input.off('data', onData)
        settle()
      }
      function onData(typed: string): void {
        for (const character of typed) {
          if (character === '\r' || character === '\n') {
            end(() => resolve(answer))
            return
          }
          if (character === '\u0003' || character === '\u0004') {
            end(() => reject(new HoldfastError('cancelled', 'Cancelled.')))
            return
          }
          if (character === '\u007f' || character === '\b') answer = [...answer].slice(0, -1).join('')
          else if (character === '\u0015') answer = ''
          else if (character >= ' ') answer += character
        }
      }
      input.on('data', onData)
      input.resume()
    })
  } finally {
    input.setRawMode(false)
    input.pause()
    output.write('\n')
  }
}
