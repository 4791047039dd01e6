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

/** Kills a task's process with SIGKILL, `ms` after it has begun to work. Resolves to whether it had ended before. */
export async function killChild(task: ChildTask, ms: number): Promise<boolean> {
  const { child } = start(task)
  const closed = once(child, 'close')
  await Promise.race([once(child.stdout, 'data'), closed])
  const timer = setTimeout(() => child.kill('SIGKILL'), ms)
  await closed
  clearTimeout(timer)
  return child.signalCode === null
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
