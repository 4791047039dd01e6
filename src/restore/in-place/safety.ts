import { literal } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { Piece } from '../../repository/format/contents.ts'
import { changesOf, storedOf } from './names.ts'
import type { Unit } from './types.ts'

/** Chunks of a safety backup are about so large. */
const chunkBytes = 4 * 1024 * 1024

/**
 * Stores a unit's changes, both sides of them, as chunks: COPY text of the action, the row as it was and the row as it
 * becomes. When it resolves they are durable.
 */
export async function storeChanges(o: {
  wire: Wire
  unit: Unit
  /** Of the target's database. */
  encoding: string
  store: (bytes: Uint8Array<ArrayBuffer>) => Promise<number>
}): Promise<Piece[]> {
  const columns = storedOf(o.unit).flatMap((_, n) => n + 1)
  const list = ['action', ...columns.map((n) => `b${n}`), ...columns.map((n) => `a${n}`)]
  const pieces: Piece[] = []
  let open: Uint8Array[] = []
  let bytes = 0
  const close = async (): Promise<void> => {
    if (bytes === 0) return
    const chunk = new Uint8Array(bytes)
    let at = 0
    for (const slab of open) {
      chunk.set(slab, at)
      at += slab.length
    }
    open = []
    bytes = 0
    const { length } = chunk
    pieces.push({ chunk: await o.store(chunk), offset: 0, length })
  }
  await o.wire.copyOut(
    `COPY (SELECT ${list.join(', ')} FROM ${changesOf(o.unit)} WHERE action IN ('c', 'u', 'd') ORDER BY id)
     TO STDOUT (FORMAT text, ENCODING ${literal(o.encoding)})`,
    {
      write(slab) {
        // A copy: what is given is the socket's own memory, and a Buffer's slice() would be a view of it.
        open.push(Uint8Array.from(slab))
        bytes += slab.length
        return bytes >= chunkBytes ? close() : undefined
      },
    },
  )
  await close()
  return pieces
}
