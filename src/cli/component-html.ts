import type { ComponentChange, ComponentPreview } from '../restore/component/types.ts'
import { differingLines, foundText, summaryText } from './component-text.ts'
import { escapeHtml, textHtml } from './html.ts'
import { previewPage, wordHtml } from './preview-page.ts'

/** One preview of components as a page that needs nothing else, as `previewHtml` makes one of rows. It holds definitions of the database, and says so first. */
export function componentHtml(preview: ComponentPreview): string {
  const title =
    preview.undoes === null
      ? 'Preview of a restore of parts of the schema'
      : 'Preview of the undoing of a restore'
  const done = preview.changes.filter((c) => c.action !== null)
  const left = preview.changes.filter((c) => c.action === null)
  return previewPage({
    title,
    database: preview.database,
    holds: 'definitions of the database',
    meaning: ', such as functions and policies: whoever has it can read them.',
    headline: escapeHtml(summaryText(preview, 'planned')),
    body: [
      preview.problems.map((problem) => wordHtml('problem', 'Problem:', problem)).join('\n'),
      preview.warnings.map((warning) => wordHtml('note', 'Note:', warning)).join('\n'),
      factsHtml(preview),
      done.map(changeHtml).join('\n'),
      left.length === 0
        ? ''
        : `<section>\n<h2>Left alone</h2>\n<ul>\n${left.map(leftHtml).join('\n')}\n</ul>\n</section>`,
    ],
  })
}

function factsHtml({ backup, moment, undoes, target }: ComponentPreview): string {
  const taken = moment === null ? '' : `, taken ${moment}`
  const facts: [label: string, text: string | null][] = [
    ['undoes', undoes === null ? null : `restore ${undoes}`],
    ['backup', backup === null ? null : `${backup}${taken}`],
    ['database', target],
  ]
  const rows = facts.flatMap(([label, text]) =>
    text === null ? [] : [`<dt>${label}</dt><dd>${textHtml(text)}</dd>`],
  )
  return `<dl>${rows.join('\n')}</dl>`
}

/** What goes is struck out, what comes underlined: the lines that the terminal shows with a sign. */
function changeHtml({ action, object, note, before, after }: ComponentChange): string {
  const lines = differingLines(before, after).map((line) => {
    const text = textHtml(line.slice(2))
    if (line.startsWith('-')) return `<del>${text}</del>`
    return line.startsWith('+') ? `<ins>${text}</ins>` : `<div>${text}</div>`
  })
  return `<section>
<h2 dir="auto">${action ?? ''} ${textHtml(object)}</h2>
${note === null ? '' : `<p dir="auto">${textHtml(note)}</p>`}
<div class="sql">${lines.join('\n')}</div>
</section>`
}

function leftHtml({ object, found, note }: ComponentChange): string {
  return `<li dir="auto">${textHtml(object)} (${foundText[found]}${note === null ? '' : `: ${textHtml(note)}`})</li>`
}
