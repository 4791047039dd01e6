import { createHash } from 'node:crypto'
import type { Sentence } from '../../lib/sentence.ts'
import type { ServerAddress } from '../../postgres/connect.ts'
import { tableLabel } from '../../postgres/introspect/tables.ts'
import type { Wire } from '../../postgres/wire.ts'
import type { DroppingTable } from './drop.ts'
import type { LiveForeignKey } from './live.ts'
import type { Making } from './made.ts'
import { digestOf, previewTable } from './preview.ts'
import { settleReferences } from './references.ts'
import type { KeyRights } from './rights.ts'
import type { Role } from './role.ts'
import type { Preview, TablePreview, Unit } from './types.ts'

/**
 * A connection to the target with all that is to be compared with it, in temporary tables: they are gone with the
 * session, whatever happens to it. Made from a backup, or from what an earlier restore has changed.
 */
export interface Workspace {
  readonly wire: Wire
  readonly target: ServerAddress
  /** What was chosen. */
  readonly units: readonly Unit[]
  readonly foreignKeys: readonly LiveForeignKey[]
  readonly role: Role
  /** By object id of the foreign key. */
  readonly rights: ReadonlyMap<number, KeyRights>
  readonly making: Making
  /** Tables that go, because the restore that is undone has made them. */
  readonly dropping: readonly DroppingTable[]
  /** Finds out, in the transaction that is open, what must be brought to be compared; before `stage`. Resolves to bytes of the backup, 0 where nothing is. */
  survey(): Promise<number>
  /** Brings what was found, in the same transaction; before `compare`. */
  stage(): Promise<void>
  /**
   * Compares with the live rows as they are now, and fills the unit's table of changes. Resolves to how many rows of the
   * backup are meant, or, where a restore is undone, of those that it has changed; null where that says nothing: of a table that is pulled in.
   */
  compare(unit: Unit): Promise<number | null>
  /** The backup's rows of a table that others refer to; null if it has none. */
  bring(key: LiveForeignKey): Promise<Unit | null>
  /** Whether rows that others refer to are brought; null: nobody has said. */
  readonly missingReferences: 'bring' | 'skip' | null
  readonly lockTimeoutMs: number
  /** What the preview says of itself, whatever the comparison finds. */
  readonly about: Pick<
    Preview,
    | 'backup'
    | 'moment'
    | 'undoes'
    | 'target'
    | 'database'
    | 'actions'
    | 'newIds'
    | 'where'
    | 'keepNewer'
    | 'heldBack'
  > & { readonly warnings: readonly Sentence[]; readonly problems: readonly Sentence[] }
  [Symbol.asyncDispose](): Promise<void>
}

/** The difference at one moment. */
export interface Comparison {
  /** Chosen and pulled in ones. */
  readonly units: readonly Unit[]
  /** One for each of `previewed`. */
  readonly tables: readonly TablePreview[]
  readonly previewed: readonly Unit[]
  /** What the sentences of `tables` are made of. */
  readonly parts: readonly Sentence[]
  /** Equal for equal changes. */
  readonly digest: string
}

/** Compares everything, in the transaction that is open on the wire, and that was surveyed. */
export async function compareAll(
  workspace: Workspace,
  o: {
    /** Is told before each table. */
    readonly onTable: (done: number, total: number) => void
    /** When a unit's changes are known, and what keys have to say about them is not. */
    readonly onCompared?: (unit: Unit) => Promise<void>
    /** Before rows of a unit that was not chosen are looked at. */
    readonly onBrought?: (unit: Unit) => Promise<void>
  },
): Promise<Comparison> {
  const { wire } = workspace
  const units = [...workspace.units]
  const meant = new Map<Unit, number | null>()
  await workspace.stage()
  for (const [n, unit] of units.entries()) {
    o.onTable(n, units.length)
    meant.set(unit, await workspace.compare(unit))
    await o.onCompared?.(unit)
  }
  const bring = async (key: LiveForeignKey): Promise<Unit | null> => {
    const parent = await workspace.bring(key)
    // What was to be brought at an earlier comparison does not count.
    if (parent !== null && !units.includes(parent)) {
      await o.onBrought?.(parent)
      await workspace.compare(parent)
    }
    return parent
  }
  const brought = await settleReferences({
    wire,
    units,
    foreignKeys: workspace.foreignKeys,
    going: workspace.dropping.flatMap(({ live }) => [live.oid, ...live.below]),
    copies: workspace.about.newIds,
    bring: workspace.missingReferences === 'skip' ? null : bring,
  })
  const neededBy = new Map(brought.map((b) => [tableLabel(b), b.neededBy]))
  const tables: TablePreview[] = []
  const previewed: Unit[] = []
  const parts: Sentence[] = []
  const digests: string[] = []
  for (const unit of units) {
    const { table, parts: ofTable } = await previewTable(wire, unit, {
      neededBy: unit.pulledIn ? (neededBy.get(tableLabel(unit.live)) ?? []) : [],
      meant: meant.get(unit) ?? null,
    })
    if (unit.pulledIn && table.create === 0) continue
    tables.push(table)
    parts.push(...ofTable)
    previewed.push(unit)
    digests.push(`${tableLabel(unit.live)} ${unit.pulledIn} ${await digestOf(wire, unit)}`)
  }
  o.onTable(units.length, units.length)
  const digest = createHash('sha256').update(digests.join('\n')).digest('hex')
  return { units, tables, previewed, parts, digest }
}
