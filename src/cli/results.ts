import { fstatSync, writeSync } from 'node:fs'
import type { OutputStream } from './output.ts'

/** Where results go, and what became of them. */
export interface Results extends OutputStream {
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
  return {
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
