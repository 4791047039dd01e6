import { tableLabel } from '../postgres/introspect/tables.ts'
import type { Sample, TablePreview } from '../restore/in-place/types.ts'
import { isolate } from './table.ts'
import { printable } from './width.ts'

/** What becomes of rows, in the order in which it is told. The sign says what a colour says. */
export const kinds = [
  { title: 'create', css: 'create', sign: '+', count: (t: TablePreview) => t.create },
  { title: 'update', css: 'update', sign: '~', count: (t: TablePreview) => t.update },
  { title: 'delete', css: 'delete', sign: '\u2212', count: (t: TablePreview) => t.delete },
  { title: 'conflicts', css: 'conflicts', sign: '!', count: (t: TablePreview) => t.conflicts },
  { title: 'left alone', css: 'alone', sign: '', count: countLeftAlone },
  { title: 'unchanged', css: 'unchanged', sign: '', count: (t: TablePreview) => t.unchanged },
] as const

export function isChanged(table: TablePreview): boolean {
  return table.create + table.update + table.delete > 0
}

/** True if there is anything to say about it: else all its rows are as they are in the backup. */
export function differs(table: TablePreview): boolean {
  return isChanged(table) || table.conflicts > 0 || countLeftAlone(table) > 0
}

export function countLeftAlone({ leftAlone }: TablePreview): number {
  return leftAlone.missing + leftAlone.changed + leftAlone.extra + leftAlone.newer
}

/**
 * A value as it is shown: NULL is no text, and what could be taken for it, or not be seen, is in quotes. `lines`: line breaks and
 * tabs are left to whoever shows it.
 */
export function valueText(
  value: string | null,
  options: { readonly lines: boolean } = { lines: false },
): string {
  if (value === null) return 'NULL'
  const text = options.lines
    ? value
        .split(/(?<=[\n\t])|(?=[\n\t])/)
        .map((s) => (s === '\n' || s === '\t' ? s : printable(s)))
        .join('')
    : printable(value)
  return value === '' || value.toUpperCase() === 'NULL' || /^[\s']|\s$/.test(value) ? `'${text}'` : text
}

/** The same of a row's column: beside a value that the row is not to keep it says so. */
export function cellText(column: Sample['columns'][number]): string {
  return `${valueText(shown(column))}${column.renewed ? ' → new' : ''}`
}

/** How a row is called: by its key, or by its first values where it has none. */
export function rowText(sample: Sample): string {
  const keys = sample.columns.filter((c) => c.key)
  const named = keys.length > 0 ? keys : sample.columns.filter((c) => shown(c) !== null).slice(0, 3)
  return named.map((c) => `${printable(c.name)} ${valueText(shown(c))}`).join(', ')
}

/** What a row is now, or what it will be where it is not there. */
export function shown(column: Sample['columns'][number]): string | null {
  return column.before ?? column.after
}

/** Samples are cut: two values can be shown alike, and differ in what is not shown. */
export function differsUnseen(column: Sample['columns'][number]): boolean {
  return column.changed && column.before === column.after
}

/** Samples that say anything about their rows. */
export function samplesOf(table: TablePreview, action: Sample['action']): Sample[] {
  return table.samples.filter((s) => s.action === action && s.columns.some((c) => shown(c) !== null))
}

/** `shop.orders`, for the middle of a sentence. */
export function nameOfTable(table: { readonly schema: string; readonly name: string }): string {
  return nameOf(tableLabel(table))
}

/** A name, safe to print, that does not turn the direction of what follows. */
export function nameOf(name: string): string {
  return isolate(printable(name))
}
