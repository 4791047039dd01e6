import { spawn } from 'node:child_process'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startGcsServer } from './gcs-server.ts'

/*
 * The server of gcs-server.ts in a process of its own, for tests that wait for another program in between. It is a metadata server as well, where a machine
 * of Google's finds its login.
 */

export interface GcsChild {
  readonly endpoint: string
  readonly token: string
}

/** Ends with the tests of this file, or with the process. */
export async function gcsChild(): Promise<GcsChild> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  after(async () => {
    child.stdin.end()
    await ended
  })
  const told = await new Promise<Buffer>((resolve) => child.stdout.once('data', resolve))
  return JSON.parse(told.toString()) as GcsChild
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { endpoint, token, stop } = await startGcsServer()
  process.stdout.write(JSON.stringify({ endpoint, token }))
  process.stdin.on('end', stop).resume()
}
