import { HoldfastError, messageOf } from './errors.ts'

const full: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG']
const denied: readonly unknown[] = ['EACCES', 'EPERM', 'EROFS']
/** The path itself is wrong: something on it is not there, or is no directory. */
const misnamed: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ELOOP', 'ENAMETOOLONG']

/** What a failure of the file system is called here. */
export function fileErrorCode(error: unknown): 'storage_full' | 'storage_denied' | 'storage_failed' {
  const code = (error as NodeJS.ErrnoException | null)?.code
  if (full.includes(code)) return 'storage_full'
  return denied.includes(code) ? 'storage_denied' : 'storage_failed'
}

/**
 * For files that a user named, which are no part of a repository: a failure of the file system to write at `path`, as
 * what it means for the user. Anything else that was thrown as it is.
 */
export function writeError(thrown: unknown, path: string): unknown {
  if (!(thrown instanceof Error) || !('syscall' in thrown)) return thrown
  const code = misnamed.includes((thrown as NodeJS.ErrnoException).code) ? 'usage' : fileErrorCode(thrown)
  return new HoldfastError(code, `Cannot write ${path}: ${messageOf(thrown)}`, {
    cause: thrown,
    hint: hints[code],
    details: { path },
  })
}

const hints = {
  usage: 'Choose a path in a directory that is there.',
  storage_full: 'Make room there or choose another path, and run it again. Nothing was left behind.',
  storage_denied: 'Choose a path where this user may write, or change its permissions.',
  storage_failed: 'See the cause, or choose another path.',
} as const
