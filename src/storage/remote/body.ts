/**
 * The bytes of an answer, in an ArrayBuffer of their own, so that they can be moved to another thread. `length`: how many the
 * server announced. Throws as a broken connection does if they are fewer or more.
 */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  length: number | undefined,
): Promise<Uint8Array> {
  if (length === undefined) return await readAll(body)
  const bytes = new Uint8Array(length)
  let filled = 0
  for await (const part of body) {
    if (filled + part.length > length) throw broken(`more than the ${length} bytes that were announced`)
    bytes.set(part, filled)
    filled += part.length
  }
  if (filled < length) throw broken(`${filled} of ${length} bytes`)
  return bytes
}

async function readAll(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Uint8Array.from(Buffer.concat(parts))
}

function broken(what: string): Error {
  return Object.assign(new Error(`the answer ended after ${what}`), { code: 'ECONNRESET' })
}
