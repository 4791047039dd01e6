import { spawnSync } from 'node:child_process'

/** Runs a program on `input` and returns its output. Throws if it fails, and says how to install it if it is missing. */
export function runProgram(program: string, args: readonly string[], input: Uint8Array): Buffer {
  const { error, status, stdout, stderr } = spawnSync(program, args, { input, maxBuffer: 2 ** 30 })
  if (error !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') {
    throw new Error(`This test needs the program ${program}: apt-get install -y ${program}`)
  }
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr.toString()}`)
  return stdout
}
