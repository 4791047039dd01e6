import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ChildResult, ChildTask } from './journey-child.ts'

const program = fileURLToPath(new URL('./journey-child.ts', import.meta.url))

/** Runs a task in a process of its own to its end. */
export async function runInChild(task: ChildTask): Promise<ChildResult> {
  const { child, output } = start(task)
  await once(child, 'close')
  const last = output().trim().split('\n').at(-1) ?? ''
  return JSON.parse(last) as ChildResult
}

/**
 * Kills a task's process with SIGKILL, `ms` after it has told of its `step`th step; a task with fewer steps ends by itself.
 * Resolves to whether it did.
 */
export async function killChild(task: ChildTask, step: number, ms: number): Promise<boolean> {
  const { child, output } = start(task)
  const closed = once(child, 'close')
  let timer: NodeJS.Timeout | undefined
  child.stdout.on('data', () => {
    if (output().split('\n').length > step) timer ??= setTimeout(() => child.kill('SIGKILL'), ms)
  })
  await closed
  clearTimeout(timer)
  return child.signalCode === null
}

/** Runs a task in a process that kills itself with SIGKILL at its `step`th step. Resolves to false if it has no such step, and ended. */
export async function dieAt(task: ChildTask, step: number): Promise<boolean> {
  const { child } = start({ ...task, dieAt: step })
  await once(child, 'close')
  return child.signalCode === 'SIGKILL'
}

function start(task: ChildTask) {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, JSON.stringify(task)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  return { child, output: () => text }
}
