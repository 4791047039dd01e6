/**
 * Run as a program: backs up or restores, also in place, in a process of its own, to be measured or killed. Takes its task as JSON in its first
 * argument, prints a line `at` for every step it tells of, and at last its result as JSON.
 */
import { isHoldfastError } from '../../src/lib/errors.ts'
import type { HostCredentials } from '../../src/repository/types.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { onStatement, openInPlace, type InPlaceChoice } from './in-place.ts'
import { repositoryAt, type BackupOptions, type RestoreChoice } from './journey.ts'

export type ChildTask = {
  readonly directory: string
  readonly identity: string
  readonly credentials: HostCredentials
  readonly url: string
  /** Kill itself when it has told of so many steps. */
  readonly dieAt?: number
} & (
  | { readonly action: 'backup'; readonly options?: BackupOptions }
  | { readonly action: 'restore' | 'swap' | 'schemas'; readonly options?: RestoreChoice }
  /** Tells of every statement. */
  | { readonly action: 'restore in place'; readonly options?: InPlaceChoice }
)

export interface ChildResult {
  /** `ok`, or the code of the error. */
  readonly outcome: string
  readonly message: string
  /** Highest resident memory, bytes. */
  readonly memory: number
}

async function perform(task: ChildTask): Promise<void> {
  const repository = repositoryAt(openLocalStorage(task.directory), task.identity, task.credentials)
  let steps = 0
  const onProgress = (): void => {
    process.stdout.write('at\n')
    if (++steps === task.dieAt) process.kill(process.pid, 'SIGKILL')
  }
  onProgress()
  if (task.action === 'backup') await repository.backUp(task.url, { ...task.options, onProgress })
  else if (task.action === 'swap') await repository.swapTo(task.url, { ...task.options, onProgress })
  else if (task.action === 'schemas') await repository.schemasTo(task.url, { ...task.options, onProgress })
  else if (task.action === 'restore in place') {
    await using open = await openInPlace(repository, task.url, task.options)
    onStatement(open.workspace.wire, async () => onProgress())
    await open.apply((await open.preview()).digest)
  } else await repository.restoreTo(task.url, { ...task.options, onProgress })
}

const task: ChildTask = JSON.parse(process.argv[2] ?? '')
let outcome = 'ok'
let message = ''
try {
  await perform(task)
} catch (error) {
  outcome = isHoldfastError(error) ? error.code : 'not a HoldfastError'
  message = String(error)
}
const result: ChildResult = { outcome, message, memory: process.resourceUsage().maxRSS * 1024 }
process.stdout.write(`${JSON.stringify(result)}\n`)
