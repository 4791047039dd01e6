import { once } from 'node:events'
import { crc32, createDeflateRaw } from 'node:zlib'
import { HoldfastError } from '../lib/errors.ts'
import { zipDescriptor, zipDirectory, zipEnd, zipLocalHeader, type ZipEntry } from './zip-records.ts'
import type { ByteSink, FileSet } from './sink.ts'

/**
 * Files as one zip file, written from its beginning to its end without going back: what a file is like is told after it, and again in the directory at the
 * end. Without the end it is no zip file, so one that was broken off is never taken for a whole one.
 */
export function createZip({ to, modified }: { to: ByteSink; modified: Date }): FileSet {
  const entries: ZipEntry[] = []
  let offset = 0
  let isOpen = false

  async function put(bytes: Uint8Array): Promise<void> {
    await to.write(bytes)
    offset += bytes.length
  }

  return {
    async create(name, { executable = false } = {}) {
      if (isOpen) throw new HoldfastError('internal', `${name} was begun before another file had ended.`)
      isOpen = true
      const about = { name, modified, executable, offset }
      await put(zipLocalHeader(about))
      const begun = offset
      const deflate = createDeflateRaw()
      let [crc, size] = [0, 0]
      const pumped = pump()
      // Whoever writes sees it at the next write, or at the end.
      pumped.catch(() => undefined)

      async function pump(): Promise<void> {
        for await (const piece of deflate) await put(piece as Uint8Array)
      }

      return {
        async write(data) {
          const bytes = typeof data === 'string' ? Buffer.from(data) : data
          crc = crc32(bytes, crc)
          size += bytes.length
          // Copied, since the caller may reuse it when this resolves.
          if (!deflate.write(Uint8Array.from(bytes))) await Promise.race([once(deflate, 'drain'), pumped])
        },
        async end() {
          deflate.end()
          await pumped
          const entry = { ...about, crc, size, packed: offset - begun }
          await put(zipDescriptor(entry))
          entries.push(entry)
          isOpen = false
        },
        async [Symbol.asyncDispose]() {
          deflate.destroy()
        },
      }
    },
    async end() {
      const start = offset
      for (const entry of entries) await put(zipDirectory(entry))
      await put(zipEnd({ entries: entries.length, start, bytes: offset - start }))
    },
  }
}
