import { HoldfastError } from './errors.ts'

/** Runs `work` over `items` with at most `width` at a time. The first failure stops the rest from starting and is thrown. */
export async function eachLimited<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let failed = false
  const lane = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done && !failed; next = iterator.next()) {
      try {
        await work(next.value)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const settled = await Promise.allSettled(Array.from({ length: width }, lane))
  for (const one of settled) if (one.status === 'rejected') throw one.reason
}

/**
 * Gives what is being opened to the stack that closes it, also if the stack was disposed of meanwhile, because something else has
 * failed: then it is closed at once and `cancelled` is thrown.
 */
export async function useOpened<T extends AsyncDisposable>(
  stack: AsyncDisposableStack,
  opening: Promise<T>,
): Promise<T> {
  const opened = await opening
  if (!stack.disposed) return stack.use(opened)
  await opened[Symbol.asyncDispose]()
  throw new HoldfastError('cancelled', 'It was not needed any more when it was open.')
}
