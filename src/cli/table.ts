import { displayWidth, padTo, printable, truncate } from './width.ts'

export interface Column {
  readonly title: string
  /** Numbers go right. */
  readonly align?: 'left' | 'right'
  /** Never narrower than this when room is short; a right aligned column is never narrowed. */
  readonly min?: number
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

/** Takes room from the widest text column first, until the line fits or nothing more can be taken. */
function fit(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const widths = [...natural]
  const floor = columns.map((column, index) =>
    column.align === 'right'
      ? (natural[index] ?? 0)
      : Math.min(natural[index] ?? 0, column.min ?? defaultMin),
  )
  let excess = widths.reduce((sum, value) => sum + value, gap.length * (columns.length - 1)) - width
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
