/** Numbers, times and lists as people read them. Everything here is for the terminal: `--json` gives the bare values. */

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']

/** Decimal units with three figures at most: `999 B`, `1.2 GB`, `124 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  // 999.5 would round up to 1000 of its unit.
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit > 0 && Math.abs(value) < 9.95 ? 1 : 0
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** `1,204,551` */
export function formatCount(count: number): string {
  return grouped.format(count)
}

/** `1 table`, `2,000 tables`. */
export function formatCountOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** From milliseconds: `0.4 s`, `12 s`, `3 min 12 s`, `3 h 12 min`, `2 d 3 h`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 9_950) return `${(Math.max(0, milliseconds) / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return two(Math.floor(seconds / 60), 'min', seconds % 60, 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 1_440) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.round(minutes / 60)
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

/** Bytes over milliseconds: `155 MB/s`. */
export function formatRate(bytes: number, milliseconds: number): string {
  return `${formatBytes(milliseconds > 0 ? (bytes * 1000) / milliseconds : 0)}/s`
}

/** `42 %`; never `100 %` before it is all, nor `0 %` when it is something. */
export function formatPercent(part: number, whole: number): string {
  if (whole <= 0 || part >= whole) return '100 %'
  if (part <= 0) return '0 %'
  return `${Math.min(99, Math.max(1, Math.round((part * 100) / whole)))} %`
}

/** In the machine's time zone: `14:32, 3 hours ago`, with the date unless it is today's. */
export function formatWhen(moment: Date, now: Date): string {
  const time = `${pad(moment.getHours())}:${pad(moment.getMinutes())}`
  const date = `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`
  const today = moment.toDateString() === now.toDateString()
  return `${today ? time : `${date} ${time}`}, ${formatAgo(now.getTime() - moment.getTime())}`
}

/** From milliseconds: `3 hours ago`, `in 2 days`, `just now`. */
export function formatAgo(milliseconds: number): string {
  const distance = Math.abs(milliseconds)
  if (distance < 60_000) return 'just now'
  const [amount, unit] = largestUnit(distance / 60_000)
  const text = `${amount} ${unit}${amount === 1 ? '' : 's'}`
  return milliseconds >= 0 ? `${text} ago` : `in ${text}`
}

function largestUnit(minutes: number): [number, string] {
  if (minutes < 60) return [Math.floor(minutes), 'minute']
  if (minutes < 1_440) return [Math.floor(minutes / 60), 'hour']
  const days = Math.floor(minutes / 1_440)
  if (days < 60) return [days, 'day']
  if (days < 730) return [Math.floor(days / 30.4), 'month']
  return [Math.floor(days / 365.25), 'year']
}

/** `a, b and c`; of more than `most` the first, and how many there are besides. */
export function formatList(texts: readonly string[], most = Infinity): string {
  const shown = texts.length <= most ? texts : texts.slice(0, most - 1)
  const all = texts.length <= most ? shown : [...shown, `${formatCount(texts.length - shown.length)} more`]
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
