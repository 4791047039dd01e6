import type { Preview, TablePreview } from '../restore/in-place/types.ts'
import { formatCount } from './format.ts'
import { escapeHtml } from './html.ts'
import { rowsHtml } from './preview-html-rows.ts'
import { previewPage, wordHtml } from './preview-page.ts'
import { headline } from './preview-sentence.ts'
import { differs, isChanged, kinds, nameOfTable } from './preview-values.ts'
import { aroundText, driftText, factsOf, leftAloneText, renewedText } from './preview-words.ts'
import { printable } from './width.ts'

/** With so few tables that change, nobody should have to open each. */
const fewTables = 5

/**
 * A preview as one page that needs nothing else: no script, no other file, so that it can be sent to whoever has to agree.
 * It holds rows of the database, and says so first.
 */
export function previewHtml(preview: Preview): string {
  const title = preview.undoes === null ? 'Preview of a restore' : 'Preview of the undoing of a restore'
  const tables = preview.tables.filter(differs)
  const open = tables.filter(isChanged).length <= fewTables
  return previewPage({
    title,
    database: preview.database,
    holds: 'rows of the database',
    meaning: ': whoever has it can read them.',
    headline: escapeHtml(headline(preview)),
    body: [
      obstaclesHtml(preview),
      labelledHtml(factsOf(preview)),
      countsHtml(tables),
      labelledHtml(aroundText(preview)),
      tables.map((table, at) => tableHtml(table, at, { open, newIds: preview.newIds })).join('\n'),
    ],
  })
}

/** What must be read before anything else. */
function obstaclesHtml({ problems, questions, warnings }: Preview): string {
  return [
    ...problems.map((problem) => wordHtml('problem', 'Problem:', problem)),
    ...questions.map((question) => wordHtml('question', 'Question:', question.text)),
    ...warnings.map((warning) => wordHtml('note', 'Note:', warning)),
  ].join('\n')
}

function labelledHtml(facts: readonly (readonly [label: string, text: string])[]): string {
  if (facts.length === 0) return ''
  const rows = facts.map(([label, what]) => `<dt>${label}</dt><dd>${escapeHtml(what)}</dd>`)
  return `<dl>${rows.join('\n')}</dl>`
}

/** Rows by table and by what becomes of them, with a bar for each; kinds that do not occur are left out. */
function countsHtml(tables: readonly TablePreview[]): string {
  if (tables.length === 0) return ''
  const used = kinds.filter(({ count }) => tables.some((t) => count(t) > 0))
  const cell = (n: number, sign: string): string =>
    `<td class="n">${n === 0 ? '' : `${sign === '' ? '' : `${sign} `}${formatCount(n)}`}</td>`
  const rows = tables.map(
    (table, at) =>
      `<tr><th scope="row"><a href="#t${at}">${escapeHtml(nameOfTable(table))}</a></th>${used.map((k) => cell(k.count(table), k.sign)).join('')}<td class="shape">${barHtml(table)}</td></tr>`,
  )
  const sums = used.map((k) =>
    cell(
      tables.reduce((sum, table) => sum + k.count(table), 0),
      k.sign,
    ),
  )
  const heads = used.map(
    (k) => `<th scope="col" class="n"><span class="sign ${k.css}"></span>${k.title}</th>`,
  )
  return `<div class="wide"><table class="counts">
<thead><tr><th scope="col">table</th>${heads.join('')}<th class="shape"></th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
${tables.length > 1 ? `<tfoot><tr><th scope="row">in all</th>${sums.join('')}<td class="shape"></td></tr></tfoot>` : ''}
</table></div>`
}

/** The shares of a table's rows; the least of them can still be seen. The figures beside it say the same. */
function barHtml(table: TablePreview): string {
  const shares = kinds
    .filter(({ count }) => count(table) > 0)
    .map(({ css, count }) => `<i class="${css}" style="flex-grow:${count(table)}"></i>`)
  return `<div class="bar" aria-hidden="true">${shares.join('')}</div>`
}

function tableHtml(
  table: TablePreview,
  at: number,
  how: { readonly open: boolean; readonly newIds: boolean },
): string {
  const remarks = [
    leftAloneText([table]),
    renewedText(table),
    ...table.drift.map((drift) => `Column ${driftText(drift)}`),
    ...table.notes.map((note) => `Note: ${printable(note)}`),
  ].filter((remark) => remark !== '')
  const list = remarks.map((remark) => `<li dir="auto">${escapeHtml(remark)}</li>`)
  return `<section>
<h2 id="t${at}">${escapeHtml(nameOfTable(table))}<a class="back" href="#top">up</a></h2>
${barHtml(table)}
${rowsHtml(table, how)}
${list.length === 0 ? '' : `<ul>${list.join('\n')}</ul>`}
</section>`
}
