import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { openLocalStorage } from '../../src/storage/local.ts'
import type { S3Credentials } from '../../src/storage/s3/client.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { compileCache, mainProgram } from '../support/main-program.ts'
import { retryingS3 } from '../support/s3.ts'

const clock = new URL('../support/shifted-clock.ts', import.meta.url).href
const pruner = fileURLToPath(new URL('./pruner.ts', import.meta.url))

/** How a run of the program has ended. */
export interface Run {
  /** Null: it was killed. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  readonly seconds: number
}

/** A machine with a home, a host file and a clock of its own. */
export interface Machine {
  /** Runs the program to its end, or kills it after so many milliseconds. */
  run(args: readonly string[], killAfterMs?: number | null): Promise<Run>
}

export async function newMachine(o: {
  readonly home: string
  readonly clockMinutes: number
  readonly env: Readonly<Record<string, string>>
}): Promise<Machine> {
  const { home, clockMinutes, env } = o
  await mkdir(home, { recursive: true, mode: 0o700 })
  return {
    run(args, killAfterMs = null) {
      const child = spawn(
        process.execPath,
        [
          '--disable-warning=ExperimentalWarning',
          '--import',
          clock,
          ...mainProgram,
          ...args,
          '--json',
          '--quiet',
        ],
        {
          cwd: home,
          env: {
            PATH: process.env['PATH'],
            HOME: home,
            ...compileCache,
            HOLDFAST_TEST_CLOCK_MINUTES: String(clockMinutes),
            ...env,
          },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      )
      return ended(child, killAfterMs)
    },
  }
}

/** Starts a program that prunes until it is killed. */
export function startPruner(taskFile: string): { kill(): void; readonly ended: Promise<Run> } {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', pruner, taskFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { kill: () => void child.kill('SIGKILL'), ended: ended(child, null) }
}

async function ended(child: ChildProcess, killAfterMs: number | null): Promise<Run> {
  const begun = performance.now()
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()))
  const timer = killAfterMs === null ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  return { status, stdout, stderr, seconds: (performance.now() - begun) / 1000 }
}

/** The storage of a repository at a path, or with credentials at `s3://...`. */
export function openRepositoryStorage(address: string, credentials: S3Credentials | null): Storage {
  if (credentials === null) return openLocalStorage(address)
  const endpoint = new URL(address).searchParams.get('endpoint') ?? ''
  return retryingS3({ endpoint, credentials }, address)
}
