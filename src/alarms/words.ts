/** Numbers and times as messages say them. */

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

export function countText(count: number): string {
  return grouped.format(count)
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']

export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  // 999.5 would round up to 1000 of its unit.
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value.toFixed(unit > 0 && Math.abs(value) < 9.95 ? 1 : 0)} ${units[unit] ?? ''}`
}

/** From milliseconds, in the unit in which it is at least two: `90 seconds`, `45 minutes`, `26 hours`, `9 days`. */
export function spanText(ms: number): string {
  const steps = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
  ] as const
  const [length, name] = steps.find(([length]) => ms >= 2 * length) ?? ([1000, 'second'] as const)
  const count = Math.floor(ms / length)
  return `${countText(count)} ${name}${count === 1 ? '' : 's'}`
}

/** `2026-11-28 14:05 UTC`: who reads it may be anywhere. */
export function timeText(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/**
 * Names and messages come from databases and servers: what could drive a terminal or turn the direction of what follows is replaced,
 * and none is longer than a message bears.
 */
export function plainText(text: string, most = 500): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim()
  return plain.length <= most
    ? plain
    : `${Array.from(plain)
        .slice(0, most - 1)
        .join('')}…`
}
