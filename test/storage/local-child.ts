import { randomInt } from 'node:crypto'
import { isHoldfastError } from '../../src/lib/errors.ts'
import { openLocalStorage } from '../../src/storage/local.ts'

/*
 * A process of its own for what cannot be done to the one that tests: `fill` writes objects until it is killed, and says when the first
 * are there; `put` tries one of a size and prints the result, as somebody without rights if it is asked to.
 */
const [directory = '', action = '', size = '0', user = 'same'] = process.argv.slice(2)
const storage = openLocalStorage(directory)
if (user === 'nobody' && process.getuid?.() === 0) {
  process.setgroups?.([])
  process.setgid?.(65534)
  process.setuid?.(65534)
}

if (action === 'fill') {
  for (let round = 0; ; round++) {
    const fill = randomInt(256)
    await Promise.all(
      [0, 1, 2].map(() => storage.put(`f/${randomInt(2 ** 40)}.${fill}`, Buffer.alloc(Number(size), fill))),
    )
    // However slow the disk is, something was written by then.
    if (round === 0) process.stdout.write('written\n')
  }
}

try {
  process.stdout.write(await storage.put('a/b', Buffer.alloc(Number(size), 1)))
} catch (error) {
  process.stdout.write(isHoldfastError(error) ? `${error.code} ${error.message}` : String(error))
}
