import { countText, bytesText, plainText, spanText } from '../words.ts'
import { median, spread } from './statistics.ts'

/** A backup as far as it can look wrong. */
export interface Measured {
  /** Rows by the name of the table, of those whose rows are in it. Null: it was made by a Holdfast that did not tell. */
  readonly tables: ReadonlyMap<string, number> | null
  /** As COPY text. */
  readonly bytes: number
  readonly ms: number
}

/** Something about a backup that is not as in those before it. */
export interface Oddity {
  /** Tells it from others: of one key there is one. */
  readonly key: string
  /** What is odd, and the rule by which it is. */
  readonly text: string
}

/** How far from its history a backup may be. */
export const oddRules = {
  /** Tables that usually have fewer rows may come and go. */
  rowsOfVanished: 100,
  rowsOfEmptied: 100,
  rowsOfShrunk: 1_000,
  /** What is left of a table that has lost most of its rows is less than this share. */
  shrunkShare: 0.5,
  /** So many times its usual distance from the median is far. */
  spreads: 6,
  /** Of fewer backups size and duration are not known. */
  history: 5,
  /** Both a size that matters and a difference that does. */
  bytes: 10_000_000,
  sizeShare: 0.5,
  sizeTimes: 3,
  timeTimes: 3,
  ms: 120_000,
} as const

/**
 * What is odd about a backup, given those before it of the same source and scope, in any order. Of every figure the median is what is
 * usual, and the median distance from it says how much it usually varies: one backup that was wrong does not make the next one look
 * right. Pure.
 */
export function oddities(backup: Measured, history: readonly Measured[]): Oddity[] {
  if (history.length === 0) return []
  return [...oddTables(backup, history), ...oddSize(backup, history), ...oddTime(backup, history)]
}

function oddTables(backup: Measured, history: readonly Measured[]): Oddity[] {
  const now = backup.tables
  const before = history.flatMap(({ tables }) => (tables === null ? [] : [tables]))
  if (now === null || before.length === 0) return []
  const names = new Set(before.flatMap((tables) => [...tables.keys()]))
  return [...names].sort().flatMap((name) => {
    const counts = before.flatMap((tables) => tables.get(name) ?? [])
    // One that was there in fewer than half of them comes and goes.
    return counts.length * 2 < before.length ? [] : oddTable(name, now.get(name) ?? null, counts)
  })
}

function oddTable(name: string, rows: number | null, counts: readonly number[]): Oddity[] {
  const usual = median(counts)
  const last = `the median of the last ${counts.length === 1 ? 'backup' : `${counts.length} backups`} is ${countText(usual)} rows`
  const table = `Table ${plainText(name, 150)}`
  if (rows === null) {
    if (usual < oddRules.rowsOfVanished) return []
    const text = `${table} is not in the backup any more: ${last}. Told of tables that usually have ${countText(oddRules.rowsOfVanished)} rows or more.`
    return [{ key: `vanished ${name}`, text }]
  }
  // One that is emptied now and then, such as a queue, is empty in some of them.
  if (rows === 0 && usual >= oddRules.rowsOfEmptied && !counts.includes(0)) {
    const text = `${table} is empty: ${last}, and none was empty. Told of tables that usually have ${countText(oddRules.rowsOfEmptied)} rows or more.`
    return [{ key: `emptied ${name}`, text }]
  }
  const lost = usual - rows
  const most = rows < usual * oddRules.shrunkShare && lost > oddRules.spreads * spread(counts)
  if (usual < oddRules.rowsOfShrunk || !most) return []
  const share = Math.min(rows === 0 ? 100 : 99.9, (lost / usual) * 100).toFixed(1)
  const text = `${table} has ${countText(rows)} rows, ${share} % fewer than usual: ${last}. Told when more than half are gone, and more than ${oddRules.spreads} times what the table usually varies by, of tables that usually have ${countText(oddRules.rowsOfShrunk)} rows or more.`
  return [{ key: `shrunk ${name}`, text }]
}

function oddSize({ bytes }: Measured, history: readonly Measured[]): Oddity[] {
  if (history.length < oddRules.history) return []
  const sizes = history.map((one) => one.bytes)
  const usual = median(sizes)
  const far =
    Math.abs(bytes - usual) > oddRules.spreads * spread(sizes) && Math.abs(bytes - usual) > oddRules.bytes
  const told = `the median of the last ${history.length} is ${bytesText(usual)}`
  const rule = `by more than ${oddRules.spreads} times what it usually varies by, and ${bytesText(oddRules.bytes)}`
  if (far && bytes < usual * oddRules.sizeShare) {
    const text = `The backup holds ${bytesText(bytes)}: ${told}. Told when it is less than half of that, ${rule}.`
    return [{ key: 'small', text }]
  }
  if (far && bytes > usual * oddRules.sizeTimes) {
    const text = `The backup holds ${bytesText(bytes)}: ${told}. Told when it is more than ${oddRules.sizeTimes} times that, ${rule}.`
    return [{ key: 'large', text }]
  }
  return []
}

function oddTime({ ms }: Measured, history: readonly Measured[]): Oddity[] {
  if (history.length < oddRules.history) return []
  const times = history.map((one) => one.ms)
  const usual = median(times)
  const longer = ms - usual
  const far = longer > oddRules.spreads * spread(times) && longer > oddRules.ms
  if (!far || ms <= usual * oddRules.timeTimes) return []
  const text = `The backup took ${spanText(ms)}: the median of the last ${history.length} is ${spanText(usual)}. Told when it is more than ${oddRules.timeTimes} times that, by more than ${oddRules.spreads} times what it usually varies by, and ${spanText(oddRules.ms)}.`
  return [{ key: 'slow', text }]
}
