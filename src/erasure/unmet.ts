import type { BackupContents } from '../repository/format/contents.ts'
import type { ErasedRows } from './erased-tables.ts'

/** A table that erasures name, and a backup does not have. */
export interface UnmetErasure {
  readonly schema: string
  readonly name: string
  /** Of the erasures that name it, oldest first. */
  readonly ids: readonly string[]
}

/** Erasures that hold nothing back of this backup, since the table they name is not in it: it was made later, is gone, or has another name there. */
export function unmetErasures(o: {
  readonly erasures: readonly ErasedRows[]
  readonly contents: Pick<BackupContents, 'tables'>
}): UnmetErasure[] {
  const keyOf = ({ schema, name }: { schema: string; name: string }): string => JSON.stringify([schema, name])
  const there = new Set(o.contents.tables.flatMap((table) => [table, ...table.parents].map(keyOf)))
  const unmet = Map.groupBy(
    o.erasures.filter((one) => !there.has(keyOf(one))),
    keyOf,
  )
  return [...unmet.values()].flatMap((erasures) => {
    const [first] = erasures
    const ids = erasures.map(({ id }) => id).sort()
    return first === undefined ? [] : [{ schema: first.schema, name: first.name, ids }]
  })
}

export function unmetText({ schema, name, ids }: UnmetErasure): string {
  const which = `${ids.length === 1 ? 'An erasure names' : `${ids.length} erasures name`} ${schema}.${name}`
  return `${which}, a table that this backup does not have: nothing is held back for ${ids.length === 1 ? 'it' : 'them'}. If the table had another name, erase the rows under that name, too (${ids.join(', ')}).`
}
