import type { Preview, RenewedKeys, TablePreview } from '../restore/in-place/types.ts'
import { formatCount, formatCountOf, formatDuration } from './format.ts'
import type { Output } from './output.ts'
import { tellTable } from './preview-details.ts'
import { headline, sentence } from './preview-sentence.ts'
import { differs, isChanged, kinds, nameOf, nameOfTable, valueText } from './preview-values.ts'
import { aroundText, factsOf } from './preview-words.ts'
import type { Column } from './table.ts'
import { displayWidth, printable } from './width.ts'
import { linesOf, tellLabelled } from './wrap.ts'

/** Tables whose rows are shown: more would scroll away what matters. */
const mostTables = 10
/** Below this a table's name says nothing. */
const leastName = 16

/** Prints what a restore in place would do: in one sentence, then what stands in its way, then table by table. */
export function tellPreview(out: Output, preview: Preview): void {
  for (const line of linesOf(headline(preview), out.width)) out.line([{ text: line, style: 'strong' }])
  for (const text of preview.problems)
    tellLabelled(out, { label: 'PROBLEM', text: printable(text), style: 'bad' })
  for (const { text } of preview.questions)
    tellLabelled(out, { label: 'QUESTION', text: printable(text), style: 'strong' })
  for (const text of preview.warnings)
    tellLabelled(out, { label: 'note', text: printable(text), style: 'strong' })
  out.line()
  for (const [label, text] of factsOf(preview)) tellLabelled(out, { label, text })
  tellCounts(out, preview.tables.filter(differs))
  const around = aroundText(preview)
  if (around.length > 0) out.line()
  for (const [label, text] of around) tellLabelled(out, { label, text })
  const detailed = preview.tables.filter((t) => isChanged(t) || t.conflicts > 0)
  for (const table of detailed.slice(0, mostTables)) tellTable(out, table)
  const more = detailed.length - mostTables
  if (more > 0) {
    out.line()
    tellLabelled(out, {
      label: '',
      text: `${formatCountOf(more, 'more table changes', 'more tables change')}: --html FILE writes rows of all of them.`,
    })
  }
}

/** Rows by table and by what becomes of them; columns without a number are left out. */
function tellCounts(out: Output, tables: readonly TablePreview[]): void {
  if (tables.length === 0) return
  out.line()
  const used = kinds.filter(({ count }) => tables.some((t) => count(t) > 0))
  const text = (n: number): string => (n === 0 ? '-' : formatCount(n))
  const rows = tables.map((t) => [`${t.schema}.${t.name}`, ...used.map(({ count }) => text(count(t)))])
  const sums = used.map(({ count }) => text(tables.reduce((sum, t) => sum + count(t), 0)))
  const all = tables.length > 1 ? [...rows, ['in all', ...sums]] : rows
  const columns: Column[] = [
    { title: 'TABLE', min: leastName },
    ...used.map(({ title }) => ({ title: title.toUpperCase(), align: 'right' as const })),
  ]
  const numbers = columns
    .slice(1)
    .map(({ title }, at) => Math.max(title.length, ...all.map((row) => displayWidth(row[at + 1] ?? ''))))
  if (out.width === null || numbers.reduce((sum, n) => sum + n + 2, leastName) <= out.width) {
    out.table(columns, all)
    return
  }
  // Figures are never cut: where there is no room for them side by side, they are told one after the other.
  for (const [name = '', ...cells] of all) {
    for (const line of linesOf(printable(name), out.width)) out.line(line)
    const figures = used.map(({ title }, at) => `${title} ${cells[at]}`)
    tellLabelled(out, { label: '', text: figures.join(', ') })
  }
}

export interface Applied {
  /** What was done, in the words of a preview. */
  readonly preview: Preview
  /** Id of the restore, which names its safety backup and its report. */
  readonly restore: string
  readonly seconds: number
  /** Under which keys rows have come, if under new ones. */
  readonly renewed: readonly RenewedKeys[]
}

/** Prints what a restore in place has done, and how to take it back. */
export function tellApplied(out: Output, { preview, restore, seconds, renewed }: Applied): void {
  for (const line of linesOf(sentence(preview, 'applied'), out.width)) {
    out.line([{ text: line, style: 'strong' }])
  }
  const changed = preview.tables.filter(isChanged).length + preview.makes.length + preview.drops.length > 0
  if (!changed) return
  for (const keys of renewed.slice(0, mostTables)) tellLabelled(out, { label: 'new', text: keysText(keys) })
  tellLabelled(out, { label: 'restore', text: restore })
  tellLabelled(out, { label: 'took', text: formatDuration(seconds * 1000) })
  tellLabelled(out, {
    label: 'safety',
    text: `the rows as they were before are in the repository, under restores/${restore}/`,
  })
  tellLabelled(out, { label: 'undo', text: 'with the same --repo and --to:' })
  out.line(['            ', { text: `holdfast undo ${restore}`, style: 'command' }])
}

/** `shop.orders, id: 1042 → 5001, 1043 → 5002` */
function keysText(keys: RenewedKeys): string {
  const side = (values: readonly (string | null)[]): string => {
    const texts = values.map((v) => valueText(v))
    return texts.length === 1 ? (texts[0] ?? '') : `(${texts.join(', ')})`
  }
  const rows = keys.rows.map((row) => `${side(row.old)} → ${side(row.new)}`)
  return `${nameOfTable(keys)}, ${keys.columns.map(nameOf).join(', ')}: ${rows.join(', ')}`
}
