import { displayWidth, padTo, printable, truncate } from './width.ts'

export interface Column {
  readonly title: string
  /** Numbers go right. */
  readonly align?: 'left' | 'right'
  /** Never narrower than this when room is short; a right aligned column is never narrowed. */
  readonly min?: number
  /** Left out where there is no room for all, those of the highest number first. Default: never. */
  readonly spare?: number
}

export interface TableOptions {
  /** Columns of the terminal; null where there is none: then nothing is cut, so that other programs get it all. */
  readonly width: number | null
}

const gap = '  '
const defaultMin = 8
const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u

/** The lines of an aligned table, headings first. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string[] {
  const cells = [columns.map((column) => column.title), ...rows].map((row) =>
    columns.map((_, index) => printable(row[index] ?? '')),
  )
  const natural = columns.map((_, index) => Math.max(...cells.map((row) => displayWidth(row[index] ?? ''))))
  const spared = options.width === null ? null : mostSpare(columns, natural, options.width)
  if (spared !== null) {
    const left = <T>(list: readonly T[]): T[] => list.filter((_, index) => index !== spared)
    return tableLines(left(columns), rows.map(left), options)
  }
  const widths = options.width === null ? natural : fit(columns, natural, options.width)
  return cells.map((row) =>
    columns
      .map((column, index) => {
        const width = widths[index] ?? 0
        const text = padTo(truncate(row[index] ?? '', width), width, column.align ?? 'left')
        return options.width === null ? text : isolate(text)
      })
      .join(gap)
      .trimEnd(),
  )
}

/** The column to be left out next; null if there is none, or all have room. */
function mostSpare(columns: readonly Column[], natural: readonly number[], width: number): number | null {
  if (excessOf(floors(columns, natural), width) <= 0) return null
  const most = Math.max(...columns.map(({ spare = 0 }) => spare))
  return most === 0 ? null : columns.findIndex(({ spare }) => spare === most)
}

function floors(columns: readonly Column[], natural: readonly number[]): number[] {
  return columns.map((column, index) =>
    column.align === 'right'
      ? (natural[index] ?? 0)
      : Math.min(natural[index] ?? 0, column.min ?? defaultMin),
  )
}

/** By how many columns of the terminal a line is too long. */
function excessOf(widths: readonly number[], width: number): number {
  return widths.reduce((sum, value) => sum + value, gap.length * (widths.length - 1)) - width
}

/** Takes room from the widest text column first, until the line fits or nothing more can be taken. */
function fit(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const widths = [...natural]
  const floor = floors(columns, natural)
  let excess = excessOf(widths, width)
  while (excess > 0) {
    let widest = -1
    for (const [index, value] of widths.entries()) {
      if (value > (floor[index] ?? 0) && value > (widths[widest] ?? 0)) widest = index
    }
    if (widest === -1) break
    widths[widest] = (widths[widest] ?? 0) - 1
    excess--
  }
  return widths
}

/** Text that runs from right to left would pull its neighbours' digits along: keep it to its own cell. */
export function isolate(text: string): string {
  return rightToLeft.test(text) ? `\u2068${text}\u2069` : text
}
