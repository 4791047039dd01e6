import type { Sample, TablePreview } from '../restore/in-place/types.ts'
import { formatCountOf, formatList } from './format.ts'
import type { Output } from './output.ts'
import {
  cellText,
  differsUnseen,
  nameOfTable,
  rowText,
  samplesOf,
  shown,
  valueText,
} from './preview-values.ts'
import { changedColumnsText, driftText, leftAloneText, renewedText } from './preview-words.ts'
import { tableLines, type Column } from './table.ts'
import { displayWidth, printable, segments } from './width.ts'
import { linesOf, tellLabelled } from './wrap.ts'

const indent = '    '
/** Rows of each kind: enough to see whether it is what one meant. */
const mostRows = 3
/** Columns of a row that changes in very many. */
const mostChanges = 6
/** Columns of a row where there is no terminal to say how many fit. */
const mostColumns = 8
/** Room for a value before the next column is rather left out. */
const valueWidth = 24
/** Of what two long values have in common, this much is shown before they differ. */
const lead = 8

/** Prints what happens to one table, with a few of its rows. */
export function tellTable(out: Output, table: TablePreview): void {
  out.line()
  for (const line of linesOf(nameOfTable(table), out.width)) out.line([{ text: line, style: 'strong' }])
  tellRows(out, table, 'create')
  tellChanges(out, table)
  tellRows(out, table, 'delete')
  tellStaying(out, table)
  const renewed = renewedText(table)
  if (renewed !== '') tellLabelled(out, { label: 'new', text: renewed })
  for (const drift of table.drift) tellLabelled(out, { label: 'column', text: driftText(drift) })
  for (const note of table.notes) tellLabelled(out, { label: 'note', text: printable(note) })
}

/** Rows that come or go, by their key and as many of their other columns as fit. */
function tellRows(out: Output, table: TablePreview, action: 'create' | 'delete'): void {
  if (table[action] === 0) return
  const samples = samplesOf(table, action).slice(0, mostRows)
  const columns = columnsThatFit(samples, roomOf(out))
  const stored = samples[0]?.columns.length ?? 0
  const part = columns.length < stored ? ` (${columns.length} of ${stored} columns)` : ''
  tellLabelled(out, { label: action, text: amount(table[action], samples, part) })
  tellBeneath(
    out,
    columns.map((at) => ({ title: samples[0]?.columns[at]?.name ?? '' })),
    samples.map(({ columns: cells }) =>
      columns.map((at) => {
        const cell = cells[at]
        return cell === undefined ? '' : cellText(cell)
      }),
    ),
  )
}

/** Rows that change: each changed column with both of its values. */
function tellChanges(out: Output, table: TablePreview): void {
  if (table.update === 0) return
  const samples = samplesOf(table, 'update').slice(0, mostRows)
  const columns = changedColumnsText(table)
  tellLabelled(out, {
    label: 'update',
    text: amount(table.update, samples, columns === '' ? '' : `: ${columns}`),
  })
  const rows = samples.flatMap((sample) => {
    const changed = sample.columns.filter((c) => c.changed)
    const more = changed.length - mostChanges
    const cells = changed.slice(0, mostChanges).map((c) => [c.name, ...sides(c, out.width !== null)])
    const all = more > 0 ? [...cells, [`and ${formatCountOf(more, 'more column')}`]] : cells
    return all.map((row, at) => [at === 0 ? rowText(sample) : '', ...row])
  })
  tellBeneath(out, [{ title: 'ROW' }, { title: 'COLUMN' }, { title: 'NOW' }, { title: 'BECOMES' }], rows)
}

/** Rows that stay as they are, although they differ: because it was not asked for, or can't be. */
function tellStaying(out: Output, table: TablePreview): void {
  const alone = leftAloneText([table])
  if (alone !== '') {
    const newer = samplesOf(table, 'newer').slice(0, mostRows).map(rowText)
    const example = newer.length === 0 ? '' : `; newer is ${formatList(newer)}`
    tellLabelled(out, { label: 'stay', text: `${alone}${example}` })
  }
  if (table.conflicts === 0) return
  const samples = samplesOf(table, 'conflict').slice(0, mostRows)
  tellLabelled(out, { label: 'conflict', text: amount(table.conflicts, samples, ' left out') })
  for (const sample of samples) {
    tellLabelled(out, {
      label: '',
      text: `${rowText(sample)}: ${printable(sample.why ?? 'would break a key')}`,
    })
  }
}

function amount(count: number, samples: readonly Sample[], more: string): string {
  return `${formatCountOf(count, 'row')}${more}${samples.length > 0 && samples.length < count ? '; for example' : ''}`
}

/** Where the key's columns are, then others, as many as there is room for; those without any value in these rows are no use. */
function columnsThatFit(samples: readonly Sample[], room: number | null): number[] {
  const all = (samples[0]?.columns ?? []).map((column, at) => ({ at, column }))
  const useful = all.filter(({ at, column }) => {
    const cells = samples.flatMap((s) => s.columns[at] ?? [])
    return column.key || cells.some((c) => shown(c) !== null)
  })
  const order = [...useful.filter((c) => c.column.key), ...useful.filter((c) => !c.column.key)]
  if (room === null) return order.slice(0, mostColumns).map(({ at }) => at)
  const fitting: number[] = []
  let used = 0
  for (const { at, column } of order) {
    const texts = samples.flatMap((s) => s.columns[at] ?? []).map(cellText)
    used += Math.min(valueWidth, Math.max(...[printable(column.name), ...texts].map(displayWidth))) + 2
    if (used - 2 > room && fitting.length > 0) break
    fitting.push(at)
  }
  return fitting
}

/** Both values. Where there is a terminal to fit, from shortly before they differ, or they would be cut to the same. */
function sides(column: Sample['columns'][number], cut: boolean): [now: string, becomes: string] {
  const now = valueText(column.before)
  const becomes = valueText(column.after)
  if (differsUnseen(column)) return [now, '(differs further on)']
  if (!cut || column.before === null || column.after === null) return [now, becomes]
  const [a, b] = [segments(now), segments(becomes)]
  const at = a.findIndex((segment, n) => segment !== b[n])
  const same = at === -1 ? a.length : at
  if (same <= 2 * lead) return [now, becomes]
  const from = (list: readonly string[]): string => `…${list.slice(same - lead).join('')}`
  return [from(a), from(b)]
}

function roomOf(out: Output): number | null {
  return out.width === null ? null : out.width - indent.length
}

function tellBeneath(out: Output, columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  if (rows.length === 0) return
  const small = columns.map((column) => ({ ...column, min: 4 }))
  const [head = '', ...body] = tableLines(small, rows, { width: roomOf(out) })
  out.line([indent, { text: head, style: 'quiet' }])
  for (const line of body) out.line(`${indent}${line}`)
}
