import { HoldfastError } from '../lib/errors.ts'
import { tableLabel } from '../postgres/introspect/tables.ts'
import { valueDecoder } from '../postgres/schema/names.ts'
import { keyHasher } from '../repository/crypto/erased-keys.ts'
import type { Piece } from '../repository/format/contents.ts'
import type { ErasedContents } from '../repository/format/erased.ts'
import type { Manifest } from '../repository/format/manifest.ts'
import { readPieces, type ChunkCache } from '../repository/pieces.ts'
import type { ChunkReader } from '../repository/types.ts'
import { cutRows, type Cut } from './cut.ts'

/** Rows that must not come back: of an erasure no more is needed. */
export type ErasedRows = Pick<ErasedContents, 'id' | 'schema' | 'name' | 'columns' | 'keys'>

interface TableName {
  readonly schema: string
  readonly name: string
}

/** The erased keys of one table that are made of the same columns. About 100 bytes of memory for each key. */
interface KeySet extends TableName {
  readonly columns: readonly string[]
  readonly hash: (values: readonly string[]) => string
  readonly keys: Set<string>
  readonly ids: string[]
}

/** Cuts erased rows out of streams of rows. */
export interface ErasedTables {
  /** Whether rows of a table of these names were erased: its own, and those of partitioned tables above it. */
  concern(names: readonly TableName[]): boolean
  /** Throws `erasure_unclear` where the stream lacks a column that an erasure goes by, and what reading throws. */
  cut(o: {
    readonly names: readonly TableName[]
    /** Names of the stream's fields; null for one that no erasure can go by. */
    readonly fields: readonly (string | null)[]
    readonly encoding: string
    readonly manifest: Pick<Manifest, 'chunks'>
    readonly reader: ChunkReader
    readonly cache: ChunkCache
    readonly pieces: readonly Piece[]
    readonly signal?: AbortSignal | undefined
  }): Promise<Cut>
}

export function erasedTables(o: { erasures: readonly ErasedRows[]; namingKey: Uint8Array }): ErasedTables {
  const sets = new Map<string, KeySet>()
  for (const { id, schema, name, columns, keys } of o.erasures) {
    const of = JSON.stringify([schema, name, columns])
    const hash = keyHasher({ namingKey: o.namingKey, of: { schema, name, columns } })
    const set = sets.get(of) ?? { schema, name, columns, hash, keys: new Set<string>(), ids: [] }
    for (const key of keys) set.keys.add(key)
    set.ids.push(id)
    sets.set(of, set)
  }
  const setsOf = (names: readonly TableName[]): KeySet[] =>
    [...sets.values()].filter((set) =>
      names.some(({ schema, name }) => set.schema === schema && set.name === name),
    )
  return {
    concern: (names) => setsOf(names).length > 0,
    async cut({ names, fields, encoding, pieces, ...reading }) {
      let cut: Cut = { pieces, rows: 0 }
      for (const set of setsOf(names)) {
        const more = await cutRows({
          pieces: cut.pieces,
          slabs: readPieces({ ...reading, pieces: cut.pieces, ahead: 2 }),
          fields: set.columns.map((column) => fieldOf(column, fields, set)),
          decode: keyDecoder(encoding, set),
          isErased: (values) => set.keys.has(set.hash(values)),
        })
        cut = { pieces: more.pieces, rows: cut.rows + more.rows }
      }
      return cut
    },
  }
}

function fieldOf(column: string, fields: readonly (string | null)[], set: KeySet): number {
  const at = fields.indexOf(column)
  if (at >= 0) return at
  throw unclear(set, `they go by the column ${column}, which the table did not have then`)
}

/** Hashes are of text: an encoding that can't be read here must not let an erased row pass as another. */
function keyDecoder(encoding: string, set: KeySet): (bytes: string) => string {
  const decode = valueDecoder(encoding)
  return (bytes) => {
    // oxlint-disable-next-line no-control-regex
    if (/^[\0-\x7f]*$/.test(bytes)) return bytes
    if (decode !== null) return decode(bytes)
    throw unclear(set, `text of encoding ${encoding} can't be read here`)
  }
}

function unclear(set: KeySet, why: string): HoldfastError {
  return new HoldfastError(
    'erasure_unclear',
    `Which rows of ${tableLabel(set)} were erased can't be told: ${why} (erasure ${set.ids.join(', ')}).`,
    { details: { erasures: set.ids } },
  )
}
