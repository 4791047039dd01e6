import { ident, literal } from '../../postgres/quote.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { Piece } from '../../repository/format/contents.ts'
import type { LiveTable } from './live.ts'
import { changesOf, liveOf, storedOf } from './names.ts'
import type { Unit } from './types.ts'

/** Chunks of a safety backup are about so large. */
const chunkBytes = 4 * 1024 * 1024

/** Stores bytes of the safety backup; resolves to the chunk's index when it is durable. */
type Store = (bytes: Uint8Array<ArrayBuffer>) => Promise<number>

interface StoreRequest {
  readonly wire: Wire
  /** Of the target's database. */
  readonly encoding: string
  readonly store: Store
}

/**
 * Stores a unit's changes, both sides of them, as chunks: COPY text of the action, the row as it was and the row as it
 * becomes. When it resolves they are durable.
 */
export async function storeChanges(o: StoreRequest & { readonly unit: Unit }): Promise<Piece[]> {
  const columns = storedOf(o.unit).flatMap((_, n) => n + 1)
  const list = ['action', ...columns.map((n) => `b${n}`), ...columns.map((n) => `a${n}`)]
  return await storeQuery(
    o,
    `SELECT ${list.join(', ')} FROM ${changesOf(o.unit)} WHERE action IN ('c', 'u', 'd') ORDER BY id`,
  )
}

/** Stores all rows of a table, which is to go, as changes that delete them. */
export async function storeRows(o: StoreRequest & { readonly live: LiveTable }): Promise<Piece[]> {
  const columns = storedOf(o)
  const list = [`'d'`, ...columns.map(ident), ...columns.map(() => 'NULL')]
  return await storeQuery(o, `SELECT ${list.join(', ')} FROM ${liveOf(o.live)}`)
}

async function storeQuery(o: StoreRequest, query: string): Promise<Piece[]> {
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
  await o.wire.copyOut(`COPY (${query}) TO STDOUT (FORMAT text, ENCODING ${literal(o.encoding)})`, {
    write(slab) {
      // A copy: what is given is the socket's own memory, and a Buffer's slice() would be a view of it.
      open.push(Uint8Array.from(slab))
      bytes += slab.length
      return bytes >= chunkBytes ? close() : undefined
    },
  })
  await close()
  return pieces
}
