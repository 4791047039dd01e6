import type { CallOptions } from '../storage/storage.ts'
import { damageOf, isHurt } from './check-chunks.ts'
import type { CheckResult } from './check.ts'
import { changeDamaged, type DamagePlace } from './damaged.ts'
import type { DamagedChunk, DamagedList } from './format/damaged.ts'
import type { Signer } from './format/writer-mark.ts'

/**
 * Writes down what a check has found to be hurt, and takes off what is whole again: for those who list, prune and back up. What somebody has mended
 * since the check began stays off the list. Writes nothing if nothing is new.
 */
export async function noteDamage(
  o: {
    readonly place: DamagePlace
    readonly result: Pick<CheckResult, 'report' | 'known'>
    readonly signer: Signer
    readonly when: Date
  } & CallOptions,
): Promise<void> {
  const { place, signer, when, signal } = o
  const { report, known } = o.result
  const found = damageOf([...report.backups, ...report.restores, ...report.erasures])
  const hurt = report.backups.filter(isHurt).map(({ id }) => id)
  await changeDamaged({
    place,
    signer,
    when,
    signal,
    change(now) {
      const listed = new Set(now.chunks.map(({ name }) => name))
      const mended = new Set(known.chunks.map(({ name }) => name).filter((name) => !listed.has(name)))
      const left = found.filter(({ name }) => !mended.has(name))
      const list = { chunks: withTimes(left, now.chunks, when), backups: left.length === 0 ? [] : hurt }
      return isSame(list, now) ? null : list
    },
  })
}

/** The same chunks, those that were known with the time when they were found. */
function withTimes(
  chunks: readonly Omit<DamagedChunk, 'found'>[],
  known: readonly DamagedChunk[],
  now: Date,
): DamagedChunk[] {
  const times = new Map(known.map(({ name, found }) => [name, found]))
  return chunks.map((chunk) => ({ ...chunk, found: times.get(chunk.name) ?? now.toISOString() }))
}

type Damage = Pick<DamagedList, 'chunks' | 'backups'>

/** True if both say the same, whenever it was found. */
function isSame(one: Damage, other: Damage): boolean {
  const textOf = ({ chunks, backups }: Damage): string =>
    [...chunks.map(({ name, fault }) => `${name} ${fault}`).sort(), ...backups.toSorted()].join('\n')
  return textOf(one) === textOf(other)
}
