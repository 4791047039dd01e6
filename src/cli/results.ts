import { fstatSync, writeSync } from 'node:fs'
import { HoldfastError, messageOf } from '../lib/errors.ts'
import type { OutputStream } from './output.ts'

/** Where results go, and what became of them. */
export interface Results extends OutputStream {
  /**
   * Hands over bytes that are the result themselves, not words about it. Resolves when more may follow, and the bytes may be reused. Throws
   * `output_lost`, also if the reader has seen enough: it does not have all of it.
   */
  bytes(data: Uint8Array | string): Promise<void>
  /**
   * Resolves when all of them are handed over: null, or why some did not arrive. That a reader has seen enough
   * (`holdfast list | head`) is no such reason.
   */
  settled(): Promise<Error | null>
}

/** Results by way of stdout. */
export function createResults(stdout: NodeJS.WriteStream & { readonly fd: number }): Results {
  const toFile = fstatSync(stdout.fd).isFile()
  let first: Error | null = null

  function note(error: Error | null | undefined): void {
    first ??= error ?? null
  }

  /** Node takes a write that was done in part, since the room ended in the middle of it, for done. */
  function writeToFile(text: string): void {
    if (first !== null) return
    try {
      for (let rest = Buffer.from(text); rest.length > 0;) rest = rest.subarray(writeSync(stdout.fd, rest))
    } catch (error) {
      note(error as Error)
    }
  }

  // Told to each write, too; without somebody who listens it would end the process.
  stdout.on('error', note)
  function lost(cause: Error): HoldfastError {
    return new HoldfastError('output_lost', `stdout takes no more: ${messageOf(cause)}`, { cause })
  }

  return {
    async bytes(data) {
      const all = typeof data === 'string' ? Buffer.from(data) : data
      if (toFile) {
        try {
          for (let rest = all; rest.length > 0;) rest = rest.subarray(writeSync(stdout.fd, rest))
        } catch (error) {
          throw lost(error as Error)
        }
        return
      }
      await new Promise<void>((resolve, reject) => {
        stdout.write(all, (error) =>
          error === null || error === undefined ? resolve() : reject(lost(error)),
        )
      })
    },
    write: (text) => (toFile ? writeToFile(text) : stdout.write(text, note)),
    isTTY: stdout.isTTY,
    get columns() {
      return stdout.columns
    },
    settled: () =>
      new Promise((resolve) => {
        stdout.write('', (error) => {
          note(error)
          resolve((first as NodeJS.ErrnoException | null)?.code === 'EPIPE' ? null : first)
        })
      }),
  }
}
