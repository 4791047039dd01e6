import type { Sentence } from '../../../lib/sentence.ts'
import { tableLabel } from '../../../postgres/introspect/tables.ts'
import type { Wire } from '../../../postgres/wire.ts'
import type { BackupContents } from '../../../repository/format/contents.ts'
import { sentence } from '../../sentences.ts'
import { readLiveTables, type LiveForeignKey } from '../live.ts'
import { problemsOf } from '../problems.ts'
import type { KeyRights } from '../rights.ts'
import type { Role } from '../role.ts'
import type { Staging } from '../staging.ts'
import type { InPlaceOptions, Unit } from '../types.ts'
import { excludedFrom, makeUnit } from '../units.ts'
import { bringAlong, keepOnly, rowsUnder } from './along.ts'
import { readRenewal } from './renewal.ts'

/** What comes under new keys: the chosen units, those of tables that come along, and what was found on the way. */
export interface OpenedCopies {
  readonly units: readonly Unit[]
  readonly problems: readonly Sentence[]
  readonly warnings: readonly Sentence[]
}

/** Keeps of the staged rows those that are meant, and brings along what refers to them. */
export async function openCopies(o: {
  readonly wire: Wire
  readonly contents: BackupContents
  readonly options: InPlaceOptions
  /** Chosen, and staged whole. */
  readonly units: readonly Unit[]
  readonly foreignKeys: readonly LiveForeignKey[]
  readonly role: Role
  readonly rights: ReadonlyMap<number, KeyRights>
  readonly staging: Staging
  readonly signal?: AbortSignal | undefined
}): Promise<OpenedCopies> {
  const { wire, contents, options, foreignKeys } = o
  const problems: Sentence[] = []
  const warnings: Sentence[] = []
  const renewing = async (unit: Unit): Promise<Unit> => {
    const read = await readRenewal(wire, unit, foreignKeys)
    problems.push(...read.problems)
    return { ...unit, renewal: read.renewal }
  }
  const chosen: Unit[] = []
  for (const unit of o.units) {
    if (options.where !== null) await keepOnly(wire, unit, `(${options.where}\n) IS TRUE`)
    chosen.push(await renewing(unit))
  }
  const taken = new Set(chosen.flatMap((u) => u.from))
  const excluded = excludedFrom(contents, options)
  const unitOf = async (key: LiveForeignKey, index: number): Promise<Unit | null> => {
    const table = tableLabel(key.childTable)
    const from = rowsUnder(contents.tables, key.childTable).filter((t) => !taken.has(t) && !excluded(t))
    const held = from.filter((t) => t.data === 'held')
    for (const one of from.filter((t) => t.data !== 'held'))
      warnings.push(
        sentence(
          'not_along_unheld',
          { table: tableLabel(one) },
          `The backup does not hold the rows of ${tableLabel(one)}: those that refer to what is brought do not come along.`,
        ),
      )
    const [live] = await readLiveTables(wire, [key.childTable])
    if (live === undefined || held.length === 0) return null
    if (live.above.length > 0) {
      warnings.push(
        sentence(
          'not_along_partition',
          { table, key: key.name },
          `Rows of ${table} do not come along by the foreign key ${key.name}: it is of this partition alone.`,
        ),
      )
      return null
    }
    const unit = makeUnit({ group: { live, from: held }, index, pulledIn: false })
    const inTheWay = problemsOf({ ...o, units: [unit] })
    if (inTheWay.length === 0) return unit
    problems.push(
      ...inTheWay,
      sentence(
        'along_refused',
        { table },
        `Rows of ${table} may refer to what is brought: without --exclude-table ${table} they come along.`,
      ),
    )
    return null
  }
  const along: Unit[] = []
  for (const unit of await bringAlong({ ...o, units: chosen, makeUnit: unitOf }))
    along.push(await renewing(unit))
  return { units: [...chosen, ...along], problems, warnings }
}
