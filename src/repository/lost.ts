import { isHoldfastError } from '../lib/errors.ts'
import type { CallOptions } from '../storage/storage.ts'
import { isHurt, type Faults } from './check-chunks.ts'
import type { CheckReport } from './check.ts'
import type { BackupContents, Piece } from './format/contents.ts'
import { chunkKey } from './format/chunk-names.ts'
import type { Manifest } from './format/manifest.ts'
import { readContents } from './session.ts'
import type { ChunkReader, Repository } from './types.ts'

/** An object that is not as it should be, and all that is lost with it. */
export interface LostObject {
  readonly key: string
  readonly fault: keyof Faults
  readonly backups: readonly LostOfBackup[]
  /** Ids of restores that can't be undone, or whose report can't be read. */
  readonly restores: readonly string[]
  readonly erasures: readonly string[]
}

export interface LostOfBackup {
  readonly id: string
  /** Null: what the object holds is sealed, or the contents of the backup are lost themselves. */
  readonly parts: LostParts | null
}

/** What an object holds of a backup. */
export interface LostParts {
  readonly tables: readonly LostRows[]
  /** Ranges of large objects, the schema, the list of contents: without the last two nothing can be restored. */
  readonly others: readonly ('contents' | 'schema' | 'large objects')[]
}

export interface LostRows {
  readonly schema: string
  readonly name: string
  /** All rows of the ranges below. */
  readonly rows: number
  /** Pages of the table, from and without to; null: to the end. */
  readonly ranges: readonly { readonly from: number; readonly to: number | null; readonly rows: number }[]
}

/**
 * What a check's findings mean: of each object that is hurt, which backups need it, and with a `reader` which rows of theirs it holds. Reads the manifest and the contents of
 * each hurt backup, one after the other.
 */
export async function findLost(
  o: {
    readonly repository: Pick<Repository, 'find'>
    readonly report: CheckReport
    readonly reader: ChunkReader | null
  } & CallOptions,
): Promise<LostObject[]> {
  const { report } = o
  const found = new Map<string, Building>()
  const note = (faults: Faults, add: (object: Building, name: string) => unknown): void => {
    for (const [fault, names] of faultsIn(faults)) {
      for (const name of names) {
        const object = found.get(name) ?? {
          key: chunkKey(name),
          fault,
          backups: [],
          restores: [],
          erasures: [],
        }
        found.set(name, object)
        add(object, name)
      }
    }
  }
  for (const backup of report.backups) {
    if (!isHurt(backup) && backup.unreadable.length === 0) continue
    const { id, ...faults } = backup
    const parts = await partsOf(o, id, new Set(Object.values(faults).flat()))
    note(faults, (object, name) => {
      if (object.backups.at(-1)?.id !== id) object.backups.push({ id, parts: parts.get(name) ?? null })
    })
  }
  // A chunk may have two faults.
  const once = (list: string[], id: string): unknown => list.at(-1) !== id && list.push(id)
  for (const { id, ...faults } of report.restores) note(faults, ({ restores }) => once(restores, id))
  for (const { id, ...faults } of report.erasures) note(faults, ({ erasures }) => once(erasures, id))
  return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

interface Building extends LostObject {
  readonly backups: LostOfBackup[]
  readonly restores: string[]
  readonly erasures: string[]
}

/** The gravest fault first. */
function faultsIn(faults: Faults): [keyof Faults, readonly string[]][] {
  const { missing, damaged, sizeDiffers, unreadable } = faults
  return [
    ['missing', missing],
    ['damaged', damaged],
    ['sizeDiffers', sizeDiffers],
    ['unreadable', unreadable],
  ]
}

/** What each of these chunks holds of a backup. Nothing where that can't be read. */
async function partsOf(
  { repository, reader, signal }: Parameters<typeof findLost>[0],
  id: string,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, LostParts>> {
  if (reader === null) return new Map()
  try {
    const manifest = await repository.find(id, { signal })
    // Told also where they can't be read.
    if (names.has(manifest.contents))
      return new Map([[manifest.contents, { tables: [], others: ['contents'] }]])
    return partsIn(manifest, await readContents(reader, manifest), names)
  } catch (error) {
    // Gone meanwhile, or from a newer version.
    if (isHoldfastError(error) && error.code !== 'cancelled') return new Map()
    throw error
  }
}

function partsIn(
  { chunks }: Manifest,
  contents: BackupContents,
  names: ReadonlySet<string>,
): ReadonlyMap<string, LostParts> {
  const found = new Map<string, { tables: BuildingRows[]; others: LostParts['others'][number][] }>()
  const hurtIn = (pieces: readonly Piece[]) => {
    const hurt = new Set(
      pieces.map(({ chunk }) => chunks[chunk]?.[0] ?? '').filter((name) => names.has(name)),
    )
    return [...hurt].map((name) => {
      const parts = found.get(name) ?? { tables: [], others: [] }
      found.set(name, parts)
      return parts
    })
  }
  for (const parts of hurtIn(contents.schema.pieces)) parts.others.push('schema')
  for (const { schema, name, ranges } of contents.tables) {
    for (const { from, to, rows, pieces } of ranges) {
      for (const { tables } of hurtIn(pieces)) {
        const last = tables.at(-1)
        const table =
          last?.schema === schema && last.name === name ? last : { schema, name, rows: 0, ranges: [] }
        if (table !== last) tables.push(table)
        table.rows += rows
        table.ranges.push({ from, to, rows })
      }
    }
  }
  for (const { pieces } of contents.largeObjects.ranges)
    for (const { others } of hurtIn(pieces))
      if (!others.includes('large objects')) others.push('large objects')
  return found
}

interface BuildingRows extends LostRows {
  rows: number
  readonly ranges: LostRows['ranges'][number][]
}
