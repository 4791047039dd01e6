import type { Sample, TablePreview } from '../restore/in-place/types.ts'
import { formatCount, formatCountOf } from './format.ts'
import { escapeHtml, textHtml } from './html.ts'
import { differsUnseen, samplesOf, shown, valueText } from './preview-values.ts'
import { changedColumnsText } from './preview-words.ts'

type Cell = Sample['columns'][number]

const groups = [
  {
    action: 'create',
    sign: '+',
    words: ['row comes back', 'rows come back'],
    copy: ['row comes as a new one', 'rows come as new ones'],
    count: (t: TablePreview) => t.create,
  },
  {
    action: 'update',
    sign: '~',
    words: ['row gets back the values it had', 'rows get back the values they had'],
    count: (t: TablePreview) => t.update,
  },
  {
    action: 'delete',
    sign: '\u2212',
    words: ['row is deleted', 'rows are deleted'],
    count: (t: TablePreview) => t.delete,
  },
  {
    action: 'conflict',
    sign: '!',
    words: ['row is left out', 'rows are left out'],
    count: (t: TablePreview) => t.conflicts,
  },
  {
    action: 'newer',
    sign: '',
    words: ['row is newer here and stays', 'rows are newer here and stay'],
    count: (t: TablePreview) => t.leftAlone.newer,
  },
] as const

/** What happens to the rows of a table, kind by kind, each with its samples to unfold. */
export function rowsHtml(
  table: TablePreview,
  { open, newIds }: { readonly open: boolean; readonly newIds: boolean },
): string {
  return groups
    .filter(({ count }) => count(table) > 0)
    .map((group) => {
      const { action, sign, count } = group
      const [one, many] = newIds && action === 'create' ? group.copy : group.words
      const samples = samplesOf(table, action)
      const columns = action === 'update' ? changedColumnsText(table) : ''
      const what = `<b>${sign}</b>${formatCountOf(count(table), one, many)}${columns === '' ? '' : `: ${escapeHtml(columns)}`}`
      // How many are newer is said among the remarks.
      if (samples.length === 0) return action === 'newer' ? '' : `<p>${what}</p>`
      const part = samples.length < count(table) ? ` (${formatCount(samples.length)} shown)` : ''
      return `<details${open ? ' open' : ''}><summary>${what}${part}</summary>
${samplesHtml(samples, action)}</details>`
    })
    .join('\n')
}

/** A table of rows: the key first, then what changes, then the other columns that hold anything. */
function samplesHtml(samples: readonly Sample[], action: Sample['action']): string {
  const all = (samples[0]?.columns ?? []).map(({ name, key }, at) => ({
    name,
    key,
    at,
    changed: samples.some((s) => s.columns[at]?.changed),
    empty: samples.every((s) => s.columns[at] === undefined || shown(s.columns[at]) === null),
  }))
  const columns = [
    ...all.filter((c) => c.key),
    ...all.filter((c) => !c.key && c.changed),
    ...all.filter((c) => !c.key && !c.changed && !c.empty),
  ]
  const why = action === 'conflict'
  const heads = columns.map(
    ({ name, key }) =>
      `<th scope="col" dir="auto">${textHtml(name)}${key ? ' <small>(key)</small>' : ''}</th>`,
  )
  const rows = samples.map(
    (sample) =>
      `<tr>${why ? `<td class="why" dir="auto">${textHtml(sample.why ?? '')}</td>` : ''}${columns.map(({ at }) => cellHtml(sample.columns[at])).join('')}</tr>`,
  )
  return `<div class="wide"><table class="rows">
<thead><tr>${why ? '<th scope="col">why</th>' : ''}${heads.join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div>`
}

function cellHtml(cell: Cell | undefined): string {
  if (cell === undefined) return '<td></td>'
  const renewed = cell.renewed ? ' <small>becomes new</small>' : ''
  if (!cell.changed) return `<td dir="auto">${valueHtml(shown(cell))}${renewed}</td>`
  const unseen = differsUnseen(cell) ? ' <small>(differs further on)</small>' : ''
  return `<td><del dir="auto">${valueHtml(cell.before)}</del><ins dir="auto">${valueHtml(cell.after)}${unseen}</ins></td>`
}

function valueHtml(value: string | null): string {
  const shownAs = escapeHtml(valueText(value, { lines: true }))
  return value === null ? `<span class="null">${shownAs}</span>` : shownAs
}
