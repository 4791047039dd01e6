import { fileURLToPath } from 'node:url'

/**
 * How tests start the command line with `process.execPath`: as its launcher does, which spares V8's second compiler, and with code that was
 * compiled for all of them. Half of what a short command takes is saved so.
 */
export const mainProgram: readonly string[] = [
  '--liftoff-only',
  fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)),
]

const { NODE_COMPILE_CACHE } = process.env

/** Belongs to the environment of such a program. */
export const compileCache: Readonly<Record<string, string>> =
  NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }
